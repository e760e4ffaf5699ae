"""The frame of the REST API: who may enter, wrong parameters, pages, and OpenAPI."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, TypeVar, cast
from urllib.parse import urlencode

import flask_smorest
from flask import Flask, Request, Response, g, request
from marshmallow import Schema, ValidationError, missing
from webargs.flaskparser import FlaskParser
from werkzeug.datastructures import CombinedMultiDict
from werkzeug.routing import IntegerConverter, Map

from lrs.api.cursors import write_cursor
from lrs.api.rules import rule_of
from lrs.auth.rate_limit import WINDOW
from lrs.problems import Problem, told
from lrs.service import Service
from schemas.principals import Role
from schemas.resources.problems import ProblemSchema
from schemas.texts import Text

Item = TypeVar("Item")
View = TypeVar("View", bound=Callable[..., Any])

PREFIX = "/api/v1"


class Parameters(FlaskParser):
    """Reads parameters and bodies; what is wrong with them is a problem that names each."""

    DEFAULT_VALIDATION_STATUS = 400
    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {}  # noqa: RUF012
    """Schemas decide: what they do not know is an error (marshmallow's RAISE)."""

    def load_json(self, req: Request, schema: Schema) -> Any:
        """Return the body. Raises Problem (400) for texts with half of a surrogate pair."""
        loaded = super().load_json(req, schema)
        if loaded is not missing and b"\\ud" in req.get_data(cache=True).lower():
            try:
                json.dumps(loaded, ensure_ascii=False).encode()
            except UnicodeEncodeError:
                raise Problem(
                    400, "A text in the body holds half of a surrogate pair, which is no character."
                ) from None
        return loaded

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


class Number(IntegerConverter):
    """A whole number in an address; above 64 bits there is nothing."""

    def __init__(self, map: Map, **rest: Any) -> None:
        super().__init__(map, **{"max": 2**63 - 1, **rest})


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
        self._service = service
        self.after_request(lambda response: _tell_rate(service, response))
        if signed_in:
            self.before_request(lambda: _enter(service, roles))

    def only(self, *roles: Role) -> Callable[[View], View]:
        """Narrow a route to holders of `roles`, before its parameters are looked at."""

        def narrowed(view: View) -> View:
            @functools.wraps(view)
            def guarded(*args: Any, **rest: Any) -> Any:
                self._service.principal(*roles)
                return view(*args, **rest)

            return cast(View, guarded)

        return narrowed


def _enter(service: Service, roles: Sequence[Role]) -> None:
    asking = service.asking()
    if asking is not None:
        g.rate_left, g.rate_reset = service.rate_limit.count(asking.id)
        if g.rate_left < 0:
            raise Problem(
                429,
                Text(
                    "More than %(most)s requests in %(window)s seconds; go on in "
                    "%(rate_reset)s seconds.",
                    most=service.rate_limit.most,
                    window=WINDOW,
                    rate_reset=g.rate_reset,
                ),
                headers={"Retry-After": str(g.rate_reset)},
            )
    service.principal(*roles)


def _tell_rate(service: Service, response: Response) -> Response:
    """Say what is left (draft-ietf-httpapi-ratelimit-headers)."""
    if "rate_left" in g:
        headers = response.headers
        headers["RateLimit-Policy"] = f'"credential";q={service.rate_limit.most};w={WINDOW}'
        headers["RateLimit"] = f'"credential";r={max(0, g.rate_left)};t={g.rate_reset}'
    return response


def _faults(messages: Any, path: str) -> list[tuple[str, str]]:
    if isinstance(messages, Mapping):
        return [
            fault
            for name, inner in messages.items()
            for fault in _faults(inner, path if name == "_schema" else f"{path}.{name}".lstrip("."))
        ]
    return [(path, " ".join(told(rule_of(message)) for message in messages))]


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


ANSWERS = {
    400: "The request is wrong; `errors` says where.",
    401: "Nobody is signed in, or the credential is not good.",
    403: "The credential is not for this.",
    404: "There is no such thing, or it may not be seen.",
    405: "The method is none of this address.",
    406: "No format is asked for that there is.",
    409: "What is there does not go with it.",
    413: "The body is too large.",
    415: "The body is of a type that is not taken.",
    422: "The body can be read, and not be used.",
    429: "Too many requests; `Retry-After` says when to go on.",
    503: "The store cannot be used now.",
}
"""What every operation may answer beside success."""

SECURITY = {
    "basic": {"type": "http", "scheme": "basic", "description": "Key and secret of a source."},
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token (RFC 9068) of /oauth/token or the identity provider.",
    },
}


def install(app: Flask, blueprints: Sequence[ApiBlueprint]) -> None:
    """Register the blueprints and serve their description at `/api/v1/openapi.json`."""
    app.config.update(
        API_TITLE="Learning record store",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=PREFIX,
        OPENAPI_JSON_PATH="openapi.json",
    )
    app.url_map.converters["int"] = Number
    api = flask_smorest.Api(app)
    api.DEFAULT_ERROR_RESPONSE_NAME = None
    api.spec.components.schema("Problem", schema=ProblemSchema)
    for name, scheme in SECURITY.items():
        api.spec.components.security_scheme(name, scheme)
    api.spec.options["security"] = [{name: []} for name in SECURITY]
    for status, description in ANSWERS.items():
        api.spec.components.response(
            f"Problem{status}",
            {
                "description": description,
                "content": {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                },
            },
        )
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
    _describe_answers(api)


def _describe_answers(api: flask_smorest.Api) -> None:
    """Give each operation the answers that it does not describe itself."""
    for path in api.spec._paths.values():
        for operation in path.values():
            if isinstance(operation, dict) and "responses" in operation:
                for status in ANSWERS:
                    operation["responses"].setdefault(
                        str(status), {"$ref": f"#/components/responses/Problem{status}"}
                    )
