"""People who sign in: added, changed, given roles."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lrs.api.cursors import read_cursor, write_cursor
from lrs.console.forms import Form
from lrs.console.frame import Pages
from lrs.console.language import gettext as _
from lrs.console.who import persona_called
from lrs.problems import Problem
from lrs.service import Service
from lrs.store.people import NameTaken
from schemas.audit import Act
from schemas.people import Person, RoleError, check_roles, sign_in_name
from schemas.principals import ROLES

PAGE = 50
ORGANISATIONS = 200
"""Organisations that a form offers while one types; any other id can be typed."""


def install(pages: Pages) -> None:
    """Add the list of people and the page of one, and what their forms send to."""
    service = pages.service
    people = service.store.people

    @pages.route("/operations/people")
    def people_list() -> ResponseReturnValue:
        return _list(service)

    @pages.route("/operations/people", methods=("POST",))
    def people_add() -> ResponseReturnValue:
        form = Form()
        name = sign_in_name(form.text("name", 200, needed=True))
        new = _with(
            service, form, Person(id=uuid.uuid4().hex, name=name, display_name="", roles=())
        )
        if form.faults:
            return _list(service, form), 400
        reason = form.text("reason", 2000)
        try:
            people.add(new, act_of(service, "person.add", new.id, reason, roles=list(new.roles)))
        except NameTaken:
            form.faults["name"] = _("Somebody signs in with this name already: choose another.")
            return _list(service, form), 409
        return person_page(service, new.id, link=new_link(service, new.id, reason))

    @pages.route("/operations/people/<person>")
    def people_one(person: str) -> ResponseReturnValue:
        return person_page(service, person)

    @pages.route("/operations/people/<person>", methods=("POST",))
    def people_change(person: str) -> ResponseReturnValue:
        form, held = Form(), known(service, person)
        wanted = _with(service, form, held)
        if is_own(service, person) and "administrator" not in wanted.roles:
            form.faults["roles"] = _("Another administrator takes this role from you.")
        if form.faults:
            return person_page(service, person, form=form), 400
        changes = {
            name: getattr(wanted, name)
            for name in ("display_name", "roles", "organisation", "persona", "subject")
        }
        changed = [name for name in changes if getattr(held, name) != changes[name]]
        act = act_of(
            service,
            "person.change",
            person,
            form.text("reason", 2000),
            changed=changed,
            roles=list(wanted.roles),
        )
        try:
            people.change(person, lambda one: msgspec.structs.replace(one, **changes), act)
        except NameTaken:
            form.faults["subject"] = _("Somebody else is known by this at the identity provider.")
            return person_page(service, person, form=form), 409
        flash(_("It is kept, and felt at their next request."), "good")
        return back_to(person)


def act_of(service: Service, action: str, person: str, reason: str = "", **detail: Any) -> Act:
    """Return what the administrator who asks is about to do, for the audit log."""
    principal = service.principal().id
    return Act(principal=principal, action=action, subject=person, reason=reason, detail=detail)


def new_link(service: Service, person: str, reason: str) -> str:
    """Return the address, this once, at which a person chooses a password."""
    token = service.sign_in.new_link(person, act_of(service, "person.reset", person, reason))
    return f"{service.settings.public_url}/sign-in/link/{token}"


def known(service: Service, person: str) -> Person:
    """Return the person. Raises Problem (404)."""
    found = service.store.people.person(person)
    if found is None:
        raise Problem(404, _("There is no such person."))
    return found


def is_own(service: Service, person: str) -> bool:
    """Tell whether it is the person who asks."""
    return service.principal().id == f"person:{person}"


def back_to(person: str) -> ResponseReturnValue:
    """Return the way back to the page of a person."""
    return redirect(url_for("console.people_one", person=person), 303)


def _list(service: Service, form: Form | None = None) -> str:
    store, wanted = service.store, request.args.get("name", "").strip()
    following = None
    if wanted:
        account = store.people.account(sign_in_name(wanted))
        found = [account.person] if account else []
    else:
        found = store.people.page(read_cursor(request.args.get("cursor"), str), PAGE)
        if len(found) == PAGE:
            following = url_for("console.people_list", cursor=write_cursor(found[-1].name))
    return render_template(
        "people.html",
        people=found,
        wanted=wanted,
        next=following,
        **_of_form(service, form),
    )


def person_page(
    service: Service, person: str, *, link: str | None = None, form: Form | None = None
) -> str:
    """Return the page of a person, with a link that is shown once or what is wrong with a form."""
    found, store = known(service, person), service.store
    account = store.people.account_of(person)
    names = store.records.names({found.persona}) if found.persona else {}
    return render_template(
        "person.html",
        one=found,
        learner=names.get(found.persona or ""),
        has_password=account is not None and account.password is not None,
        has_second_factor=account is not None and account.totp is not None,
        sessions=store.sessions.of(f"person:{person}"),
        own=is_own(service, person),
        outside=service.identity_provider is not None,
        link=link,
        **_of_form(service, form),
    )


def _of_form(service: Service, form: Form | None) -> dict[str, Any]:
    return {
        "roles": ROLES,
        "organisations": service.store.organisations.page(None, ORGANISATIONS),
        "faults": form.faults if form else {},
        "given": request.form if form else None,
    }


def _with(service: Service, form: Form, person: Person) -> Person:
    """The person as the form says; what is wrong is among the form's faults."""
    organisation = form.text("organisation", 64) or None
    registered = service.store.organisations.organisation(organisation) if organisation else None
    if organisation not in (None, person.organisation) and registered is None:
        form.faults["organisation"] = _(
            "There is no organisation “%(id)s”; add it under “Organisations” first.",
            id=organisation,
        )
    learner = form.text("persona", 500)
    persona = persona_called(service.store.records, learner) if learner else None
    if learner and learner != person.persona and persona is None:
        form.faults["persona"] = _("Nobody is known as “%(given)s”.", given=learner)
    new = msgspec.structs.replace(
        person,
        display_name=form.text("display_name", 200, needed=True),
        roles=form.choices("roles", ROLES),
        organisation=organisation,
        persona=persona.id if persona else (learner or None),
        subject=form.text("subject", 500) or None,
    )
    if form.faults:
        return new
    try:
        check_roles(new)
    except RoleError:
        if "learner" in new.roles and new.persona is None:
            form.faults["persona"] = _("Say which learner they are: the role needs it.")
        if "enterprise" in new.roles and new.organisation is None:
            form.faults["organisation"] = _("Say which enterprise they act for: the role needs it.")
    return new
