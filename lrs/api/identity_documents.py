"""`/api/v1/personas/ID/identity-document`: taken and never given."""

from __future__ import annotations

from typing import Any

from lrs.api.blueprint import ApiBlueprint
from lrs.problems import Problem
from lrs.service import Service
from schemas.claims import IdentityDocument
from schemas.resources.exchange import IdentityDocumentSchema
from schemas.texts import Text


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of identity documents."""
    routes = ApiBlueprint(
        "identity_documents",
        service,
        "Identity documents, by which banks look learners up; sealed.",
        "registrar",
    )

    @routes.put("/personas/<persona>/identity-document")
    @routes.arguments(IdentityDocumentSchema)
    @routes.response(204)
    def keep(body: dict[str, Any], persona: str) -> None:
        """Keep a learner's identity document; look-ups that waited for it are made again."""
        principal = service.principal("registrar")
        if service.store.records.persona(persona) is None:
            raise Problem(404, Text("There is no persona %(persona)r.", persona=persona))
        service.learner_documents.keep(persona, IdentityDocument(**body), principal.id)

    @routes.delete("/personas/<persona>/identity-document")
    @routes.response(204)
    def forget(persona: str) -> None:
        """Forget a learner's identity document."""
        principal = service.principal("registrar")
        if not service.learner_documents.forget(persona, principal.id):
            raise Problem(
                404, Text("No identity document of %(persona)r is kept.", persona=persona)
            )

    return routes
