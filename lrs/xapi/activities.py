"""The activities resource (1.0.3 part three 2.5; 2.0.0 4.1.6.4)."""

from __future__ import annotations

import msgspec
from flask import Blueprint, Response, request

from lrs.service import Service
from lrs.xapi.parameters import expect_parameters, iri_parameter


def blueprint(service: Service) -> Blueprint:
    """Return the routes of the activities resource."""
    routes = Blueprint("activities", __name__)

    @routes.get("/activities")
    def get() -> Response:
        service.enter("statements/read", "statements/read/mine", "define", "all/read")
        expect_parameters("activityId")
        iri = iri_parameter("activityId")
        activity: dict[str, object] = {"objectType": "Activity", "id": iri}
        definition = service.store.statements.definitions([iri]).get(iri)
        if definition is not None:
            activity["definition"] = msgspec.Raw(definition)
        response = Response(
            msgspec.json.encode(activity), 200, {"Content-Type": "application/json"}
        )
        response.add_etag()
        response.make_conditional(request)
        return response

    return routes
