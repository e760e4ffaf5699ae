"""`/api/v1/quarantine`: rows that were not taken, to be corrected and released, or discarded."""

from __future__ import annotations

from typing import Any

from lrs.api.blueprint import ApiBlueprint, page
from lrs.api.cursors import read_cursor
from lrs.api.imports import ROLES, known, row_shape, whose
from lrs.console.language import text_language
from lrs.imports import quarantine
from lrs.imports.intake import SourceRefused
from lrs.problems import Problem
from lrs.service import Service
from lrs.store.imports import NotQuarantined, QuarantinedRow, QuarantinePlace
from schemas.resources.imports import (
    DiscardSchema,
    ImportRowSchema,
    QuarantinedRowSchema,
    QuarantineQuery,
    ReleaseSchema,
)
from schemas.resources.paging import page_of

PLACE = "/quarantine/<import_id>/<int:number>"


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of the quarantine."""
    routes = ApiBlueprint("quarantine", service, "Rows that wait for a person.", *ROLES)
    store = service.store.imports

    @routes.get("/quarantine")
    @routes.arguments(QuarantineQuery, location="query")
    @routes.response(200, page_of(QuarantinedRowSchema))
    def rows(query: dict[str, Any]) -> dict[str, Any]:
        """List rows in quarantine, of all imports or of one; a trainer sees their own."""
        place = read_cursor(query["cursor"], tuple[str, int])
        found = store.quarantine(
            place and QuarantinePlace(*place),
            query["limit"],
            state=query["state"],
            import_id=query["import_id"],
            by=whose(service.principal(*ROLES)),
        )
        return page(found, query["limit"], lambda one: (one.import_id, one.row.number), _shape)

    @routes.get(PLACE)
    @routes.response(200, QuarantinedRowSchema)
    def get(import_id: str, number: int) -> dict[str, Any]:
        """Return a row that is or was in quarantine."""
        known(service, import_id)
        found = store.quarantined(QuarantinePlace(import_id, number))
        if found is None:
            raise _none()
        return _shape(found)

    @routes.post(f"{PLACE}/release")
    @routes.arguments(ReleaseSchema)
    @routes.response(200, ImportRowSchema)
    def release(body: dict[str, Any], import_id: str, number: int) -> dict[str, Any]:
        """Take the row in, with the cells changed that are given."""
        known(service, import_id)
        by = service.principal(*ROLES).id
        try:
            row = quarantine.release(
                service, QuarantinePlace(import_id, number), body["cells"], by, body["reason"]
            )
        except NotQuarantined:
            raise _none() from None
        except SourceRefused as refusal:
            raise Problem(409, refusal.reason[text_language()]) from None
        except quarantine.StillWrong as wrong:
            errors = [
                {"path": fault.path, "rule": fault.rule[text_language()]} for fault in wrong.faults
            ]
            raise Problem(
                409, "The row still cannot be taken; `errors` says why.", errors=errors
            ) from None
        return row_shape(row)

    @routes.post(f"{PLACE}/discard")
    @routes.arguments(DiscardSchema)
    @routes.response(200, ImportRowSchema)
    def discard(body: dict[str, Any], import_id: str, number: int) -> dict[str, Any]:
        """Leave the row out for good; it stays listed as discarded."""
        known(service, import_id)
        by = service.principal(*ROLES).id
        try:
            row = quarantine.discard(
                service, QuarantinePlace(import_id, number), by, body["reason"]
            )
        except NotQuarantined:
            raise _none() from None
        return row_shape(row)

    return routes


def _shape(found: QuarantinedRow) -> dict[str, Any]:
    return {
        "import_id": found.import_id,
        "name": found.name,
        "by": found.by,
        **row_shape(found.row),
    }


def _none() -> Problem:
    return Problem(404, "There is no such row in quarantine.")
