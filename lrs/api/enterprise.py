"""`/api/v1/enterprise`: what an enterprise sees of its consenting employees."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from flask import Response, request

from lrs.api.blueprint import ApiBlueprint, page
from lrs.api.cursors import read_cursor, write_cursor
from lrs.console.language import chosen_language
from lrs.enterprise.asking import ask
from lrs.enterprise.export import MEDIA_TYPES, clr_lines, csv_file, ndjson, xlsx_file
from lrs.enterprise.reading import Reading
from lrs.problems import Problem
from lrs.service import Service
from lrs.store.organisations import SharedQuery
from lrs.store.records import RecordKey
from schemas.credentials import NotExpressible
from schemas.resources.organisations import (
    ChangesQuery,
    EmployeeAchievementSchema,
    EmployeeChangesSchema,
    EnterpriseQuery,
    EnterpriseRecordsQuery,
    ExportQuery,
    SummaryLineSchema,
    SummaryQuery,
)
from schemas.resources.paging import page_of
from schemas.resources.records import LearnerRecordSchema
from schemas.times import moment_of

BINARY = {"type": "string", "format": "binary"}


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes for enterprises; administrators say as which they ask."""
    routes = ApiBlueprint("enterprise", service, "Employees' achievements.", "enterprise")
    store = service.store.organisations
    reading = Reading(store, service.store.records, service.store.units)

    def asked(query: dict[str, Any], action: str, persona: str | None = None) -> SharedQuery:
        return ask(
            service, action, organisation=query["organisation"], filters=query, persona=persona
        )

    @routes.after_request
    def conditional(response: Response) -> Response:
        response.headers["Cache-Control"] = "private, no-cache"
        if response.status_code == 200 and not response.is_streamed:
            response.add_etag()
            response.make_conditional(request)
        return response

    @routes.get("/enterprise/achievements")
    @routes.arguments(EnterpriseQuery, location="query")
    @routes.response(200, page_of(EmployeeAchievementSchema))
    def achievements(query: dict[str, Any]) -> dict[str, Any]:
        """List what may be seen now, what changed last at the end."""
        after = read_cursor(query["cursor"], int) or 0
        found = store.shared(asked(query, "read"), after, query["limit"])
        named = {one["id"]: one for one in reading.named(found)}
        return page(found, query["limit"], lambda one: one.seq, lambda one: named[one.id])

    @routes.get("/enterprise/achievements/changes")
    @routes.arguments(ChangesQuery, location="query")
    @routes.response(200, EmployeeChangesSchema)
    def changes(query: dict[str, Any]) -> dict[str, Any]:
        """Tell what changed since a cursor, oldest first; from the beginning without one.

        What may be seen no more (a consent was withdrawn, the employee left, the achievement
        fell) comes as `deleted`, with its id alone. Keep `cursor` and ask again with it: nothing
        is missed, and what did not change is not told twice.
        """
        after = read_cursor(query["cursor"], int) or 0
        found = store.changes(asked(query, "sync"), after, query["limit"])
        named = {one["id"]: one for one in reading.named([x for x in found if not x.gone])}
        return {
            "items": [
                {
                    "id": one.id,
                    "deleted": one.gone,
                    "changed": moment_of(one.changed),
                    "achievement": named.get(one.id),
                }
                for one in found
            ],
            "cursor": write_cursor(found[-1].seq if found else after),
            "more": len(found) == query["limit"],
        }

    @routes.get("/enterprise/export")
    @routes.arguments(ExportQuery, location="query")
    @routes.response(200, BINARY, content_type="application/octet-stream")
    def export(query: dict[str, Any]) -> Response:
        """Export all that may be seen: NDJSON, CSV, XLSX, or (`clr`) a signed Comprehensive
        Learner Record for each employee, one a line.
        """
        kind = query["format"]
        rows = reading.everything(asked(query, "export"))
        response = Response(_exported(service, kind, rows), mimetype=MEDIA_TYPES[kind])
        ending = "ndjson" if kind == "clr" else kind
        response.headers["Content-Disposition"] = f'attachment; filename="achievements.{ending}"'
        return response

    @routes.get("/enterprise/summary")
    @routes.arguments(SummaryQuery, location="query")
    @routes.response(200, page_of(SummaryLineSchema))
    def summary(query: dict[str, Any]) -> dict[str, Any]:
        """Sum up by unit, department, month and state; kept up to date, not counted here."""
        after = read_cursor(query["cursor"], tuple[str, str, str, str])
        return page(
            store.summary(asked(query, "summary"), after, query["limit"]),
            query["limit"],
            lambda one: (one.unit, one.department, one.month, one.state),
            msgspec.structs.asdict,
        )

    @routes.get("/enterprise/records")
    @routes.arguments(EnterpriseRecordsQuery, location="query")
    @routes.response(200, page_of(LearnerRecordSchema))
    def records(query: dict[str, Any]) -> dict[str, Any]:
        """List an employee's learner records, where the consent goes so far."""
        persona = query["persona"]
        which = asked(query, "records", persona)
        if store.level(which.organisation, persona) != "records":
            raise Problem(404, "There is no such employee whose records may be seen.")
        place = read_cursor(query["cursor"], tuple[str, str, str])
        found = service.store.records.records_of(
            persona, place and RecordKey(persona, *place[1:]), query["limit"]
        )
        return page(
            found,
            query["limit"],
            lambda item: (item[0], item[1].activity, item[1].registration or ""),
            lambda item: {"persona": item[0], **msgspec.structs.asdict(item[1])},
        )

    return routes


def _exported(service: Service, kind: str, rows: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    language = chosen_language().replace("_", "-")

    def record_of(persona: str) -> bytes | None:
        try:
            return service.issuing.learner_record(persona, language)
        except (NotExpressible, LookupError):
            return None

    if kind == "csv":
        return csv_file(rows, language)
    if kind == "xlsx":
        return xlsx_file(rows, language)
    return clr_lines(rows, record_of) if kind == "clr" else ndjson(rows)
