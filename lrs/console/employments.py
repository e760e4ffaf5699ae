"""Employments and consents of an organisation, as registrars record them."""

from __future__ import annotations

from datetime import date

from flask import flash, request
from flask.typing import ResponseReturnValue

from lrs.auth.organisations import today
from lrs.console.frame import Pages
from lrs.console.language import gettext as _
from lrs.console.organisations import act_of, back_to, known, organisation_page
from lrs.console.who import persona_called
from lrs.service import Service
from lrs.store.records import Persona
from schemas.organisations import CONSENT_LEVELS, Consent, Employment


def install(pages: Pages) -> None:
    """Add what the forms of an organisation's page send to."""
    service = pages.service
    store = service.store.organisations

    @pages.route("/organisations/<organisation>/employments", "registrar", methods=("POST",))
    def organisations_employ(organisation: str) -> ResponseReturnValue:
        one, form = known(service, organisation), request.form
        persona = _persona(service)
        try:
            since, until = _day("since"), _day("until")
        except ValueError:
            return organisation_page(service, one, _("Say a day as 2026-03-02.")), 400
        fault = None
        if persona is None:
            fault = _unknown()
        elif since is None or (until is not None and until < since):
            fault = _("Say since when, and an end that is not before.")
        if fault is not None or persona is None or since is None:
            return organisation_page(service, one, fault), 400
        employment = Employment(
            organisation=one.id,
            persona=persona.id,
            since=since,
            until=until,
            employee=form.get("employee", "").strip()[:100],
            department=form.get("department", "").strip()[:200],
        )
        store.employ([employment], today(), act_of(service, "employment.put", one.id, persona.id))
        flash(_("The employment is kept."), "good")
        return back_to(one)

    @pages.route("/organisations/<organisation>/consents", "registrar", methods=("POST",))
    def organisations_consent(organisation: str) -> ResponseReturnValue:
        one, form = known(service, organisation), request.form
        persona = _persona(service)
        level = next((one for one in CONSENT_LEVELS if one == form.get("level")), None)
        evidence = form.get("evidence", "").strip()[:500]
        try:
            until = _day("until")
        except ValueError:
            return organisation_page(service, one, _("Say a day as 2026-03-02.")), 400
        if persona is None:
            return organisation_page(service, one, _unknown()), 400
        if level is None or not evidence:
            return organisation_page(
                service, one, _("Say what may be seen, and where the paper lies.")
            ), 400
        act = act_of(service, "consent.record", one.id, persona.id)
        consent = Consent(
            organisation=one.id,
            persona=persona.id,
            level=level,
            by=act.principal,
            until=until,
            evidence=evidence,
        )
        store.consent([consent], today(), act)
        flash(_("The consent is recorded; it holds at once."), "good")
        return back_to(one)

    @pages.route("/organisations/<organisation>/withdrawals", "registrar", methods=("POST",))
    def organisations_withdraw(organisation: str) -> ResponseReturnValue:
        one, persona = known(service, organisation), request.form.get("persona", "")
        reason = request.form.get("reason", "").strip()[:2_000] or _("the learner said so")
        if store.withdraw(
            one.id, persona, act_of(service, "consent.withdraw", one.id, persona, reason)
        ):
            flash(_("The consent is withdrawn; nothing more is seen."), "good")
        else:
            flash(_("There is no such consent that stands."), "bad")
        return back_to(one)


def _persona(service: Service) -> Persona | None:
    return persona_called(service.store.records, request.form.get("persona", "").strip())


def _day(name: str) -> date | None:
    text = request.form.get(name, "").strip()
    return date.fromisoformat(text) if text else None


def _unknown() -> str:
    given = request.form.get("persona", "").strip()
    return _("Nobody is known as “%(given)s”.", given=given)
