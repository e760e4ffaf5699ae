"""Errors in one format everywhere: RFC 9457 problem details."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Flask, Response, json
from werkzeug.exceptions import HTTPException, InternalServerError

from lrs.store.errors import StoreError
from schemas.xapi import StatementError, VersionError


class Problem(Exception):
    """An answer other than success. `detail` tells the caller what to do; `errors` say where."""

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

    def response(self) -> Response:
        """Return the problem as a response."""
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = self.errors
        return Response(
            # What was sent may be quoted, and be no text that UTF-8 can hold.
            json.dumps(body, ensure_ascii=False).encode(errors="replace"),
            self.status,
            {**self.headers, "Content-Type": "application/problem+json"},
        )


def install(app: Flask) -> None:
    """Answer every error of the application as a problem."""

    @app.errorhandler(Problem)
    def problem(error: Problem) -> Response:
        return error.response()

    @app.errorhandler(StatementError)
    def statement_error(error: StatementError) -> Response:
        where = {"index": error.index, "path": error.path, "rule": error.rule}
        return Problem(400, f"Nothing was stored: {error}", errors=[where]).response()

    @app.errorhandler(VersionError)
    def version_error(error: VersionError) -> Response:
        return Problem(400, str(error)).response()

    @app.errorhandler(StoreError)
    def store_error(error: StoreError) -> Response:
        app.logger.error("the store failed: %s", error)
        return Problem(
            503, "The store cannot be used now; send the request again later."
        ).response()

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        headers = {
            name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")
        }
        return Problem(
            error.code or 500, error.description or error.name, headers=headers
        ).response()

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        app.logger.exception("unexpected error", exc_info=error)
        return Problem(500, InternalServerError.description).response()
