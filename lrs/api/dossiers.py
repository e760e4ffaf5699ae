"""`/api/v1/claims/{claim}/dossier` and `/api/v1/personas/{persona}/erasure`."""

from __future__ import annotations

import tempfile
from typing import Any

from flask import Response, send_file

from lrs.api.blueprint import ApiBlueprint
from lrs.audits.looking import request_for
from lrs.dossier.build import NoDossier
from lrs.dossier.writing import write_dossier
from lrs.erasure import erase
from lrs.problems import Problem
from lrs.service import Service
from lrs.store.erasure import NotErasable
from schemas.resources.audits import DossierQuery, ErasedSchema
from schemas.resources.exchange import ReasonSchema
from schemas.texts import Text, text_of


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes."""
    routes = ApiBlueprint(
        "dossiers", service, "Files from which a claim is checked, and erasure.", "auditor"
    )

    @routes.get("/claims/<claim>/dossier")
    @routes.arguments(DossierQuery, location="query")
    @routes.response(200, content_type="application/zip")
    def dossier(query: dict[str, Any], claim: str) -> Response:
        """Get the dossier of a claim; the look is an audit event with its reason."""
        principal = service.principal("auditor")
        request = request_for(service.store, principal, claim, **query)
        file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the answer
        try:
            write_dossier(service, claim, request, file)
        except NoDossier as error:
            file.close()
            raise Problem(
                409, Text("There is no dossier now: %(error)s.", error=text_of(error))
            ) from error
        file.seek(0)
        answer = send_file(
            file, mimetype="application/zip", as_attachment=True, download_name=f"{claim}.zip"
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @routes.post("/personas/<persona>/erasure")
    @routes.only()
    @routes.arguments(ReasonSchema)
    @routes.response(200, ErasedSchema)
    def erasure(body: dict[str, Any], persona: str) -> dict[str, Any]:
        """Erase a person for good; for administrators."""
        principal = service.principal()
        try:
            erased = erase(service.store, persona, principal.id, body["reason"])
        except NotErasable as error:
            raise Problem(
                409, Text("Nothing was erased: %(error)s.", error=text_of(error))
            ) from error
        return {
            "personas": list(erased.personas.values()),
            "statements": erased.statements,
            "mentions": erased.mentions,
            "documents": erased.documents,
            "achievements": erased.achievements,
            "claims": erased.claims,
            "import_rows": erased.import_rows,
        }

    return routes
