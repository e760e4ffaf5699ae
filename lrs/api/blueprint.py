"""The frame of the REST API: who may enter, wrong parameters, pages, and OpenAPI."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlencode

import flask_smorest
from flask import Flask, Request, request
from marshmallow import Schema, ValidationError
from webargs.flaskparser import FlaskParser
from werkzeug.datastructures import CombinedMultiDict

from lrs.api.cursors import write_cursor
from lrs.problems import Problem
from lrs.service import Service
from schemas.principals import Role
from schemas.resources.problems import ProblemSchema

Item = TypeVar("Item")

PREFIX = "/api/v1"


class Parameters(FlaskParser):
    """Reads parameters and bodies; what is wrong with them is a problem that names each."""

    DEFAULT_VALIDATION_STATUS = 400
    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {}  # noqa: RUF012
    """Schemas decide: what they do not know is an error (marshmallow's RAISE)."""

    def load_files(self, req: Request, schema: Schema) -> Any:
        """Return fields and files of a multipart form together: OpenAPI has one body only."""
        return self._makeproxy(CombinedMultiDict([req.form, req.files]), schema)

    def handle_error(
        self,
        error: ValidationError,
        req: Request,
        schema: Schema,
        *,
        error_status_code: int | None,
        error_headers: Mapping[str, str] | None,
    ) -> NoReturn:
        """Raise Problem (400) with the path and the rule of everything that is wrong."""
        faults = [
            {"path": path, "rule": rule}
            for location in error.messages_dict.values()
            for path, rule in sorted(_faults(location, ""))
        ]
        raise Problem(400, "The request is wrong; `errors` says where.", errors=faults)


class ApiBlueprint(flask_smorest.Blueprint):  # type: ignore[misc]
    """Routes under `/api/v1`, described by OpenAPI from their schemas."""

    ARGUMENTS_PARSER = Parameters()

    def __init__(
        self,
        name: str,
        service: Service,
        description: str,
        *roles: Role,
        signed_in: bool = True,
    ) -> None:
        """All routes are for administrators and holders of any of `roles`; a route may ask for
        more by `service.principal`. Where nobody is `signed_in`, what is sent says itself who
        sends it.
        """
        super().__init__(name, f"lrs.api.{name}", description=description, url_prefix=PREFIX)
        if signed_in:
            self.before_request(lambda: _enter(service, roles))


def _enter(service: Service, roles: Sequence[Role]) -> None:
    service.principal(*roles)


def _faults(messages: Any, path: str) -> list[tuple[str, str]]:
    if isinstance(messages, Mapping):
        return [
            fault
            for name, inner in messages.items()
            for fault in _faults(inner, path if name == "_schema" else f"{path}.{name}".lstrip("."))
        ]
    return [(path, " ".join(map(str, messages)))]


def page(
    found: Sequence[Item],
    limit: int,
    place: Callable[[Item], object],
    shape: Callable[[Item], Any],
    *,
    address: str | None = None,
) -> dict[str, Any]:
    """Return a page: `items`, each by `shape`, and, where there may be more, the address of the
    `next` one, from the `place` of the last item on. `address` is that of the list, with its
    parameters, where another was asked for.
    """
    body: dict[str, Any] = {"items": [shape(item) for item in found]}
    if len(found) == limit:
        cursor = write_cursor(place(found[-1]))
        if address is None:
            body["next"] = f"{request.path}?{urlencode({**request.args, 'cursor': cursor})}"
        else:
            mark = "&" if "?" in address else "?"
            body["next"] = f"{address}{mark}{urlencode({'limit': limit, 'cursor': cursor})}"
    return body


def install(app: Flask, blueprints: Sequence[ApiBlueprint]) -> None:
    """Register the blueprints and serve their description at `/api/v1/openapi.json`."""
    app.config.update(
        API_TITLE="Learning record store",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=PREFIX,
        OPENAPI_JSON_PATH="openapi.json",
    )
    api = flask_smorest.Api(app)
    api.DEFAULT_ERROR_RESPONSE_NAME = None
    api.spec.components.schema("Problem", schema=ProblemSchema)
    api.spec.components.security_scheme("basic", {"type": "http", "scheme": "basic"})
    api.spec.options["security"] = [{"basic": []}]
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
