"""`/api/v1/officer-queue`, and what officers decide."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from lrs.achievements.catalogue import units_by_activity
from lrs.achievements.officers import DETAILS
from lrs.achievements.panel import officers_of
from lrs.api.blueprint import ApiBlueprint, page
from lrs.api.cursors import read_cursor
from lrs.problems import Problem
from lrs.service import Service
from schemas.resources.officers import (
    DecisionListSchema,
    DecisionSchema,
    DecisionsSchema,
    OutcomeSchema,
    OutcomesSchema,
    QueueQuery,
    WaitingSchema,
)
from schemas.resources.paging import page_of
from schemas.times import moment_of

STATUS = {"unknown": 404, "not_waiting": 409, "changed": 409}
"""The status of a decision that was not written; 403 where the officer must not decide."""


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of officers."""
    routes = ApiBlueprint("officers", service, "What waits for an officer.", "officer")
    store = service.store

    def wanted(query: dict[str, Any]) -> Collection[str] | None:
        """Return the codes of the units asked for, None for all."""
        if query["unit"] is None and query["course"] is None:
            return None
        codes = {query["unit"]} if query["unit"] is not None else None
        if query["course"] is not None:
            reading = units_by_activity(store.units.all()).get(query["course"], set())
            codes = reading if codes is None else codes & reading
        return codes

    @routes.get("/officer-queue")
    @routes.arguments(QueueQuery, location="query")
    @routes.response(200, page_of(WaitingSchema))
    def queue(query: dict[str, Any]) -> dict[str, Any]:
        """List the achievements that wait for an officer, the longest first."""
        after = read_cursor(query["cursor"], tuple[int, str])
        found = store.achievements.officer_queue(after, query["limit"], wanted(query))
        names = store.records.names({one.persona for _, one in found})
        titles = {(unit.code, unit.version): unit.title for unit in store.units.all()}
        return page(
            found,
            query["limit"],
            lambda item: (item[0], item[1].id),
            lambda item: {
                "achievement": msgspec.structs.asdict(item[1]),
                "learner": names.get(item[1].persona),
                "title": titles[item[1].unit, item[1].version],
                "waiting_since": moment_of(item[0]),
            },
        )

    @routes.post("/achievements/<achievement>/decision")
    @routes.arguments(DecisionSchema)
    @routes.response(200, OutcomeSchema)
    def decision(given: dict[str, Any], achievement: str) -> dict[str, Any]:
        """Approve or refuse an achievement, or ask the learner for more, with a reason."""
        principal = service.principal("officer")
        outcome = officers_of(store).decide(principal, achievement, **given)
        if outcome != "decided":
            raise Problem(STATUS.get(outcome, 403), DETAILS[outcome])
        return {"achievement": achievement, "outcome": outcome, "detail": DETAILS[outcome]}

    @routes.post("/achievement-decisions")
    @routes.arguments(DecisionsSchema)
    @routes.response(200, OutcomesSchema)
    def decisions(given: dict[str, Any]) -> dict[str, Any]:
        """Decide on several achievements at once, a class for example.

        Each is decided by itself: one that is not decided keeps no other from it.
        """
        principal = service.principal("officer")
        panel = officers_of(store)
        items = []
        for one in given["decisions"]:
            outcome = panel.decide(
                principal, one["achievement"], one["verdict"], one["reason"], one["evidence_hash"]
            )
            items.append(
                {
                    "achievement": one["achievement"],
                    "outcome": outcome,
                    "detail": DETAILS[outcome],
                }
            )
        return {"items": items}

    @routes.get("/achievements/<achievement>/decisions")
    @routes.response(200, DecisionListSchema)
    def decided(achievement: str) -> dict[str, Any]:
        """Return what officers decided on an achievement, the earliest first."""
        if store.achievements.achievement(achievement) is None:
            raise Problem(404, "There is no such achievement.")
        return {
            "items": [
                {**msgspec.structs.asdict(one), "at": moment_of(one.at)}
                for one in store.achievements.decisions(achievement)
            ]
        }

    return routes
