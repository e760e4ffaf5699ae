"""What learners see of themselves, and the credentials that they issue themselves."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lrs.console.frame import Pages
from lrs.console.language import gettext as _
from lrs.console.language import text_language
from lrs.console.learning_file import learning_file
from lrs.console.who import principal_names
from lrs.problems import Problem
from lrs.service import Service
from schemas.audit import Act
from schemas.credentials import NotExpressible

ORGANISATIONS = 200
"""Enterprises that the form of a consent offers; the API takes any."""

ACTS = 10


def install(pages: Pages) -> None:
    """Add a learner's own file, and what its form sends to."""
    service = pages.service
    store = service.store

    @pages.route("/my-learning", "learner")
    def my_learning() -> ResponseReturnValue:
        persona = own_persona(service)
        organisations = store.organisations.page(None, ORGANISATIONS)
        acts = store.audit.page(None, ACTS, persona=persona)
        return render_template(
            "learner.html",
            **learning_file(store, persona),
            own=True,
            consents=store.organisations.consents_of(persona),
            organisations={one.id: one for one in organisations},
            acts=acts,
            principals=principal_names(store.people, [one.act.principal for one in acts]),
        )

    @pages.route("/my-learning/credentials", "learner", methods=("POST",))
    def my_learning_credential() -> ResponseReturnValue:
        persona = own_persona(service)
        found = store.achievements.achievement(request.form.get("achievement", ""))
        if found is None or found.persona != persona:
            raise Problem(404, _("There is no such achievement."))
        try:
            issued = service.issuing.issue(found, text_language())
        except (NotExpressible, LookupError) as error:
            flash(_("It cannot be issued: %(why)s", why=error), "bad")
        else:
            principal = service.principal("learner").id
            store.audit.note(
                Act(
                    principal=principal,
                    action="credential.issue",
                    subject=issued.id,
                    persona=persona,
                )
            )
            flash(
                _("The credential is issued. Show its code to whoever wants to verify it."), "good"
            )
        return redirect(url_for("console.my_learning"), 303)


def own_persona(service: Service) -> str:
    """Return the learner that the principal is. Raises Problem (404)."""
    persona = service.principal("learner").persona
    if persona is None:
        raise Problem(404, _("No learner belongs to this account."))
    return persona
