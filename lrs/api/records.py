"""`/api/v1/records`."""

from __future__ import annotations

from typing import Any

import msgspec

from lrs.api.blueprint import ApiBlueprint, page
from lrs.api.cursors import read_cursor
from lrs.problems import Problem
from lrs.records.as_of import records_as_of
from lrs.service import Service
from lrs.store.records import RecordKey
from schemas.records import LearnerRecord
from schemas.resources.paging import page_of
from schemas.resources.records import (
    EvidenceQuery,
    EvidenceSchema,
    LearnerRecordSchema,
    RecordQuery,
)
from schemas.times import instant_of


def place(item: tuple[str, LearnerRecord]) -> tuple[str, str, str]:
    """Return the place of a record in a list."""
    persona, record = item
    return persona, record.activity, record.registration or ""


def shape(item: tuple[str, LearnerRecord]) -> dict[str, Any]:
    """Return a record with its persona."""
    return {"persona": item[0], **msgspec.structs.asdict(item[1])}


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of learner records."""
    routes = ApiBlueprint("records", service, "Learner records.", "reader", "registrar", "officer")
    store = service.store

    @routes.get("/records")
    @routes.arguments(RecordQuery, location="query")
    @routes.response(200, page_of(LearnerRecordSchema))
    def records(query: dict[str, Any]) -> dict[str, Any]:
        """List learner records, of all personas or of one, as they are or as of a time."""
        ended = read_cursor(query["cursor"], tuple[str, str, str])
        after, limit = ended and RecordKey(*ended), query["limit"]
        if query["as_of"] is not None:
            if query["persona"] is None:
                raise Problem(400, "Records as of a time are those of one persona: name it.")
            instant = instant_of(query["as_of"])
            found = records_as_of(
                store.records,
                store.identity,
                query["persona"],
                instant=instant,
                through=store.statements.last_through(instant),
                after=after,
                limit=limit,
            )
        elif query["persona"] is None:
            found = store.records.records(after, limit)
        else:
            found = store.records.records_of(query["persona"], after, limit)
        return page(found, limit, place, shape)

    @routes.get("/records/evidence")
    @routes.arguments(EvidenceQuery, location="query")
    @routes.response(200, page_of(EvidenceSchema))
    def evidence(query: dict[str, Any]) -> dict[str, Any]:
        """List the statements that a record was made from, in the order they were stored."""
        key = RecordKey(query["persona"], query["activity"], query["registration"])
        after = read_cursor(query["cursor"], int)
        return page(
            store.records.evidence(key, after, query["limit"]),
            query["limit"],
            lambda item: item[0],
            lambda item: {"statement": item[1]},
        )

    return routes
