"""`/api/v1/reconciliations`."""

from __future__ import annotations

from typing import Any

import msgspec

from lrs.api.blueprint import ApiBlueprint, page
from lrs.api.cursors import read_cursor
from lrs.service import Service
from lrs.store.reconciliations import Summary
from schemas.resources.exchange import (
    DifferenceSchema,
    OfReceiverQuery,
    ReconciliationSchema,
)
from schemas.resources.paging import PageQuery, page_of
from schemas.times import moment_of


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of reconciliations."""
    routes = ApiBlueprint(
        "reconciliations",
        service,
        "What we think and what receivers hold, compared.",
        "reader",
        "officer",
        "auditor",
    )
    store = service.store.reconciliations

    @routes.get("/reconciliations")
    @routes.arguments(OfReceiverQuery, location="query")
    @routes.response(200, page_of(ReconciliationSchema))
    def reconciliations(query: dict[str, Any]) -> dict[str, Any]:
        """List reconciliations, the latest first."""
        before = read_cursor(query["cursor"], int)
        found = store.page(before, query["limit"], query["receiver"])
        return page(found, query["limit"], lambda one: one.id, _shape)

    @routes.get("/reconciliations/<int:reconciliation>/differences")
    @routes.arguments(PageQuery, location="query")
    @routes.response(200, page_of(DifferenceSchema))
    def differences(query: dict[str, Any], reconciliation: int) -> dict[str, Any]:
        """List the differences that a reconciliation found, and what was done about each."""
        after = read_cursor(query["cursor"], int) or 0
        found = list(enumerate(store.differences(reconciliation, after, query["limit"]), after + 1))
        return page(
            found, query["limit"], lambda one: one[0], lambda one: msgspec.structs.asdict(one[1])
        )

    return routes


def _shape(summary: Summary) -> dict[str, Any]:
    return {
        **msgspec.structs.asdict(summary),
        "started": moment_of(summary.started),
        "finished": moment_of(summary.finished),
    }
