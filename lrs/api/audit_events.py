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
        "audit-events",
        service,
        "Privileged acts: who, when, what, why.",
        "reader",
        "learner",
        "enterprise",
    )
    store, organisations = service.store.audit, service.store.organisations

    @routes.get("/audit-events")
    @routes.arguments(AuditEventQuery, location="query")
    @routes.response(200, page_of(AuditEventSchema))
    def events(query: dict[str, Any]) -> dict[str, Any]:
        """List events, the newest first.

        A learner sees those that touch their own data, an enterprise those that touch the data of
        an employee whom it may see; it names the employee.
        """
        persona = query["persona"]
        principal = service.principal("reader", "learner", "enterprise")
        if principal.holds("enterprise") and not principal.holds("reader"):
            if persona is None:
                raise Problem(400, "Name the employee with the parameter persona.")
            if organisations.level(principal.organisation or "", persona) is None:
                raise Problem(403, "You may see what touches the data of your employees.")
        elif not principal.holds("reader"):
            persona = persona or principal.persona or ""
            service.principal_about(persona, "reader")
        before = read_cursor(query["cursor"], int)
        found = store.page(before, query["limit"], persona=persona, principal=query["principal"])
        return page(found, query["limit"], lambda event: event.seq, _shape)

    return routes


def _shape(event: AuditEvent) -> dict[str, Any]:
    return {**msgspec.structs.asdict(event.act), "at": moment_of(event.at)}
