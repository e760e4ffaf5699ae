"""Requests that come wrapped: compressed (RFC 9110 8.4), or in the alternate request syntax of
1.0.3 (part three 1.3). They are unwrapped before the application sees them.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable
from typing import IO, TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request

from lrs.problems import Problem
from schemas.xapi import VersionError, negotiate

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FAULT = "lrs.fault"
"""Where in the WSGI environment a Problem waits to be raised within the application."""

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
    """A WSGI application before which requests under /xapi/ are unwrapped."""

    def __init__(self, application: WSGIApplication, body_limit: int) -> None:
        self._application = application
        self._body_limit = body_limit

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if environ.get("PATH_INFO", "").startswith("/xapi/"):
            try:
                self._decompress(environ)
                self._rewrite(environ)
            except Problem as problem:
                environ[FAULT] = problem
            except HTTPException as error:
                environ[FAULT] = Problem(error.code or 400, error.description or error.name)
        return self._application(environ, start_response)

    def _decompress(self, environ: WSGIEnvironment) -> None:
        encoding = environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
        if encoding in ("", "identity"):
            return
        if encoding not in ("gzip", "x-gzip"):
            raise Problem(
                415,
                f"The Content-Encoding {encoding[:40]!r} is not known; send gzip or none.",
                headers={"Accept-Encoding": "gzip"},
            )
        compressed = Request(environ, populate_request=False)
        compressed.max_content_length = self._body_limit
        environ["wsgi.input"] = io.BufferedReader(_Gunzipped(compressed.stream, self._body_limit))
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
            raise Problem(400, f"The method must be one of {', '.join(METHODS)}.")
        outer = Request(environ, populate_request=False)
        outer.max_content_length = self._body_limit
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
                raise Problem(400, f"The field {name} must be one line.")
            if HEADER_FIELDS[name.lower()]:
                headers[HEADER_FIELDS[name.lower()]] = value
        else:
            parameters.append((name, value))
    return headers, parameters, content


def _check_version(environ: WSGIEnvironment) -> None:
    try:
        version = negotiate(environ.get("HTTP_X_EXPERIENCE_API_VERSION"))
    except VersionError as error:
        raise Problem(400, str(error)) from None
    if version != "1.0.3":
        raise Problem(400, "xAPI 2.0.0 has no alternate request syntax (?method=).")


class _Gunzipped(io.RawIOBase):
    """What a gzip stream expands to, up to a limit of octets."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self._stream = stream
        self._left = limit
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
                expanded = self._decoder.decompress(piece, min(len(buffer), self._left + 1))
            except zlib.error:
                raise Problem(400, "The body is not the gzip that it says it is.") from None
            self._rest = self._decoder.unconsumed_tail
            if len(expanded) > self._left:
                raise Problem(413, "The body expands to more than this service takes.")
            if expanded:
                self._left -= len(expanded)
                buffer[: len(expanded)] = expanded
                return len(expanded)
        return 0
