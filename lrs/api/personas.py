"""`/api/v1/personas`."""

from __future__ import annotations

from typing import Any

from lrs.api.blueprint import ApiBlueprint, page
from lrs.api.cursors import read_cursor
from lrs.problems import Problem
from lrs.service import Service
from lrs.store.records import Persona
from schemas.resources.paging import page_of
from schemas.resources.personas import PersonaQuery, PersonaSchema


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of personas."""
    routes = ApiBlueprint("personas", service, "Learners as we know them.", "reader", "registrar")
    records = service.store.records

    @routes.get("/personas")
    @routes.arguments(PersonaQuery, location="query")
    @routes.response(200, page_of(PersonaSchema))
    def personas(query: dict[str, Any]) -> dict[str, Any]:
        """List personas, all, or by the beginning of the name or by an identifier."""
        limit = query["limit"]
        if query["identifier"] is not None:
            ids = records.personas_of([query["identifier"]]).values()
            found = [one for id_ in ids if (one := records.persona(id_)) is not None]
            if query["name"] is not None:
                found = [one for one in found if (one.name or "").startswith(query["name"])]
            return {"items": found}
        if query["name"] is not None:
            named = read_cursor(query["cursor"], tuple[str, str])
            found = records.personas_named(query["name"], named, limit)
            return page(found, limit, lambda one: (one.name, one.id), lambda one: one)
        after = read_cursor(query["cursor"], str)
        return page(records.personas(after, limit), limit, lambda one: one.id, lambda one: one)

    @routes.get("/personas/<persona>")
    @routes.response(200, PersonaSchema)
    def persona(persona: str) -> Persona:
        """Return one persona."""
        found = records.persona(persona)
        if found is None:
            raise Problem(404, "There is no such persona.")
        return found

    return routes
