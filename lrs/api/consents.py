"""`/api/v1/me/consents`: what a learner lets organisations see."""

from __future__ import annotations

from typing import Any

from lrs.api.blueprint import ApiBlueprint
from lrs.api.organisations import shape_of_consent
from lrs.auth.organisations import today
from lrs.problems import Problem
from lrs.service import Service
from schemas.audit import Act
from schemas.organisations import Consent
from schemas.resources.organisations import ConsentSchema, OwnConsentSchema, OwnConsentsSchema


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of one's own consents, for learners."""
    routes = ApiBlueprint("consents", service, "What a learner lets others see.", "learner")
    store = service.store.organisations

    def own(action: str, organisation: str) -> tuple[str, Act]:
        principal = service.principal("learner")
        if principal.persona is None:
            raise Problem(404, "You are no learner here, and have nothing to consent to.")
        return principal.persona, Act(
            principal=principal.id,
            action=action,
            subject=organisation,
            persona=principal.persona,
        )

    @routes.get("/me/consents")
    @routes.response(200, OwnConsentsSchema)
    def consents() -> dict[str, Any]:
        """List one's own consents, withdrawn ones too."""
        persona = service.principal("learner").persona
        found = store.consents_of(persona) if persona else []
        return {"items": [shape_of_consent(one) for one in found]}

    @routes.put("/me/consents/<organisation>")
    @routes.arguments(OwnConsentSchema)
    @routes.response(200, ConsentSchema)
    def give(body: dict[str, Any], organisation: str) -> dict[str, Any]:
        """Let an organisation see one's achievements, or one's learner records too."""
        persona, act = own("consent.give", organisation)
        if store.organisation(organisation) is None:
            raise Problem(404, "There is no such organisation.")
        consent = Consent(organisation=organisation, persona=persona, by=act.principal, **body)
        store.consent([consent], today(), act)
        (given,) = [one for one in store.consents_of(persona) if one.organisation == organisation]
        return shape_of_consent(given)

    @routes.delete("/me/consents/<organisation>")
    @routes.response(204)
    def withdraw(organisation: str) -> None:
        """Withdraw a consent; the organisation sees nothing more at once."""
        persona, act = own("consent.withdraw", organisation)
        if not store.withdraw(organisation, persona, act):
            raise Problem(404, "There is no such consent that stands.")

    return routes
