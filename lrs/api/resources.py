"""Lists of personas, records, achievements and claims, each paged by an opaque cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec
from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from marshmallow import Schema, ValidationError

from lrs.api.cursors import read_cursor, write_cursor
from lrs.problems import Problem
from lrs.service import Service
from lrs.store.records import RecordKey
from schemas.records import LearnerRecord
from schemas.resources import (
    AchievementSchema,
    ClaimSchema,
    LearnerRecordSchema,
    OfPersonaQuery,
    PageQuery,
    PersonaSchema,
)
from schemas.times import moment_of

Item = TypeVar("Item")


def blueprint(service: Service) -> Blueprint:
    """Return the routes under `/api/v1`; all of them are for holders of `all/read`."""
    routes = Blueprint("api", __name__)
    store = service.store

    @routes.before_request
    def enter() -> None:
        if not service.signed_in().may("all/read"):
            raise Problem(403, "The source lacks the scope all/read.")

    @routes.get("/personas")
    def personas() -> ResponseReturnValue:
        query = _query(PageQuery())
        after = query["cursor"] and read_cursor(query["cursor"], str)
        found = store.records.personas(after, query["limit"])
        return _page(found, query, lambda one: one.id, PersonaSchema(), lambda one: one)

    @routes.get("/personas/<persona>")
    def persona(persona: str) -> ResponseReturnValue:
        found = store.records.persona(persona)
        if found is None:
            raise Problem(404, "There is no such persona.")
        return _json(PersonaSchema().dump(found))

    @routes.get("/records")
    def records() -> ResponseReturnValue:
        query = _query(OfPersonaQuery())
        after = query["cursor"] and RecordKey(*read_cursor(query["cursor"], tuple[str, str, str]))
        if query["persona"] is None:
            found = store.records.records(after, query["limit"])
        else:
            found = store.records.records_of(query["persona"], after, query["limit"])
        return _page(
            found,
            query,
            lambda item: (item[0], item[1].activity, item[1].registration or ""),
            LearnerRecordSchema(),
            _record,
        )

    @routes.get("/achievements")
    def achievements() -> ResponseReturnValue:
        query = _query(OfPersonaQuery())
        after = query["cursor"] and read_cursor(query["cursor"], tuple[int, str])
        found = store.achievements.page(after, query["limit"], query["persona"])
        return _page(
            found,
            query,
            lambda item: (item[0], item[1].id),
            AchievementSchema(),
            lambda item: {**msgspec.structs.asdict(item[1]), "changed": moment_of(item[0])},
        )

    @routes.get("/claims")
    def claims() -> ResponseReturnValue:
        query = _query(OfPersonaQuery())
        after = query["cursor"] and read_cursor(query["cursor"], tuple[int, str])
        found = store.exchange.claims(after, query["limit"], query["persona"])
        return _page(
            found,
            query,
            lambda claim: (claim.changed, claim.id),
            ClaimSchema(),
            lambda claim: {**msgspec.structs.asdict(claim), "changed": moment_of(claim.changed)},
        )

    return routes


def _record(item: tuple[str, LearnerRecord]) -> dict[str, Any]:
    return {"persona": item[0], **msgspec.structs.asdict(item[1])}


def _query(schema: Schema) -> dict[str, Any]:
    try:
        query: dict[str, Any] = schema.load(request.args)
    except ValidationError as error:
        raise Problem(
            400,
            "A parameter is wrong.",
            errors=[
                {"path": name, "rule": " ".join(rules)}
                for name, rules in sorted(error.messages_dict.items())
            ],
        ) from None
    return {"cursor": None, "persona": None, **query}


def _page(
    found: Sequence[Item],
    query: dict[str, Any],
    place: Callable[[Item], object],
    schema: Schema,
    shape: Callable[[Item], Any],
) -> ResponseReturnValue:
    """Answer with `items` and, where there may be more, the address of the `next` page."""
    body: dict[str, Any] = {"items": [schema.dump(shape(item)) for item in found]}
    if len(found) == query["limit"]:
        arguments = {**request.args, "cursor": write_cursor(place(found[-1]))}
        body["next"] = f"{request.path}?{urlencode(arguments)}"
    return _json(body)


def _json(body: object) -> ResponseReturnValue:
    return msgspec.json.encode(body), {"Content-Type": "application/json"}
