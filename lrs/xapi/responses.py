"""What every answer of the xAPI resources carries, and browsers from elsewhere (CORS)."""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask, Response, g, request

from lrs.service import Service
from lrs.xapi.bodies import FAULT
from schemas.times import format_instant
from schemas.xapi import SPOKEN, VersionError, XapiVersion, negotiate

THROUGH = "X-Experience-API-Consistent-Through"
VERSION = "X-Experience-API-Version"

REQUEST_HEADERS = (
    "Accept, Accept-Language, Authorization, Content-Encoding, Content-Type, If-Match, "
    "If-Modified-Since, If-None-Match, Range, X-Experience-API-Version"
)
RESPONSE_HEADERS = (
    "Accept-Ranges, Allow, Content-Range, ETag, Last-Modified, WWW-Authenticate, "
    f"{THROUGH}, {VERSION}"
)
PREFLIGHT_LIFE = "7200"
"""Seconds; browsers remember no longer."""

OF_EVERY_ANSWER = {
    # By Last-Modified alone a browser would show an old answer for as long as it likes.
    "Cache-Control": "private, no-cache",
    # Any origin may ask, with a key of its own: credentials that a browser holds (cookies, a
    # remembered sign-in) are never allowed in, so there is no Allow-Credentials.
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": RESPONSE_HEADERS,
}
REMEMBERED = 1000
"""Keys of sources whose last version is remembered."""


def install(app: Flask, service: Service, spoken: Spoken) -> None:
    """Answer preflights and set the headers that the xAPI resources share."""

    @app.before_request
    def before() -> Response | None:
        if request.path == "/xapi/statements":
            # Asked before anything is read, so that it vouches for what is read.
            g.consistent_through = format_instant(service.store.statements.consistent_through())
        if FAULT in request.environ:
            raise request.environ[FAULT]
        if not request.path.startswith("/xapi/"):
            return None
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            return Response(status=204)
        return None

    @app.after_request
    def after(response: Response) -> Response:
        headers = response.headers
        if not request.path.startswith("/xapi/"):
            return response
        for name, value in OF_EVERY_ANSWER.items():
            headers.setdefault(name, value)
        headers[VERSION] = spoken.version_of(response)
        if "consistent_through" in g:
            headers[THROUGH] = g.consistent_through
        if request.method == "OPTIONS":
            headers["Access-Control-Allow-Methods"] = "GET, HEAD, PUT, POST, DELETE"
            headers["Access-Control-Allow-Headers"] = REQUEST_HEADERS
            headers["Access-Control-Max-Age"] = PREFLIGHT_LIFE
        headers.add("Vary", "X-Experience-API-Version")
        return response


class Spoken:
    """In which version requests are answered.

    One that names no version, or none we speak, is refused in the version that its source spoke
    last, so that a client of 1.0.3 can read the refusal; in the latest where that is not known.
    """

    def __init__(self) -> None:
        self._last: dict[str, XapiVersion] = {}

    def version_of(self, response: Response) -> XapiVersion:
        """Return the version in which the current request is answered."""
        key = (request.authorization and request.authorization.username) or ""
        try:
            version = negotiate(request.headers.get(VERSION))
        except VersionError:
            return self._last.get(key, SPOKEN[0])
        if response.status_code < HTTPStatus.BAD_REQUEST:
            self.remember(key, version)
        return version

    def remember(self, key: str, version: XapiVersion) -> None:
        """Keep in mind that a source was answered in a version."""
        if self._last.get(key) != version:
            if len(self._last) >= REMEMBERED:
                self._last.clear()
            self._last[key] = version
