"""The files of imports that the service works off itself, each named by its import's id."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

from lrs.store.attachments import ABANDONED

_PIECE = 1024 * 1024

_LEFT = 3600
"""Seconds after which a file has its import, if it is ever to have one."""


class ReceivedFile(NamedTuple):
    """A file on the disk that no import has yet."""

    path: Path
    sha256: str


class ImportFiles:
    """The folder of files. Safe from many threads and processes."""

    def __init__(self, folder: Path) -> None:
        """Make the folder where it is missing and sweep what was never received whole."""
        self._folder = folder
        self._incoming = folder / "incoming"
        self._incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in self._incoming.iterdir():
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < time.time() - ABANDONED:
                    path.unlink()

    def receive(self, stream: IO[bytes], name: str) -> ReceivedFile:
        """Bring a stream to the disk in pieces; the caller keeps it or drops it.

        `name`, what people call it, tells its format by its suffix.
        """
        descriptor, name = tempfile.mkstemp(dir=self._incoming, suffix=_suffix(name))
        digest = hashlib.sha256()
        try:
            with os.fdopen(descriptor, "wb") as file:
                while piece := stream.read(_PIECE):
                    file.write(piece)
                    digest.update(piece)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return ReceivedFile(Path(name), digest.hexdigest())

    def keep(self, received: ReceivedFile, import_id: str, name: str) -> None:
        """Let the import have the file."""
        received.path.rename(self.path(import_id, name))

    def drop(self, received: ReceivedFile) -> None:
        """Remove a file that is not kept."""
        received.path.unlink(missing_ok=True)

    def path(self, import_id: str, name: str) -> Path:
        """Return where the import's file is."""
        return self._folder / f"{import_id}{_suffix(name)}"

    def remove(self, import_id: str, name: str) -> None:
        """Remove the file of an import that came to its end."""
        self.path(import_id, name).unlink(missing_ok=True)

    def remove_ended(self, ended: Callable[[str], bool]) -> int:
        """Remove what a process that died left behind: files of imports that have ended, told by
        their ids, and older than an hour. Return how many there were.
        """
        gone = 0
        for path in self._folder.iterdir():
            with suppress(FileNotFoundError):
                old = path.is_file() and path.stat().st_mtime < time.time() - _LEFT
                if old and ended(path.stem):
                    path.unlink()
                    gone += 1
        return gone


def _suffix(name: str) -> str:
    suffix = Path(name).suffix.casefold()
    return suffix if re.fullmatch(r"\.[a-z0-9]{1,8}", suffix) else ""
