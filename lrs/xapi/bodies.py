"""Request bodies before the application sees them: bounded in size, and unwrapped where they are
compressed (RFC 9110 8.4) or in the alternate request syntax of xAPI 1.0.3 (part three 1.3).
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable
from typing import IO, TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from werkzeug.wrappers import Request

from lrs.problems import Problem
from schemas.texts import Text, text_of
from schemas.xapi import VersionError, negotiate

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FAULT = "lrs.fault"
"""Where in the WSGI environment a Problem waits to be raised within the application."""

UPLOADS = ("/api/v1/imports", "/api/v1/imports/preview")
"""Where files are handed in, which go to the disk as they come."""

UPLOAD_LIMIT = 1024**3
"""Octets of such a file."""

HEADER_FIELDS = {
    "authorization": "HTTP_AUTHORIZATION",
    "x-experience-api-version": "HTTP_X_EXPERIENCE_API_VERSION",
    "content-type": "CONTENT_TYPE",
    "content-length": "",  # of the content within the form, which is counted here
    "if-match": "HTTP_IF_MATCH",
    "if-none-match": "HTTP_IF_NONE_MATCH",
}
"""Form fields that are headers, and where WSGI has them."""

METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE")


class Unwrapped:
    """A WSGI application before which bodies are bounded, and those under /xapi/ unwrapped.

    Werkzeug's own limit ends a body without a Content-Length as if it were complete, so that
    half a document would be kept for the whole.
    """

    def __init__(self, application: WSGIApplication, body_limit: int) -> None:
        self._application = application
        self._body_limit = body_limit

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if not environ.get("HTTP_AUTHORIZATION", "").isascii():
            environ["HTTP_AUTHORIZATION"] = ""  # no credentials; Werkzeug would raise ValueError
        try:
            self._bound(environ)
            if environ.get("PATH_INFO", "").startswith("/xapi/"):
                self._decompress(environ)
                self._rewrite(environ)
        except Problem as problem:
            environ[FAULT] = problem
        return self._application(environ, start_response)

    def _bound(self, environ: WSGIEnvironment) -> None:
        limit = self._body_limit
        if environ.get("PATH_INFO") in UPLOADS:
            limit = max(limit, UPLOAD_LIMIT)
        length = environ.get("CONTENT_LENGTH", "")
        if length.isdecimal() and int(length) > limit:
            raise _too_large(limit)
        if not length and environ.get("wsgi.input_terminated"):
            environ["wsgi.input"] = _bounded(environ["wsgi.input"], limit)

    def _decompress(self, environ: WSGIEnvironment) -> None:
        encoding = environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
        if encoding in ("", "identity"):
            return
        if encoding not in ("gzip", "x-gzip"):
            raise Problem(
                415,
                Text(
                    "The Content-Encoding %(encoding)r is not known; send gzip or none.",
                    encoding=encoding[:40],
                ),
                headers={"Accept-Encoding": "gzip"},
            )
        compressed = Request(environ, populate_request=False).stream
        environ["wsgi.input"] = _bounded(_Gunzipped(compressed), self._body_limit)
        environ["wsgi.input_terminated"] = True
        environ.pop("CONTENT_LENGTH", None)
        environ.pop("HTTP_CONTENT_ENCODING", None)
        environ.pop("HTTP_TRANSFER_ENCODING", None)

    def _rewrite(self, environ: WSGIEnvironment) -> None:
        """Make the request that a form posted with `?method=` stands for."""
        query = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        if environ["REQUEST_METHOD"] != "POST" or "method" not in dict(query):
            return
        if len(query) > 1:
            raise Problem(
                400, "Beside method no parameter may stand in the URL; put the others in the form."
            )
        method = query[0][1].upper()
        if method not in METHODS:
            raise Problem(
                400, Text("The method must be one of %(known)s.", known=", ".join(METHODS))
            )
        outer = Request(environ, populate_request=False)
        headers, parameters, content = _form(outer.get_data())
        environ.update(headers)
        _check_version(environ)
        if method in ("PUT", "POST") and content is None:
            raise Problem(400, "The form must hold what is to be stored in the field content.")
        if "CONTENT_TYPE" not in headers:
            environ["CONTENT_TYPE"] = "application/json" if content is not None else ""
        body = (content or "").encode()
        environ["REQUEST_METHOD"] = method
        environ["QUERY_STRING"] = urlencode(parameters)
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.pop("wsgi.input_terminated", None)
        environ.pop("HTTP_TRANSFER_ENCODING", None)


def _form(body: bytes) -> tuple[dict[str, str], list[tuple[str, str]], str | None]:
    """The headers, the parameters and the content that a form holds."""
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, errors="strict")
    except ValueError:
        raise Problem(400, "The form must be application/x-www-form-urlencoded in UTF-8.") from None
    headers: dict[str, str] = {}
    parameters: list[tuple[str, str]] = []
    content = None
    for name, value in fields:
        if name == "content":
            content = value
        elif name.lower() in HEADER_FIELDS:
            if "\r" in value or "\n" in value:
                raise Problem(400, Text("The field %(name)s must be one line.", name=name))
            if HEADER_FIELDS[name.lower()]:
                headers[HEADER_FIELDS[name.lower()]] = value
        else:
            parameters.append((name, value))
    return headers, parameters, content


def _check_version(environ: WSGIEnvironment) -> None:
    try:
        version = negotiate(environ.get("HTTP_X_EXPERIENCE_API_VERSION"))
    except VersionError as error:
        raise Problem(400, text_of(error)) from None
    if version != "1.0.3":
        raise Problem(400, "xAPI 2.0.0 has no alternate request syntax (?method=).")


def _too_large(limit: int) -> Problem:
    return Problem(
        413,
        Text(
            "A body may have %(limit)s octets at the most; send it in smaller pieces.", limit=limit
        ),
    )


def _bounded(stream: IO[bytes] | io.RawIOBase, limit: int) -> IO[bytes]:
    return io.BufferedReader(_Bounded(stream, limit))


class _Bounded(io.RawIOBase):
    """A stream that has a limit of octets; Problem (413) where there are more."""

    def __init__(self, stream: IO[bytes] | io.RawIOBase, limit: int) -> None:
        self._stream = stream
        self._limit = self._left = limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        piece = self._stream.read(min(len(buffer), self._left + 1)) or b""
        if len(piece) > self._left:
            raise _too_large(self._limit)
        self._left -= len(piece)
        buffer[: len(piece)] = piece
        return len(piece)


class _Gunzipped(io.RawIOBase):
    """What a gzip stream expands to."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._decoder = zlib.decompressobj(wbits=31)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._decoder.eof:
            piece = self._rest or self._stream.read(64 * 1024)
            if not piece:
                raise Problem(400, "The gzip body ends too early.")
            try:
                expanded = self._decoder.decompress(piece, len(buffer))
            except zlib.error:
                raise Problem(400, "The body is not the gzip that it says it is.") from None
            self._rest = self._decoder.unconsumed_tail
            if expanded:
                buffer[: len(expanded)] = expanded
                return len(expanded)
        return 0
