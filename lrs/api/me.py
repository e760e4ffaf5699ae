"""`/api/v1/me`."""

from __future__ import annotations

from lrs.api.blueprint import ApiBlueprint
from lrs.service import Service
from schemas.principals import ROLES, Principal
from schemas.resources.people import PrincipalSchema


def blueprint(service: Service) -> ApiBlueprint:
    """Return the route that tells callers who they are, for everybody."""
    routes = ApiBlueprint("me", service, "Who asks.", *ROLES)

    @routes.get("/me")
    @routes.response(200, PrincipalSchema)
    def me() -> Principal:
        """Return who asks, with their roles."""
        return service.principal(*ROLES)

    return routes
