"""Posts of statements as nearly all of them are, answered before Flask is asked.

For one small request Flask's contexts, routing, session and hooks take several times as long as
to check and to store the statement. So a post that is as plain as can be (JSON with a length, a
key and secret that are right, no parameters, no attachments) is answered here. All others, and
all that is refused, are answered by the application: the rules, and the words in which they are
told, are in one place. What both ways do (decoding, storing, headers, metrics, the line in the
log) is the same code.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec
from werkzeug.datastructures import Authorization

from lrs.auth import headers
from lrs.observe import request_id, requests
from lrs.service import Service
from lrs.xapi import responses
from lrs.xapi.bodies import FAULT
from lrs.xapi.statements import store
from lrs.xapi.writing import attachments_of
from schemas.sources import Source
from schemas.times import format_instant
from schemas.xapi import VersionError, XapiVersion, decode_statements, negotiate

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ROUTE = "/xapi/statements"


class PlainPosts:
    """A WSGI application before another one, for posts of statements."""

    def __init__(
        self, application: WSGIApplication, service: Service, spoken: responses.Spoken
    ) -> None:
        self._application = application
        self._service = service
        self._spoken = spoken
        self._headers = [
            *headers.of_data(secure=service.secure).items(),
            *responses.OF_EVERY_ANSWER.items(),
            ("Vary", responses.VERSION),
            ("Content-Type", "application/json"),
        ]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        began = time.perf_counter()
        asking = self._asking(environ)
        if asking is None:
            return self._application(environ, start_response)
        source, version = asking
        identifier = request_id.accepted(environ.get("HTTP_X_REQUEST_ID"))
        request_id.current.set(identifier)
        body, through, stored = b"", "", None
        try:
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            through = format_instant(self._service.store.statements.consistent_through())
            stored = self._store(source, version, body)
        except Exception as fault:
            environ[FAULT] = fault
        if stored is None:
            environ["wsgi.input"] = io.BytesIO(body)
            environ.setdefault("HTTP_X_REQUEST_ID", identifier)
            return self._application(environ, start_response)
        self._spoken.remember(source.key, version)
        start_response(
            "200 OK",
            [
                *self._headers,
                (responses.VERSION, version),
                (responses.THROUGH, through),
                (request_id.HEADER, identifier),
                ("Content-Length", str(len(stored))),
            ],
        )
        requests.note("POST", ROUTE, 200, time.perf_counter() - began)
        request_id.current.set(None)
        return [stored]

    def _asking(self, environ: WSGIEnvironment) -> tuple[Source, XapiVersion] | None:
        """Return who posts, in which version; None where it is no post for us."""
        if (
            environ["REQUEST_METHOD"] != "POST"
            or environ.get("PATH_INFO") != ROUTE
            or environ.get("QUERY_STRING")
            or "HTTP_CONTENT_ENCODING" in environ
            or environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
            != "application/json"
        ):
            return None
        length = environ.get("CONTENT_LENGTH", "")
        if not length.isdecimal() or int(length) > self._service.settings.body_limit:
            return None
        given = Authorization.from_header(environ.get("HTTP_AUTHORIZATION"))
        if given is None or given.type != "basic":
            return None
        source = self._service.credentials.check(given.username or "", given.password or "")
        if source is None or not source.may("statements/write"):
            return None
        try:
            return source, negotiate(environ.get("HTTP_X_EXPERIENCE_API_VERSION"))
        except VersionError:
            return None

    def _store(self, source: Source, version: XapiVersion, body: bytes) -> bytes | None:
        """Store the statements and return their ids as JSON; None where they have attachments."""
        received = decode_statements(body, version)[0]
        if any(attachments_of(one) for one in received):
            return None
        return msgspec.json.encode(store(self._service, source, received, version))
