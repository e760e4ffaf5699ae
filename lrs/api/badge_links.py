"""`/api/v1/personas/{persona}/badge-links`: where a learner has their credentials brought."""

from __future__ import annotations

from typing import Any

import msgspec

from adapters.outbound import Refused, Unavailable
from lrs.api.blueprint import ApiBlueprint
from lrs.problems import Problem
from lrs.service import Service
from schemas.audit import Act
from schemas.badge_links import BadgeLink
from schemas.resources.badge_links import (
    BadgeLinkListSchema,
    BadgeLinkSchema,
    NewBadgeLinkSchema,
)
from schemas.texts import Text, text_of
from schemas.times import moment_of


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of links: for learners about themselves."""
    routes = ApiBlueprint(
        "badge_links", service, "Hosts of Open Badges that a learner chose.", "learner"
    )
    store = service.store

    def learner(persona: str) -> str:
        principal = service.principal_about(persona)
        if store.records.persona(persona) is None:
            raise Problem(404, "There is no such persona.")
        return principal.id

    @routes.post("/personas/<persona>/badge-links")
    @routes.arguments(NewBadgeLinkSchema)
    @routes.response(201, BadgeLinkSchema)
    def ask(body: dict[str, Any], persona: str) -> dict[str, Any]:
        """Ask a host; the learner then agrees at `consent_url`."""
        principal = learner(persona)
        try:
            link, url = service.badge_hosts.ask(
                persona, body["host"].rstrip("/"), body["language"], principal
            )
        except Unavailable as error:
            raise Problem(
                503, Text("The host cannot be reached now: %(error)s.", error=text_of(error))
            ) from None
        except Refused as error:
            raise Problem(
                400, "The host cannot be used.", errors=[{"path": "host", "rule": text_of(error)}]
            ) from None
        return {**_shown(link), "consent_url": url}

    @routes.get("/personas/<persona>/badge-links")
    @routes.response(200, BadgeLinkListSchema)
    def links(persona: str) -> dict[str, Any]:
        """List a persona's links."""
        learner(persona)
        return {"items": [_shown(link) for link in store.badge_links.of_persona(persona)]}

    @routes.delete("/personas/<persona>/badge-links/<uuid:link>")
    @routes.response(204)
    def end(persona: str, link: Any) -> None:
        """End a link: nothing more is brought there. What is there stays the learner's."""
        principal = learner(persona)
        known = store.badge_links.link(str(link))
        if known is None or known.persona != persona:
            raise Problem(404, "There is no such link.")
        act = Act(principal=principal, action="badge-link.end", subject=known.id, persona=persona)
        store.badge_links.end(known.id, "ended by the learner", act)

    return routes


def _shown(link: BadgeLink) -> dict[str, Any]:
    return {**msgspec.structs.asdict(link), "asked_at": moment_of(link.asked_at)}
