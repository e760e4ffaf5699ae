"""Errors in one format everywhere: RFC 9457 problem details."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask_babel
from flask import Flask, Response, current_app, has_app_context, json
from werkzeug.exceptions import HTTPException

from lrs.store.errors import StoreError
from schemas.texts import Text, text_of
from schemas.xapi import StatementError, VersionError

TITLES = {
    400: Text("Bad Request"),
    401: Text("Unauthorized"),
    403: Text("Forbidden"),
    404: Text("Not Found"),
    405: Text("Method Not Allowed"),
    406: Text("Not Acceptable"),
    408: Text("Request Timeout"),
    409: Text("Conflict"),
    410: Text("Gone"),
    411: Text("Length Required"),
    412: Text("Precondition Failed"),
    413: Text("Content Too Large"),
    414: Text("URI Too Long"),
    415: Text("Unsupported Media Type"),
    416: Text("Range Not Satisfiable"),
    417: Text("Expectation Failed"),
    422: Text("Unprocessable Content"),
    424: Text("Failed Dependency"),
    428: Text("Precondition Required"),
    429: Text("Too Many Requests"),
    431: Text("Request Header Fields Too Large"),
    500: Text("Internal Server Error"),
    501: Text("Not Implemented"),
    502: Text("Bad Gateway"),
    503: Text("Service Unavailable"),
    504: Text("Gateway Timeout"),
}
"""The title of a problem by its status: the phrases of RFC 9110 and RFC 6585."""

DETAILS = {
    400: Text("The request cannot be read."),
    404: Text("There is nothing at this address."),
    405: Text("The method is none of this address; the header Allow names those that are."),
    408: Text("The request took too long; send it again."),
    413: Text("The body is too large; send it in smaller pieces."),
    415: Text("The body is of a type that is not taken here."),
    500: Text("The request could not be fulfilled, by a fault of ours; the log has its cause."),
}
"""What is said where only the status is known."""


class Problem(Exception):
    """An answer other than success. `detail` tells the caller what to do; `errors` say where.

    Both are written in English, texts with values as Text, and told in the request's language.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: list[dict[str, Any]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors
        self.headers = headers or {}

    def told(self) -> tuple[str, list[dict[str, Any]]]:
        """Return `detail` and `errors` in the request's language."""
        errors = [
            {name: told(value) if name == "rule" else value for name, value in one.items()}
            for one in self.errors or ()
        ]
        return told(self.detail), errors

    def response(self) -> Response:
        """Return the problem as a response, in the request's language (RFC 9457 3.1.3)."""
        detail, errors = self.told()
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": told(TITLES[self.status]),
            "status": self.status,
            "detail": detail,
        }
        if errors:
            body["errors"] = errors
        response = Response(
            # What was sent may be quoted, and be no text that UTF-8 can hold.
            json.dumps(body, ensure_ascii=False).encode(errors="replace"),
            self.status,
            {**self.headers, "Content-Type": "application/problem+json"},
        )
        response.content_language.add("zh-CN" if _chinese() else "en")
        response.vary.add("Accept-Language")
        return response


def told(text: str) -> str:
    """Return a text in the request's language, its values too where they are Texts."""
    if not _chinese():
        return str(text)
    if not isinstance(text, Text) or not text.values:
        return str(flask_babel.gettext(text))
    values = {
        name: told(value) if isinstance(value, Text) else value
        for name, value in text.values.items()
    }
    return str(flask_babel.gettext(text.template)) % values


def _chinese() -> bool:
    """Whether the request asks for Chinese; never where no translations are installed."""
    if not has_app_context() or "babel" not in current_app.extensions:
        return False
    locale = flask_babel.get_locale()
    return locale is not None and locale.language == "zh"


def install(app: Flask, page: Callable[[Problem], Response | None] | None = None) -> None:
    """Answer every error of the application as a problem, or with what `page` makes of it for a
    person who asks.
    """

    def answered(problem: Problem) -> Response:
        return (page(problem) if page else None) or problem.response()

    @app.errorhandler(Problem)
    def problem(error: Problem) -> Response:
        return answered(error)

    @app.errorhandler(StatementError)
    def statement_error(error: StatementError) -> Response:
        where = {"index": error.index, "path": error.path, "rule": error.rule}
        detail = Text("Nothing was stored: %(error)s", error=text_of(error))
        return answered(Problem(400, detail, errors=[where]))

    @app.errorhandler(VersionError)
    def version_error(error: VersionError) -> Response:
        return answered(Problem(400, text_of(error)))

    @app.errorhandler(StoreError)
    def store_error(error: StoreError) -> Response:
        app.logger.error("the store failed: %s", error)
        return answered(Problem(503, "The store cannot be used now; send the request again later."))

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        headers = {
            name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")
        }
        status = error.code or 500
        return answered(Problem(status, DETAILS.get(status, TITLES[status]), headers=headers))

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        app.logger.exception("unexpected error", exc_info=error)
        return answered(Problem(500, DETAILS[500]))
