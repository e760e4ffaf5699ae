"""Auditing: auditors engaged and let go by administrators; samples that can be drawn again."""

from __future__ import annotations

import time
import uuid

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lrs.api.cursors import read_cursor, write_cursor
from lrs.audits.drawing import draw
from lrs.audits.looking import engagement_of
from lrs.console.forms import Form
from lrs.console.frame import Pages
from lrs.console.language import gettext as _
from lrs.console.who import principal_names
from lrs.console.words import PROFILES as PROFILE_NAMES
from lrs.problems import Problem
from lrs.service import Service
from schemas.audit import Act
from schemas.engagements import PROFILES, Engagement
from schemas.people import sign_in_name

PAGE = 50
MOST = 1000
"""Claims that a page shows of a sample; the API draws larger ones."""


def install(pages: Pages) -> None:
    """Add an auditor's engagements and the page of one."""
    service = pages.service
    store = service.store

    @pages.route("/auditing", "auditor")
    def auditing() -> ResponseReturnValue:
        return _list(service)

    @pages.route("/auditing", methods=("POST",))
    def auditing_engage() -> ResponseReturnValue:
        form = Form()
        engagement = _asked(service, form)
        if engagement is None:
            return _list(service, form), 400
        act = Act(
            principal=engagement.created_by,
            action="engagement.add",
            subject=engagement.id,
            reason=engagement.purpose,
            detail={"auditor": engagement.auditor, "profile": engagement.profile},
        )
        store.engagements.add(engagement, act)
        flash(_("The auditor is engaged, and finds it under “Auditing”."), "good")
        return redirect(url_for("console.auditing"), 303)

    @pages.route("/auditing/<engagement>/end", methods=("POST",))
    def auditing_end(engagement: str) -> ResponseReturnValue:
        form, principal = Form(), service.principal()
        reason = form.text("reason", 1000, needed=True)
        known = engagement_of(store, principal, engagement)
        if form.faults:
            flash(_("Say why it ends."), "bad")
            return redirect(url_for("console.auditing_one", engagement=known.id), 303)
        act = Act(
            principal=principal.id, action="engagement.end", subject=engagement, reason=reason
        )
        store.engagements.end(engagement, act)
        flash(_("The engagement is over."), "good")
        return redirect(url_for("console.auditing"), 303)

    @pages.route("/auditing/<engagement>", "auditor")
    def auditing_one(engagement: str) -> ResponseReturnValue:
        principal = service.principal("auditor")
        known = engagement_of(store, principal, engagement)
        drawn = None
        if request.args.get("seed"):
            drawn = draw(
                service,
                principal,
                known.id,
                size=min(max(_size(), 1), MOST),
                seed=request.args["seed"][:200],
                unit=request.args.get("unit") or None,
                as_of=None,
            )
        claims = [
            claim for one in (drawn.claims if drawn else ()) if (claim := store.exchange.claim(one))
        ]
        return render_template(
            "engagement.html",
            one=known,
            drawn=drawn,
            claims=claims,
            titles={unit.code: unit.title for unit in store.units.all()},
            given=request.args,
            administrator=principal.holds(),
            auditor=principal_names(store.people, [known.auditor])[known.auditor],
        )


def _size() -> int:
    text = request.args.get("size", "")
    if not text.isascii() or not text.isdecimal() or len(text) > 6:
        raise Problem(400, _("Say how many claims."))
    return int(text)


def _list(service: Service, form: Form | None = None) -> str:
    store, principal = service.store, service.principal("auditor")
    after = read_cursor(request.args.get("cursor"), tuple[int, str])
    found = store.engagements.page(after, PAGE, None if principal.holds() else principal.id)
    following = None
    if len(found) == PAGE:
        place = write_cursor((found[-1].created, found[-1].id))
        following = url_for("console.auditing", cursor=place)
    return render_template(
        "auditing.html",
        engagements=found,
        next=following,
        now=time.time_ns() // 1000,
        titles={unit.code: unit.title for unit in store.units.all()},
        names=principal_names(store.people, [one.auditor for one in found]),
        administrator=principal.holds(),
        profiles=PROFILE_NAMES.items(),
        faults=form.faults if form else {},
        given=request.form if form else None,
    )


def _asked(service: Service, form: Form) -> Engagement | None:
    """The engagement that the form asks for; None where something is among its faults."""
    auditor = _auditor(service, form)
    purpose = form.text("purpose", 2000, needed=True)
    units = form.lines("units")
    known = {unit.code for unit in service.store.units.all()}
    unknown = [code for code in units if code not in known]
    if unknown:
        form.faults["units"] = _("There is no unit %(code)s.", code=unknown[0])
    since, until, ends = (form.instant(name) for name in ("since", "until", "ends"))
    if since is not None and until is not None and until <= since:
        form.faults["until"] = _("It must be after the beginning.")
    if ends is not None and ends <= time.time_ns() // 1000:
        form.faults["ends"] = _("Say a time that is still to come.")
    profile = form.choice("profile", PROFILES)
    if form.faults or since is None or until is None or ends is None or profile is None:
        return None
    return Engagement(
        id=str(uuid.uuid4()),
        auditor=auditor,
        purpose=purpose,
        units=units,
        since=since,
        until=until,
        profile=profile,
        created_by=service.principal().id,
        ends=ends,
    )


def _auditor(service: Service, form: Form) -> str:
    """The principal that is meant: a person by the name they sign in with, or `client:ID`."""
    given = form.text("auditor", 200, needed=True)
    kind, _colon, name = given.partition(":")
    client = service.store.clients.client(name) if kind == "client" else None
    if client is not None and "audit" in client.scopes:
        return given
    account = service.store.people.account(sign_in_name(given))
    if account is not None and "auditor" in account.person.roles:
        return f"person:{account.person.id}"
    if account is not None:
        form.faults["auditor"] = _("%(given)s is no auditor; “People” gives the role.", given=given)
    elif given:
        form.faults["auditor"] = _("Nobody signs in as “%(name)s”.", name=given)
    return ""
