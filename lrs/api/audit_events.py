"""`/api/v1/audit-events`."""

from __future__ import annotations

from typing import Any

import msgspec

from lrs.api.blueprint import ApiBlueprint, page
from lrs.api.cursors import read_cursor
from lrs.problems import Problem
from lrs.service import Service
from schemas.audit import AuditEvent
from schemas.resources.audits import AuditEventQuery, AuditEventSchema
from schemas.resources.paging import page_of
from schemas.times import moment_of


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of audit events."""
    routes = ApiBlueprint(
        "audit-events", service, "Privileged acts: who, when, what, why.", "reader", "learner"
    )
    store = service.store.audit

    @routes.get("/audit-events")
    @routes.arguments(AuditEventQuery, location="query")
    @routes.response(200, page_of(AuditEventSchema))
    def events(query: dict[str, Any]) -> dict[str, Any]:
        """List events, the newest first; a learner sees those that touch their own data."""
        persona = query["persona"]
        principal = service.principal("reader", "learner")
        if not principal.holds("reader"):
            if persona not in (None, principal.persona):
                raise Problem(403, "You may see what touches your own data.")
            persona = principal.persona
        before = read_cursor(query["cursor"], int)
        found = store.page(before, query["limit"], persona=persona, principal=query["principal"])
        return page(found, query["limit"], lambda event: event.seq, _shape)

    return routes


def _shape(event: AuditEvent) -> dict[str, Any]:
    return {**msgspec.structs.asdict(event.act), "at": moment_of(event.at)}
