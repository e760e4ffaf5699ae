"""multipart/mixed (RFC 2046 5.1) read and written as streams (1.0.3 part three 1.5.2; 2.0.0
4.1.3).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from typing import IO

from lrs.problems import Problem
from lrs.store.attachments import Attachments
from schemas.texts import Text

PIECE = 64 * 1024
HEADER_LIMIT = 16 * 1024
"""Octets of the headers of one part."""


class Part:
    """One part: its headers by name in lower case, its content in pieces, to be read once."""

    def __init__(self, headers: dict[str, str], pieces: Iterator[bytes]) -> None:
        self.headers = headers
        self.pieces = pieces

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def read_parts(stream: IO[bytes], boundary: str) -> Iterator[Part]:
    """Yield the parts of a body. What is left of one is passed over when the next is asked for.

    Raises Problem (400) where the body is not as RFC 2046 has it.
    """
    return _Reader(stream, boundary).parts()


class _Reader:
    def __init__(self, stream: IO[bytes], boundary: str) -> None:
        self._stream = stream
        self._mark = b"--" + boundary.encode("latin-1", "replace")
        # A delimiter at the very beginning has no line before it.
        self._buffer = b"\r\n"
        self._ended = False

    def parts(self) -> Iterator[Part]:
        for _ in self._until_delimiter():  # the preamble
            pass
        while not self._is_last():
            part = Part(self._headers(), self._until_delimiter())
            yield part
            for _ in part.pieces:
                pass

    def _fill(self) -> bool:
        piece = b"" if self._ended else self._stream.read(PIECE)
        self._ended = not piece
        self._buffer += piece
        return bool(piece)

    def _delimiter(self) -> tuple[int, int] | None:
        """Where in the buffer the next delimiter, with the line break before it, is.

        Between attachments @xapi/xapi leaves that line break out.
        """
        at = self._buffer.find(self._mark)
        while at >= 0:
            end = at + len(self._mark)
            if self._buffer[max(at - 2, 0) : at] == b"\r\n":
                return at - 2, end
            if self._buffer[end : end + 2] == b"\r\n":
                return at, end
            at = self._buffer.find(self._mark, at + 1)
        return None

    def _until_delimiter(self) -> Iterator[bytes]:
        keep = len(self._mark) + 1
        while (place := self._delimiter()) is None:
            if len(self._buffer) > keep:
                piece, self._buffer = self._buffer[:-keep], self._buffer[-keep:]
                yield piece
            if not self._fill():
                raise _wrong(
                    Text("it ends before the closing boundary that its Content-Type names")
                )
        begin, end = place
        piece, self._buffer = self._buffer[:begin], self._buffer[end:]
        if piece:
            yield piece

    def _is_last(self) -> bool:
        """Pass over the rest of the delimiter's line; tell whether it was the closing one."""
        line = self._line()
        if line.startswith(b"--"):
            return True
        if line.strip(b" \t"):
            raise _wrong(Text("something stands behind a boundary on its line"))
        return False

    def _line(self) -> bytes:
        while (at := self._buffer.find(b"\r\n")) < 0:
            if self._buffer.startswith(b"--") or len(self._buffer) > HEADER_LIMIT:
                return self._buffer
            if not self._fill():
                raise _wrong(Text("it ends within a part's headers"))
        line, self._buffer = self._buffer[:at], self._buffer[at + 2 :]
        return line

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        size = 0
        while line := self._line():
            size += len(line)
            name, colon, value = line.decode("latin-1").partition(":")
            if size > HEADER_LIMIT or not colon or not name.strip():
                raise _wrong(Text("a part has a header that cannot be read"))
            headers[name.strip().lower()] = value.strip()
        # In a part without content the empty line is the delimiter's own line break.
        while len(self._buffer) < len(self._mark) and self._fill():
            pass
        if self._buffer.startswith(self._mark):
            self._buffer = b"\r\n" + self._buffer
        return headers


def _wrong(what: str) -> Problem:
    return Problem(
        400, Text("The body is not multipart/mixed as RFC 2046 has it: %(what)s.", what=what)
    )


def write_parts(
    body: bytes, found: Sequence[tuple[str, str]], attachments: Attachments
) -> tuple[str, Iterator[bytes], int]:
    """Return the content type, the pieces and the length of an answer with attachments.

    `body` is the JSON, `found` the SHA-2 and the media type of each attachment to go with it.
    """
    boundary = secrets.token_hex(24)
    opening = b"--%b\r\nContent-Type: application/json\r\n\r\n" % boundary.encode()
    closing = b"\r\n--%b--\r\n" % boundary.encode()
    heads = [
        (
            f"\r\n--{boundary}\r\nContent-Type: {media_type}\r\n"
            "Content-Transfer-Encoding: binary\r\n"
            f"X-Experience-API-Hash: {sha2}\r\n\r\n"
        ).encode()
        for sha2, media_type in found
    ]
    length = len(opening) + len(body) + len(closing) + sum(map(len, heads))
    length += sum(attachments.path(sha2).stat().st_size for sha2, _ in found)

    def pieces() -> Iterator[bytes]:
        yield opening + body
        for head, (sha2, _) in zip(heads, found, strict=True):
            yield head
            with attachments.path(sha2).open("rb") as file:
                while piece := file.read(PIECE):
                    yield piece
        yield closing

    # Clients in use take all that follows the sign, quotes too, for the boundary.
    return f"multipart/mixed; boundary={boundary}", pieces(), length
