"""`/api/v1/engagements`."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec

from lrs.api.blueprint import ApiBlueprint, page
from lrs.api.cursors import read_cursor
from lrs.audits.drawing import draw as draw_sample
from lrs.audits.looking import engagement_of
from lrs.problems import Problem
from lrs.service import Service
from schemas.audit import Act
from schemas.engagements import Engagement
from schemas.resources.audits import (
    EngagementSchema,
    NewEngagementSchema,
    SampleQuery,
    SampleSchema,
)
from schemas.resources.exchange import ReasonSchema
from schemas.resources.paging import PageQuery, page_of
from schemas.times import instant_of, moment_of

_INSTANTS = ("since", "until", "created", "ends", "ended")


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of engagements."""
    routes = ApiBlueprint("engagements", service, "What auditors may look at, and why.", "auditor")
    store = service.store.engagements

    @routes.get("/engagements")
    @routes.arguments(PageQuery, location="query")
    @routes.response(200, page_of(EngagementSchema))
    def engagements(query: dict[str, Any]) -> dict[str, Any]:
        """List engagements, the newest first; an auditor sees their own."""
        principal = service.principal("auditor")
        after = read_cursor(query["cursor"], tuple[int, str])
        auditor = None if principal.holds() else principal.id
        found = store.page(after, query["limit"], auditor)
        return page(found, query["limit"], lambda one: (one.created, one.id), _shape)

    @routes.post("/engagements")
    @routes.arguments(NewEngagementSchema)
    @routes.response(201, EngagementSchema)
    def add(body: dict[str, Any]) -> dict[str, Any]:
        """Engage an auditor; for administrators."""
        principal = service.principal()
        engagement = Engagement(
            id=str(uuid.uuid4()),
            auditor=body["auditor"],
            purpose=body["purpose"],
            units=tuple(body["units"]),
            since=instant_of(body["since"]),
            until=instant_of(body["until"]),
            profile=body["profile"],
            created_by=principal.id,
            ends=instant_of(body["ends"]),
        )
        act = Act(
            principal=principal.id,
            action="engagement.add",
            subject=engagement.id,
            reason=engagement.purpose,
            detail={"auditor": engagement.auditor, "profile": engagement.profile},
        )
        return _shape(store.add(engagement, act))

    @routes.get("/engagements/<engagement>")
    @routes.response(200, EngagementSchema)
    def get(engagement: str) -> dict[str, Any]:
        """Get an engagement in force."""
        return _shape(engagement_of(service.store, service.principal("auditor"), engagement))

    @routes.post("/engagements/<engagement>/end")
    @routes.arguments(ReasonSchema)
    @routes.response(200, EngagementSchema)
    def end(body: dict[str, Any], engagement: str) -> dict[str, Any]:
        """End an engagement now; for administrators."""
        principal = service.principal()
        act = Act(
            principal=principal.id,
            action="engagement.end",
            subject=engagement,
            reason=body["reason"],
        )
        if not store.end(engagement, act):
            raise Problem(404, "There is no such engagement in force.")
        ended = store.get(engagement)
        assert ended is not None  # noqa: S101 - it was just ended
        return _shape(ended)

    @routes.get("/engagements/<engagement>/sample")
    @routes.arguments(SampleQuery, location="query")
    @routes.response(200, SampleSchema)
    def draw(query: dict[str, Any], engagement: str) -> dict[str, Any]:
        """Draw a seeded sample of the claims within the scope."""
        drawn = draw_sample(service, service.principal("auditor"), engagement, **query)
        return msgspec.structs.asdict(drawn)

    return routes


def _shape(engagement: Engagement) -> dict[str, Any]:
    shape = msgspec.structs.asdict(engagement)
    for name in _INSTANTS:
        shape[name] = None if shape[name] is None else moment_of(shape[name])
    return shape
