"""Organisations: their registry, who works for them, and what those people let them see."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlencode

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lrs.api.cursors import read_cursor, write_cursor
from lrs.auth.organisations import today
from lrs.console.frame import Pages
from lrs.console.language import gettext as _
from lrs.console.who import principal_names
from lrs.problems import Problem
from lrs.service import Service
from lrs.store.organisations import Organisations
from schemas.audit import Act
from schemas.organisations import (
    ORGANISATION_KINDS,
    Consent,
    Employment,
    Organisation,
)

PAGE = 25
_ID = re.compile(r"[A-Za-z0-9._~-]{1,64}")


def install(pages: Pages) -> None:
    """Add the registry and the page of one organisation, and what their forms send to."""
    service = pages.service
    store = service.store.organisations

    @pages.route("/organisations", "registrar")
    def organisations_list() -> ResponseReturnValue:
        return _list(store, None), 200

    @pages.route("/organisations", "registrar", methods=("POST",))
    def organisations_add() -> ResponseReturnValue:
        number = request.form.get("id", "").strip()
        if not _ID.fullmatch(number):
            return _list(store, _("An id is of 1 to 64 of A–Z a–z 0–9 . _ ~ -")), 400
        if store.organisation(number) is not None:
            return _list(store, _("There is an organisation “%(id)s” already.", id=number)), 409
        fault = _put(service, number)
        if fault:
            return _list(store, fault), 400
        flash(_("The organisation is added."), "good")
        return redirect(url_for("console.organisations_one", organisation=number), 303)

    @pages.route("/organisations/<organisation>", "registrar")
    def organisations_one(organisation: str) -> ResponseReturnValue:
        return organisation_page(service, known(service, organisation), None), 200

    @pages.route("/organisations/<organisation>", "registrar", methods=("POST",))
    def organisations_change(organisation: str) -> ResponseReturnValue:
        one = known(service, organisation)
        fault = _put(service, one.id)
        if fault:
            return organisation_page(service, one, fault), 400
        flash(_("It is kept."), "good")
        return back_to(one)


def known(service: Service, organisation: str) -> Organisation:
    """Return the organisation. Raises Problem (404)."""
    found = service.store.organisations.organisation(organisation)
    if found is None:
        raise Problem(404, _("There is no such organisation."))
    return found


def act_of(
    service: Service, action: str, organisation: str, persona: str | None = None, reason: str = ""
) -> Act:
    """Return what the registrar who asks is about to do, for the audit log."""
    return Act(
        principal=service.principal("registrar").id,
        action=action,
        subject=organisation,
        persona=persona,
        reason=reason,
    )


def organisation_page(service: Service, one: Organisation, fault: str | None) -> str:
    """Return the page of an organisation, with what is wrong with a form that was sent."""
    store = service.store.organisations
    employments = store.employments(one.id, _after("employments"), PAGE)
    consents = store.consents(one.id, _after("consents"), PAGE)
    personas = {found.persona for found in employments} | {found.persona for found in consents}
    return render_template(
        "organisation.html",
        one=one,
        employments=employments,
        consents=consents,
        names=service.store.records.names(personas),
        principals=principal_names(service.store.people, [given.by for given in consents]),
        next_employments=_next(one, "employments", employments),
        next_consents=_next(one, "consents", consents),
        today=today(),
        fault=fault,
        given=request.form,
    )


def back_to(one: Organisation) -> ResponseReturnValue:
    """Return the way back to the page of an organisation."""
    return redirect(url_for("console.organisations_one", organisation=one.id), 303)


def _list(store: Organisations, fault: str | None) -> str:
    found = store.page(read_cursor(request.args.get("cursor"), str), PAGE)
    following = None
    if len(found) == PAGE:
        following = url_for("console.organisations_list", cursor=write_cursor(found[-1].id))
    return render_template(
        "organisations.html",
        organisations=found,
        next=following,
        fault=fault,
        given=request.form,
    )


def _put(service: Service, number: str) -> str | None:
    """Keep what the form says of an organisation; return what is wrong with it."""
    name = request.form.get("name", "").strip()
    kind = next((one for one in ORGANISATION_KINDS if one == request.form.get("kind")), None)
    if kind is None or not 0 < len(name) <= 200:
        return _("Say what kind it is, and a name of up to 200 characters.")
    new = Organisation(id=number, kind=kind, name=name)
    service.store.organisations.put(new, act_of(service, "organisation.put", number))
    return None


def _after(name: str) -> str | None:
    return read_cursor(request.args.get(name), str)


def _next(one: Organisation, name: str, found: Sequence[Employment | Consent]) -> str | None:
    if len(found) < PAGE:
        return None
    place = {**request.args, name: write_cursor(found[-1].persona)}
    address = url_for("console.organisations_one", organisation=one.id)
    return f"{address}?{urlencode(place)}"
