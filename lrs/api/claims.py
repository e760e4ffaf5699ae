"""`/api/v1/claims`."""

from __future__ import annotations

from typing import Any

import msgspec

from lrs.api.blueprint import ApiBlueprint, page
from lrs.api.cursors import read_cursor
from lrs.service import Service
from schemas.resources.claims import ClaimSchema
from schemas.resources.paging import OfPersonaQuery, page_of
from schemas.times import moment_of


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of claims."""
    routes = ApiBlueprint("claims", service, "Achievements put to a bank.", "reader", "officer")
    store = service.store.exchange

    @routes.get("/claims")
    @routes.arguments(OfPersonaQuery, location="query")
    @routes.response(200, page_of(ClaimSchema))
    def claims(query: dict[str, Any]) -> dict[str, Any]:
        """List claims, those that changed last first, of all personas or of one."""
        after = read_cursor(query["cursor"], tuple[int, str])
        return page(
            store.claims(after, query["limit"], query["persona"]),
            query["limit"],
            lambda claim: (claim.changed, claim.id),
            lambda claim: {**msgspec.structs.asdict(claim), "changed": moment_of(claim.changed)},
        )

    return routes
