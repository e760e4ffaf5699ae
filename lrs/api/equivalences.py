"""`/api/v1/equivalences`."""

from __future__ import annotations

from lrs.achievements.publishing import between
from lrs.achievements.unit_schema import EquivalenceSchema
from lrs.api.blueprint import ApiBlueprint
from lrs.api.units import refuse
from lrs.problems import Problem
from lrs.service import Service
from lrs.store.units import UnitTaken
from schemas.audit import Act
from schemas.equivalences import Equivalence
from schemas.texts import text_of


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of equivalences."""
    routes = ApiBlueprint(
        "equivalences", service, "What converts into what.", "reader", "officer", "registrar"
    )
    store = service.store

    @routes.get("/equivalences")
    @routes.response(200, EquivalenceSchema(many=True))
    def equivalences() -> list[Equivalence]:
        """List every version of every equivalence."""
        return store.equivalences.all()

    @routes.post("/equivalences")
    @routes.only()
    @routes.arguments(EquivalenceSchema)
    @routes.response(201, EquivalenceSchema)
    def publish_equivalence(given: Equivalence) -> Equivalence:
        """Publish a version of an equivalence, which never changes again."""
        principal = service.principal()
        refuse(list(between([], [given], store.units.all())))
        act = Act(
            principal=principal.id,
            action="equivalence.publish",
            subject=f"{given.code}/{given.version}",
        )
        try:
            store.equivalences.publish(given, act)
        except UnitTaken as error:
            raise Problem(409, text_of(error)) from None
        return given

    return routes
