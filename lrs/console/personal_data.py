"""A learner's personal data: what they take along, their identity document, their erasure."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lrs.console.forms import Form
from lrs.console.frame import Pages
from lrs.console.language import gettext as _
from lrs.erasure import erase
from lrs.problems import Problem, told
from lrs.service import Service
from lrs.store.erasure import NotErasable
from lrs.store.records import Persona
from schemas.claims import IdentityDocument
from schemas.texts import text_of

DOCUMENT_TYPES = ("resident", "passport", "permit")
"""Offered while typing; banks may name others."""


def install(pages: Pages) -> None:
    """Add the page of a learner's personal data, and what its forms send to."""
    service = pages.service

    @pages.route("/learners/<persona>/personal-data", "registrar")
    def learners_personal_data(persona: str) -> ResponseReturnValue:
        return _page(service, _known(service, persona))

    @pages.route("/learners/<persona>/identity-document", "registrar", methods=("POST",))
    def learners_document(persona: str) -> ResponseReturnValue:
        form, known, by = Form(), _known(service, persona), service.principal("registrar").id
        if request.form.get("do") == "forget":
            if service.learner_documents.forget(known.id, by):
                flash(_("The identity document is forgotten."), "good")
            else:
                flash(_("No identity document is kept."), "bad")
            return _back(known)
        kind = form.text("document_type", 100, needed=True)
        number = form.text("number", 200, needed=True)
        if form.faults:
            return _page(service, known, form), 400
        document = IdentityDocument(type=kind, number=number)
        service.learner_documents.keep(known.id, document, by)
        flash(_("The identity document is kept, sealed; look-ups that waited go on."), "good")
        return _back(known)

    @pages.route("/learners/<persona>/erasure", methods=("POST",))
    def learners_erase(persona: str) -> ResponseReturnValue:
        form, known = Form(), _known(service, persona)
        reason = form.text("erasure_reason", 1000, needed=True)
        if form.text("confirmed", 100) != known.id:
            form.faults["confirmed"] = _("Type the id of the learner as it stands above.")
        if form.faults:
            return _page(service, known, form), 400
        try:
            erased = erase(service.store, known.id, service.principal().id, reason)
        except NotErasable as error:
            text = _("Nothing was erased: %(why)s", why=told(text_of(error)))
            return _page(service, known, fault=text), 409
        flash(
            _(
                "Erased: %(statements)s statements and what was made of them. %(achievements)s"
                " achievements stay countable, of nobody.",
                statements=erased.statements,
                achievements=erased.achievements,
            ),
            "good",
        )
        return redirect(url_for("console.learners"), 303)


def _known(service: Service, persona: str) -> Persona:
    found = service.store.records.persona(persona)
    if found is None:
        raise Problem(404, _("There is no such learner."))
    return found


def _back(persona: Persona) -> ResponseReturnValue:
    return redirect(url_for("console.learners_personal_data", persona=persona.id), 303)


def _page(
    service: Service, persona: Persona, form: Form | None = None, fault: str | None = None
) -> str:
    return render_template(
        "personal_data.html",
        persona=persona,
        kept=service.store.identity_documents.get(persona.id) is not None,
        types=DOCUMENT_TYPES,
        administrator=service.principal("registrar").holds(),
        fault=fault,
        faults=form.faults if form else {},
        given=request.form if form else None,
    )
