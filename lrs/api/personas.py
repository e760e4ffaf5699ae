"""`/api/v1/personas`."""

from __future__ import annotations

from typing import Any

from lrs.api.blueprint import ApiBlueprint, page
from lrs.api.cursors import read_cursor
from lrs.problems import Problem
from lrs.service import Service
from lrs.store.records import Persona
from schemas.resources.paging import PageQuery, page_of
from schemas.resources.personas import PersonaSchema


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of personas."""
    routes = ApiBlueprint("personas", service, "Learners as we know them.", "reader", "registrar")
    records = service.store.records

    @routes.get("/personas")
    @routes.arguments(PageQuery, location="query")
    @routes.response(200, page_of(PersonaSchema))
    def personas(query: dict[str, Any]) -> dict[str, Any]:
        """List personas."""
        after = read_cursor(query["cursor"], str)
        found = records.personas(after, query["limit"])
        return page(found, query["limit"], lambda one: one.id, lambda one: one)

    @routes.get("/personas/<persona>")
    @routes.response(200, PersonaSchema)
    def persona(persona: str) -> Persona:
        """Return one persona."""
        found = records.persona(persona)
        if found is None:
            raise Problem(404, "There is no such persona.")
        return found

    return routes
