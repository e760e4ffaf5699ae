"""`/api/v1`: credentials of achievements, learner records (CLR) and transcripts (ELMO)."""

from __future__ import annotations

from typing import Any

from flask import Response

from lrs.api.blueprint import ApiBlueprint
from lrs.problems import Problem
from lrs.service import Service
from schemas.audit import Act
from schemas.credentials import NotExpressible
from schemas.issued import IssuedCredential
from schemas.resources.credentials import CredentialListSchema, CredentialSchema, LanguageQuery
from schemas.texts import Text, text_of

NO_PERSONA = Text("There is no such persona.")


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of credentials: for registrars, and for learners about themselves."""
    routes = ApiBlueprint(
        "credentials",
        service,
        "Credentials, learner records and transcripts of verified achievements.",
        "registrar",
        "learner",
    )
    store, issuing = service.store, service.issuing

    def export(persona: str, action: str) -> None:
        principal = service.principal_about(persona, "registrar")
        if store.records.persona(persona) is None:
            raise Problem(404, NO_PERSONA)
        store.audit.note(
            Act(principal=principal.id, action=action, subject=persona, persona=persona)
        )

    @routes.post("/achievements/<achievement>/credentials")
    @routes.arguments(LanguageQuery, location="query")
    @routes.response(200, CredentialSchema)
    def issue(query: dict[str, Any], achievement: str) -> dict[str, Any]:
        """Issue the credential of a verified achievement, or return the one that stands."""
        service.principal("registrar", "learner")
        found = store.achievements.achievement(achievement)
        if found is None:
            raise Problem(404, "There is no such achievement.")
        principal = service.principal_about(found.persona, "registrar")
        try:
            issued = issuing.issue(found, query["language"])
        except (NotExpressible, LookupError) as error:
            raise Problem(
                409, Text("It cannot be issued: %(error)s.", error=text_of(error))
            ) from None
        store.audit.note(
            Act(
                principal=principal.id,
                action="credential.issue",
                subject=issued.id,
                persona=found.persona,
            )
        )
        return _shown(service, issued)

    @routes.get("/personas/<persona>/credentials")
    @routes.response(200, CredentialListSchema)
    def credentials(persona: str) -> dict[str, Any]:
        """List a persona's credentials."""
        service.principal_about(persona, "registrar")
        return {"items": [_shown(service, one) for one in store.credentials.of_persona(persona)]}

    @routes.get("/personas/<persona>/clr")
    @routes.arguments(LanguageQuery, location="query")
    @routes.response(200, content_type="application/vc")
    def clr(query: dict[str, Any], persona: str) -> Response:
        """Return a persona's verified achievements as a signed CLR 2.0 credential."""
        export(persona, "persona.export.clr")
        return _document(
            lambda: issuing.learner_record(persona, query["language"]), "application/vc"
        )

    @routes.get("/personas/<persona>/transcript")
    @routes.response(200, content_type="application/xml")
    def transcript(persona: str) -> Response:
        """Return a persona's verified achievements as a signed EMREX ELMO 1.7 document."""
        export(persona, "persona.export.elmo")
        return _document(lambda: issuing.transcript(persona), "application/xml")

    @routes.get("/personas/<persona>/recognition")
    @routes.response(200, content_type="application/xml")
    def recognition(persona: str) -> Response:
        """Return a persona's conversions as a recognition report (experimental: ELMO 2.0 draft)."""
        export(persona, "persona.export.recognition")
        return _document(lambda: issuing.recognition(persona), "application/xml")

    return routes


def _document(make: Any, media_type: str) -> Response:
    try:
        return Response(make(), 200, {"Content-Type": media_type, "Cache-Control": "no-store"})
    except NotExpressible as error:
        raise Problem(
            409, Text("There is nothing to write: %(error)s.", error=text_of(error))
        ) from None


def _shown(service: Service, issued: IssuedCredential) -> dict[str, Any]:
    return {
        "id": issued.id,
        "url": f"{service.settings.public_url}/credentials/{issued.id}",
        "achievement": issued.achievement,
        "persona": issued.persona,
        "language": issued.language,
        "issued_at": issued.issued_at,
        "revoked": issued.revoked,
    }
