"""The id that one request has in our logs, its answer, traces and the proxy's logs."""

from __future__ import annotations

import re
import uuid
from contextvars import ContextVar

HEADER = "X-Request-ID"

_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{8,128}")

current: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that this thread answers, None outside of requests."""


def accepted(given: str | None) -> str:
    """Return the id that a proxy or client gave, or a new one where it is none that can stand in
    a log: 8 to 128 letters, digits, `.`, `_` and `-`.
    """
    return given if given and _ACCEPTED.fullmatch(given) else uuid.uuid4().hex
