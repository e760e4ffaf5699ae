"""`/api/v1/units`, and what a draft would change."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from flask import request

from lrs.achievements.evaluate import activities_of, units_of
from lrs.achievements.panel import what_if_of
from lrs.achievements.publishing import between
from lrs.achievements.unit_schema import UnitSchema
from lrs.api.blueprint import ApiBlueprint, page
from lrs.api.cursors import read_cursor, write_cursor
from lrs.problems import Problem
from lrs.service import Service
from lrs.store.units import UnitTaken
from schemas.audit import Act
from schemas.resources.paging import PageQuery, page_of
from schemas.resources.units import ChangesSchema
from schemas.texts import Text, text_of
from schemas.units import Unit

UnitPage = page_of(UnitSchema)
NO_UNIT = Text("There is no such version of a unit.")


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of units."""
    routes = ApiBlueprint(
        "units", service, "What is recognised, by which rule.", "reader", "officer", "registrar"
    )
    store = service.store

    @routes.get("/units")
    @routes.arguments(PageQuery, location="query")
    @routes.response(200, UnitPage)
    def units(query: dict[str, Any]) -> dict[str, Any]:
        """List the published versions of units, by code and version."""
        after = read_cursor(query["cursor"], tuple[str, int])
        found = store.units.page(after, query["limit"])
        return page(found, query["limit"], lambda one: (one.code, one.version), lambda one: one)

    @routes.get("/units/<code>/versions/<int:version>")
    @routes.response(200, UnitSchema)
    def unit(code: str, version: int) -> Unit:
        """Return one published version."""
        found = store.units.unit(code, version)
        if found is None:
            raise Problem(404, NO_UNIT)
        return found

    @routes.post("/units")
    @routes.only()
    @routes.arguments(UnitSchema)
    @routes.response(201, UnitSchema)
    def publish(given: Unit) -> Unit:
        """Publish a version, which never changes again. The same content may be sent again."""
        return publish_unit(service, given)

    @routes.post("/units/what-if")
    @routes.arguments(UnitSchema)
    @routes.arguments(PageQuery, location="query")
    @routes.response(200, ChangesSchema)
    def what_if(given: Unit, query: dict[str, Any]) -> dict[str, Any]:
        """List who would gain or lose the unit if this version were its rule; nothing changes.

        `limit` is how many personas a page looks at; send the same body to `next`.
        """
        after = read_cursor(query["cursor"], str) or ""
        run = what_if_of(store, given)
        now = datetime.now(UTC)
        found = run.concerned(after, query["limit"])
        changes = (run.change(persona, now) for persona in found)
        body: dict[str, Any] = {
            "items": [change for change in changes if change is not None],
            "looked_at": len(found),
        }
        if len(found) == query["limit"]:
            arguments = {**request.args, "cursor": write_cursor(found[-1])}
            body["next"] = f"{request.path}?{urlencode(arguments)}"
        return body

    return routes


def publish_unit(service: Service, unit: Unit) -> Unit:
    """Publish a unit as an administrator. Raises Problem (400, 403, 409)."""
    principal = service.principal()
    refuse(list(between([unit], [], service.store.units.all())))
    act = Act(principal=principal.id, action="unit.publish", subject=f"{unit.code}/{unit.version}")
    try:
        service.store.units.publish(unit, activities_of(unit), units_of(unit), act)
    except UnitTaken as error:
        raise Problem(409, text_of(error)) from None
    return unit


def refuse(faults: list[tuple[tuple[str | int, ...], str]]) -> None:
    """Raise Problem (400) that names each fault, by its path within the one thing given."""
    if faults:
        errors = [
            {"path": ".".join(str(step) for step in path[2:]), "rule": rule}
            for path, rule in faults
        ]
        raise Problem(400, "The request is wrong; `errors` says where.", errors=errors)
