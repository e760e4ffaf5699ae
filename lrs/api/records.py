"""`/api/v1/records`."""

from __future__ import annotations

from typing import Any

import msgspec

from lrs.api.blueprint import ApiBlueprint, page
from lrs.api.cursors import read_cursor
from lrs.service import Service
from lrs.store.records import RecordKey
from schemas.resources.paging import OfPersonaQuery, page_of
from schemas.resources.records import LearnerRecordSchema


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of learner records."""
    routes = ApiBlueprint("records", service, "Learner records.", "reader", "registrar", "officer")
    store = service.store.records

    @routes.get("/records")
    @routes.arguments(OfPersonaQuery, location="query")
    @routes.response(200, page_of(LearnerRecordSchema))
    def records(query: dict[str, Any]) -> dict[str, Any]:
        """List learner records, of all personas or of one."""
        place = read_cursor(query["cursor"], tuple[str, str, str])
        after = place and RecordKey(*place)
        if query["persona"] is None:
            found = store.records(after, query["limit"])
        else:
            found = store.records_of(query["persona"], after, query["limit"])
        return page(
            found,
            query["limit"],
            lambda item: (item[0], item[1].activity, item[1].registration or ""),
            lambda item: {"persona": item[0], **msgspec.structs.asdict(item[1])},
        )

    return routes
