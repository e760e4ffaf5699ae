"""Identity: who may be one person, side by side; one person proposes, another decides."""

from __future__ import annotations

import time
import uuid
from typing import Any

import msgspec
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lrs.api.cursors import read_cursor, write_cursor
from lrs.console.frame import Pages
from lrs.console.language import gettext as _
from lrs.console.language import typed_instant
from lrs.console.who import persona_called, principal_names
from lrs.problems import Problem
from lrs.records.as_of import records_as_of
from lrs.service import Service
from lrs.store.identity import Identity, NotPossible
from schemas.achievements import Achievement
from schemas.identity import LINK_STATES, IdentityLink, LinkState
from schemas.records import LearnerRecord

PAGE = 25
SHOWN = 8
"""Records and achievements of each side; the learner's own page has them all."""


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one of two personas, at an instant where one was asked for."""

    persona: str
    name: str | None
    identifiers: tuple[str, ...]
    merged_into: str | None
    employers: tuple[str, ...]
    records: tuple[LearnerRecord, ...]
    achievements: tuple[Achievement, ...]


def install(pages: Pages) -> None:
    """Add suggestions and links, two personas side by side, and what their forms send to."""
    service = pages.service
    identity = service.store.identity

    @pages.route("/identity", "registrar")
    def identity_list() -> ResponseReturnValue:
        after = read_cursor(request.args.get("cursor"), tuple[str, str, str, str])
        found = identity.suggestions(after, PAGE)
        following = None
        if len(found) == PAGE:
            last = found[-1]
            place = (last.organisation, last.name, last.persona, last.other)
            following = url_for("console.identity_list", cursor=write_cursor(place))
        waiting = identity.links(None, PAGE, "proposed")
        return render_template(
            "identity.html",
            suggestions=found,
            next=following,
            waiting=waiting,
            **_named(service, waiting),
        )

    @pages.route("/identity/links", "registrar")
    def identity_links() -> ResponseReturnValue:
        state = _state(request.args.get("state", ""))
        after = read_cursor(request.args.get("cursor"), tuple[int, str])
        found = identity.links(after, PAGE, state)
        following = None
        if len(found) == PAGE:
            place = write_cursor((found[-1].proposed_at, found[-1].id))
            following = url_for("console.identity_links", state=state, cursor=place)
        return render_template(
            "identity_links.html",
            links=found,
            state=state,
            next=following,
            **_named(service, found),
        )

    @pages.route("/identity/compare", "registrar")
    def identity_compare() -> ResponseReturnValue:
        given = [request.args.get(name, "").strip() for name in ("persona", "other")]
        found = [persona_called(service.store.records, one) for one in given]
        for text, one in zip(given, found, strict=True):
            if one is None:
                flash(_("Nobody is known as “%(given)s”.", given=text), "bad")
        first, second = found
        if first is None or second is None:
            return redirect(url_for("console.identity_list"), 303)
        if first.id == second.id:
            flash(_("They are one person already."), "bad")
            return redirect(url_for("console.identity_list"), 303)
        return _pair(service, first.id, second.id, None)

    @pages.route("/identity/links", "registrar", methods=("POST",))
    def identity_propose() -> ResponseReturnValue:
        link = _proposal(service.principal("registrar").id)
        try:
            identity.propose(link)
        except NotPossible:
            flash(_("It is not possible as things are now: look at both again."), "bad")
            return redirect(url_for("console.identity_list"), 303)
        flash(_("It is proposed; somebody else has to decide on it."), "good")
        return redirect(url_for("console.identity_one", link=link.id), 303)

    @pages.route("/identity/links/<link>", "registrar")
    def identity_one(link: str) -> ResponseReturnValue:
        found = _known(identity, link)
        return _pair(service, found.persona, found.other or "", found)

    @pages.route("/identity/links/<link>", "registrar", methods=("POST",))
    def identity_decide(link: str) -> ResponseReturnValue:
        found, principal = _known(identity, link), service.principal("registrar").id
        state: LinkState = "confirmed" if request.form.get("do") == "confirm" else "refused"
        if found.proposed_by == principal:
            raise Problem(403, _("Who proposed a link cannot decide on it: ask somebody else."))
        try:
            identity.decide(link, principal, state, _reason())
        except NotPossible:
            flash(_("It was decided meanwhile, or no longer fits: look at both again."), "bad")
        else:
            flash(_("The decision is written; records follow within seconds."), "good")
        return redirect(url_for("console.identity_one", link=link), 303)


def _known(identity: Identity, link: str) -> IdentityLink:
    found = identity.link(link)
    if found is None:
        raise Problem(404, _("There is no such link."))
    return found


def _pair(service: Service, persona: str, other: str, link: IdentityLink | None) -> str:
    as_of, instant = request.args.get("as_of", "").strip(), None
    if as_of:
        try:
            instant = min(typed_instant(as_of), time.time_ns() // 1000)
        except ValueError:
            raise Problem(400, _("Say the time as 2026-03-02 09:00.")) from None
    return render_template(
        "identity_pair.html",
        sides=[_side(service, one, instant) for one in (persona, other)],
        link=link,
        as_of=as_of,
        units={(unit.code, unit.version): unit for unit in service.store.units.all()},
        me=service.principal("registrar").id,
        **_named(service, [link] if link else []),
    )


def _side(service: Service, persona: str, instant: int | None) -> Side:
    store = service.store
    known = store.records.persona(persona)
    if instant is None:
        found = store.records.records_of(persona, None, SHOWN)
    else:
        found = records_as_of(
            store.records,
            store.identity,
            persona,
            instant=instant,
            through=store.statements.last_through(instant),
            after=None,
            limit=SHOWN,
        )
    return Side(
        persona=persona,
        name=known.name if known else None,
        identifiers=known.identifiers if known else (),
        merged_into=known.merged_into if known else None,
        employers=tuple(name for _id, name in store.identity.employers(persona)),
        records=tuple(record for _persona, record in found),
        achievements=tuple(one for _at, one in store.achievements.page(None, SHOWN, persona)),
    )


def _proposal(by: str) -> IdentityLink:
    form = request.form
    number, reason = str(uuid.uuid4()), _reason()
    if "undoes" in form:
        return IdentityLink(
            id=number, kind="undo", persona="", undoes=form["undoes"], reason=reason, proposed_by=by
        )
    into, (one, two) = form.get("into", ""), (form.get("one", ""), form.get("two", ""))
    return IdentityLink(
        id=number,
        kind="merge",
        persona={one: two, two: one}.get(into, ""),
        other=into,
        reason=reason,
        proposed_by=by,
    )


def _named(service: Service, links: list[IdentityLink]) -> dict[str, Any]:
    """The names of everybody whom links speak of."""
    personas = {one for link in links for one in (link.persona, link.other) if one}
    principals = [one for link in links for one in (link.proposed_by, link.decided_by)]
    return {
        "names": service.store.records.names(personas),
        "principals": principal_names(service.store.people, principals),
    }


def _reason() -> str:
    reason = request.form.get("reason", "").strip()[:2_000]
    if not reason:
        raise Problem(400, _("Say why: the reason is kept with the decision."))
    return reason


def _state(text: str) -> LinkState | None:
    return next((state for state in LINK_STATES if state == text), None)
