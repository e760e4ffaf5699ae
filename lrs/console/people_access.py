"""Whether a person gets in: kept out, let in again, another password, signed out everywhere."""

from __future__ import annotations

import msgspec
from flask import flash, request
from flask.typing import ResponseReturnValue

from lrs.console.forms import Form
from lrs.console.frame import Pages
from lrs.console.language import gettext as _
from lrs.console.people import act_of, back_to, is_own, known, new_link, person_page
from lrs.problems import Problem


def install(pages: Pages) -> None:
    """Add what the forms of a person's page send to."""
    service = pages.service
    people = service.store.people

    @pages.route("/operations/people/<person>/access", methods=("POST",))
    def people_access(person: str) -> ResponseReturnValue:
        known(service, person)
        form, again = Form(), request.form.get("do") == "let_in"
        reason = form.text("access_reason", 2000, needed=True)
        if is_own(service, person):
            raise Problem(409, _("Nobody keeps themselves out: another administrator has to."))
        if form.faults:
            return person_page(service, person, form=form), 400
        until = None if again else service.store.now()
        act = act_of(service, "person.enable" if again else "person.disable", person, reason)
        people.change(person, lambda held: msgspec.structs.replace(held, disabled=until), act)
        if again:
            flash(_("They may sign in again."), "good")
        else:
            flash(_("They are kept out, and every session of theirs is over."), "good")
        return back_to(person)

    @pages.route("/operations/people/<person>/link", methods=("POST",))
    def people_reset(person: str) -> ResponseReturnValue:
        form, one = Form(), known(service, person)
        reason = form.text("reset_reason", 2000, needed=True)
        if one.disabled is not None:
            raise Problem(409, _("They are kept out; let them in again first."))
        if form.faults:
            return person_page(service, person, form=form), 400
        if request.form.get("second_factor"):
            act = act_of(service, "second_factor.remove", person, reason)
            people.set_second_factor(person, None, (), act)
        people.forgive(one.name)
        return person_page(service, person, link=new_link(service, person, reason))

    @pages.route("/operations/people/<person>/sessions", methods=("POST",))
    def people_sign_out(person: str) -> ResponseReturnValue:
        known(service, person)
        act = act_of(service, "session.end_all", person)
        count = service.store.sessions.end_all(f"person:{person}", act)
        flash(_("%(count)s sessions are over.", count=count), "good")
        return back_to(person)
