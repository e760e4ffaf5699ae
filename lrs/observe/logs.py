"""Logs: one JSON object a line for programs to read, or short lines for a person at a terminal.

What a log says of a request is its route, never its path or query: those name people. Errors are
told by their type, where they were raised, and their text without values.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import msgspec

from lrs.observe import request_id
from lrs.observe.redaction import without_values

FORMATS = ("json", "text")


class JsonLines(logging.Formatter):
    """A record as one line of JSON; what stands in `record.fields` stands beside the message."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_values(record.getMessage()),
            "process": record.process,
        }
        if (identifier := request_id.current.get()) is not None:
            line["request_id"] = identifier
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = _told(*record.exc_info[1:])
        return msgspec.json.encode(line).decode()


class ShortLines(logging.Formatter):
    """A record for a person to read, with the same care."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and behind it where an error was raised."""
        text = f"{record.levelname.lower()}: {without_values(record.getMessage())}"
        if record.exc_info and record.exc_info[1] is not None:
            told = _told(*record.exc_info[1:])
            text += f"\n  {told['type']}: {told['text']}\n    " + "\n    ".join(told["at"])
        return text


def configure() -> None:
    """Log to standard error as LRS_LOG says (`json` or `text`): by default as text on a terminal,
    as JSON elsewhere. The single requests are logged in JSON only.

    Raises ValueError for another value.
    """
    chosen = os.environ.get("LRS_LOG") or ("text" if sys.stderr.isatty() else "json")
    if chosen not in FORMATS:
        raise ValueError(f"LRS_LOG must be {' or '.join(FORMATS)}, is {chosen!r}")
    # Neither format tells these, and finding them out takes a third of the time of a line.
    logging._srcfile = None
    logging.logThreads = False
    logging.logMultiprocessing = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if chosen == "json" else ShortLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("lrs").setLevel(logging.INFO if chosen == "json" else logging.WARNING)


def _told(error: BaseException | None, trace: TracebackType | None) -> dict[str, Any]:
    frames = traceback.extract_tb(trace)
    told: dict[str, Any] = {
        "type": type(error).__name__,
        "text": without_values(str(error)),
        "at": [f"{_shortened(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames],
    }
    if error is not None and error.__cause__ is not None:
        told["cause"] = _told(error.__cause__, error.__cause__.__traceback__)
    return told


def _shortened(path: str) -> str:
    """The path from the package on: where the service is installed is nobody's business."""
    return "/".join(path.split("/")[-3:])
