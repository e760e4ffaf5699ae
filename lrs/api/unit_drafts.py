"""`/api/v1/unit-drafts`."""

from __future__ import annotations

from typing import Any

from lrs.achievements.unit_schema import UnitSchema
from lrs.api.blueprint import ApiBlueprint, page
from lrs.api.cursors import read_cursor
from lrs.api.units import UnitPage, publish_unit
from lrs.problems import Problem
from lrs.service import Service
from schemas.resources.paging import PageQuery
from schemas.texts import Text
from schemas.units import Unit

NO_DRAFT = Text("There is no such draft.")


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of drafts."""
    routes = ApiBlueprint(
        "unit_drafts", service, "Units that are not published yet.", "reader", "officer"
    )
    store = service.store

    @routes.get("/unit-drafts")
    @routes.arguments(PageQuery, location="query")
    @routes.response(200, UnitPage)
    def drafts(query: dict[str, Any]) -> dict[str, Any]:
        """List the drafts, by code and version."""
        after = read_cursor(query["cursor"], tuple[str, int])
        found = store.units.drafts(after, query["limit"])
        return page(found, query["limit"], lambda one: (one.code, one.version), lambda one: one)

    @routes.get("/unit-drafts/<code>/<int:version>")
    @routes.response(200, UnitSchema)
    def draft(code: str, version: int) -> Unit:
        """Return one draft."""
        return _draft(service, code, version)

    @routes.put("/unit-drafts/<code>/<int:version>")
    @routes.only()
    @routes.arguments(UnitSchema)
    @routes.response(200, UnitSchema)
    def put_draft(given: Unit, code: str, version: int) -> Unit:
        """Keep a draft; until it is published it may change."""
        service.principal()
        if (given.code, given.version) != (code, version):
            raise Problem(
                400,
                Text(
                    "The code and version of the draft must be %(code)s and %(version)s.",
                    code=code,
                    version=version,
                ),
            )
        if store.units.unit(code, version) is not None:
            raise Problem(
                409,
                Text(
                    "Version %(version)s is published: make the draft of the next one.",
                    version=version,
                ),
            )
        store.units.put_draft(given)
        return given

    @routes.delete("/unit-drafts/<code>/<int:version>")
    @routes.only()
    @routes.response(204)
    def drop_draft(code: str, version: int) -> None:
        """Drop a draft."""
        service.principal()
        if not store.units.drop_draft(code, version):
            raise Problem(404, NO_DRAFT)

    @routes.post("/unit-drafts/<code>/<int:version>/publication")
    @routes.only()
    @routes.response(201, UnitSchema)
    def publish_draft(code: str, version: int) -> Unit:
        """Publish a draft as it is."""
        return publish_unit(service, _draft(service, code, version))

    return routes


def _draft(service: Service, code: str, version: int) -> Unit:
    found = service.store.units.draft(code, version)
    if found is None:
        raise Problem(404, NO_DRAFT)
    return found
