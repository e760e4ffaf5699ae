"""Receiving bodies: who sends one slowly keeps no one else from being answered."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable
from typing import IO, TYPE_CHECKING

from lrs.problems import Problem
from schemas.texts import Text

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

AT_ONCE = 16
"""Requests a process works on at a time; writers among them share one fsync."""

RECEIVING = 240
"""Threads beyond these that may wait for bodies. One that waits costs a stack and no work."""

PIECE = 64 * 1024


class Receiving:
    """A WSGI application of which `AT_ONCE` requests are worked on at a time.

    A request for whose body a thread waits is not worked on: another takes its place meanwhile.
    The web server (Granian) has no limit for the time that a body takes, and gives one whose
    client went away as if it were whole; here it has to have the length that was told.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application
        self._places = threading.Semaphore(AT_ONCE)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        length = environ.get("CONTENT_LENGTH") or ""
        expected = int(length) if length.isdecimal() else None
        with self._places:
            if expected != 0 and (expected or "HTTP_TRANSFER_ENCODING" in environ):
                body = _Body(environ["wsgi.input"], expected, self._places)
                environ["wsgi.input"] = io.BufferedReader(body, PIECE)
            return self._application(environ, start_response)


class _Body(io.RawIOBase):
    """A body; while it is waited for, the place of its request is another's."""

    def __init__(
        self, stream: IO[bytes], expected: int | None, places: threading.Semaphore
    ) -> None:
        self._stream = stream
        self._expected = expected
        self._received = 0
        self._places = places

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        wanted = min(len(buffer), PIECE)
        if self._expected is not None:
            wanted = min(wanted, self._expected - self._received)
        if wanted == 0:
            return 0
        self._places.release()
        try:
            piece = self._stream.read(wanted)
        finally:
            self._places.acquire()
        self._received += len(piece)
        if not piece and self._expected is not None:
            raise Problem(
                400,
                Text(
                    "The body ended after %(received)s of %(expected)s octets.",
                    received=self._received,
                    expected=self._expected,
                ),
            )
        buffer[: len(piece)] = piece
        return len(piece)
