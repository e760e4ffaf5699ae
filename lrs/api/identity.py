"""`/api/v1/identity`: which personas are one person."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec

from lrs.api.blueprint import ApiBlueprint, page
from lrs.api.cursors import read_cursor
from lrs.problems import Problem
from lrs.service import Service
from lrs.store.identity import NotPossible
from schemas.identity import IdentityLink, LinkState, Suggestion
from schemas.resources.identity import (
    IdentityDecisionSchema,
    IdentityLinkSchema,
    LinkQuery,
    ProposalSchema,
    SuggestionSchema,
)
from schemas.resources.paging import PageQuery, page_of
from schemas.texts import text_of
from schemas.times import instant_of, moment_of

INSTANTS = ("since", "proposed_at", "decided_at", "undone_at")


def shape(link: IdentityLink) -> dict[str, Any]:
    """Return a link with its instants as moments."""
    fields = msgspec.structs.asdict(link)
    moments = {name: moment_of(fields[name]) for name in INSTANTS if fields[name] is not None}
    return {**fields, **moments}


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of identities."""
    routes = ApiBlueprint("identity", service, "Which personas are one person.", "registrar")
    identity = service.store.identity

    @routes.get("/identity/suggestions")
    @routes.arguments(PageQuery, location="query")
    @routes.response(200, page_of(SuggestionSchema))
    def suggestions(query: dict[str, Any]) -> dict[str, Any]:
        """List personas that may be one person; nothing is ever merged for it alone."""

        def place(one: Suggestion) -> object:
            return one.organisation, one.name, one.persona, one.other

        after = read_cursor(query["cursor"], tuple[str, str, str, str])
        found = identity.suggestions(after, query["limit"])
        return page(found, query["limit"], place, lambda one: one)

    @routes.get("/identity/links")
    @routes.arguments(LinkQuery, location="query")
    @routes.response(200, page_of(IdentityLinkSchema))
    def links(query: dict[str, Any]) -> dict[str, Any]:
        """List merges, transfers and what undid them, those proposed last first."""
        after = read_cursor(query["cursor"], tuple[int, str])
        found = identity.links(after, query["limit"], query["state"])
        return page(found, query["limit"], lambda one: (one.proposed_at, one.id), shape)

    @routes.post("/identity/links")
    @routes.arguments(ProposalSchema)
    @routes.response(201, IdentityLinkSchema)
    def propose(proposal: dict[str, Any]) -> dict[str, Any]:
        """Propose a merge, a transfer or to undo one; somebody else has to confirm it."""
        principal = service.principal("registrar")
        since = proposal.pop("since", None)
        link = IdentityLink(
            id=str(uuid.uuid4()),
            persona=proposal.pop("persona", ""),
            since=None if since is None else instant_of(since),
            proposed_by=principal.id,
            **proposal,
        )
        try:
            return shape(identity.propose(link))
        except NotPossible as error:
            raise Problem(409, text_of(error)) from None

    @routes.get("/identity/links/<link>")
    @routes.response(200, IdentityLinkSchema)
    def link(link: str) -> dict[str, Any]:
        """Return one link."""
        found = identity.link(link)
        if found is None:
            raise Problem(404, "There is no such link.")
        return shape(found)

    @routes.post("/identity/links/<link>/confirm")
    @routes.arguments(IdentityDecisionSchema)
    @routes.response(200, IdentityLinkSchema)
    def confirm(decision: dict[str, Any], link: str) -> dict[str, Any]:
        """Confirm what somebody else proposed."""
        return decide(link, "confirmed", decision["reason"])

    @routes.post("/identity/links/<link>/refuse")
    @routes.arguments(IdentityDecisionSchema)
    @routes.response(200, IdentityLinkSchema)
    def refuse(decision: dict[str, Any], link: str) -> dict[str, Any]:
        """Refuse what somebody else proposed."""
        return decide(link, "refused", decision["reason"])

    def decide(link: str, state: LinkState, reason: str) -> dict[str, Any]:
        principal = service.principal("registrar")
        try:
            decided = identity.decide(link, principal.id, state, reason)
        except NotPossible as error:
            raise Problem(409, text_of(error)) from None
        if decided is None:
            raise Problem(404, "There is no such link.")
        return shape(decided)

    return routes
