"""The agents resource (1.0.3 part three 2.4; 2.0.0 4.1.6.3)."""

from __future__ import annotations

from typing import Any

import msgspec
from flask import Blueprint, Response, request

from lrs.service import Service
from lrs.xapi.parameters import agent_parameter, expect_parameters
from schemas.identifiers import actor_of


def blueprint(service: Service) -> Blueprint:
    """Return the routes of the agents resource."""
    routes = Blueprint("agents", __name__)

    @routes.get("/agents")
    def get() -> Response:
        service.enter("statements/read", "profile", "all/read")
        expect_parameters("agent")
        actor, identifier = agent_parameter()
        person = _person(service, identifier)
        if isinstance(actor.name, str) and actor.name not in person.setdefault("name", []):
            person["name"].append(actor.name)
        response = Response(msgspec.json.encode(person), 200, {"Content-Type": "application/json"})
        response.add_etag()
        response.make_conditional(request)
        return response

    return routes


def _person(service: Service, identifier: str) -> dict[str, Any]:
    """The Person object: every identifier and the name of the persona that has this one."""
    known = service.store.records.personas_of([identifier]).get(identifier)
    persona = service.store.records.persona(known) if known else None
    person: dict[str, Any] = {"objectType": "Person"}
    if persona is not None and persona.name:
        person["name"] = [persona.name]
    for one in persona.identifiers if persona else (identifier,):
        for kind, value in actor_of(one).items():
            person.setdefault(kind, []).append(value)
    return person
