"""What learners let organisations see of them, given and withdrawn by themselves."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from lrs.auth.organisations import today
from lrs.console.frame import Pages
from lrs.console.language import gettext as _
from lrs.problems import Problem
from schemas.audit import Act
from schemas.organisations import CONSENT_LEVELS, Consent


def install(pages: Pages) -> None:
    """Add what the forms of a learner's own page send to."""
    service = pages.service
    store = service.store.organisations

    @pages.route("/my-learning/consents", "learner", methods=("POST",))
    def my_learning_consent() -> ResponseReturnValue:
        persona, act = _own("consent.give")
        level = next((one for one in CONSENT_LEVELS if one == request.form.get("level")), None)
        if level is None or store.organisation(act.subject) is None:
            raise Problem(400, _("Choose an organisation, and what it may see."))
        consent = Consent(organisation=act.subject, persona=persona, level=level, by=act.principal)
        store.consent([consent], today(), act)
        flash(_("It may be seen from now on; you can withdraw it at any time."), "good")
        return redirect(url_for("console.my_learning"), 303)

    @pages.route("/my-learning/consents/withdrawals", "learner", methods=("POST",))
    def my_learning_withdraw() -> ResponseReturnValue:
        persona, act = _own("consent.withdraw")
        if store.withdraw(act.subject, persona, act):
            flash(_("The consent is withdrawn; nothing more is seen."), "good")
        else:
            flash(_("There is no such consent that stands."), "bad")
        return redirect(url_for("console.my_learning"), 303)

    def _own(action: str) -> tuple[str, Act]:
        principal = service.principal("learner")
        if principal.persona is None:
            raise Problem(404, _("No learner belongs to this account."))
        return principal.persona, Act(
            principal=principal.id,
            action=action,
            subject=request.form.get("organisation", ""),
            persona=principal.persona,
        )
