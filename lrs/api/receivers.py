"""`/api/v1/receivers`, and their catalogues."""

from __future__ import annotations

from typing import Any

import msgspec

from lrs.api.blueprint import ApiBlueprint, page
from lrs.api.cursors import read_cursor
from lrs.problems import Problem
from lrs.service import Service
from lrs.store.circuit import Circuit
from lrs.store.exchange import KnownReceiver
from schemas.resources.exchange import ReceiverSchema, RecognisedUnitSchema
from schemas.resources.paging import PageQuery, page_of
from schemas.texts import Text
from schemas.times import moment_of


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of receivers."""
    routes = ApiBlueprint(
        "receivers", service, "The banks and others that claims are put to.", "reader", "officer"
    )
    store = service.store

    @routes.get("/receivers")
    @routes.arguments(PageQuery, location="query")
    @routes.response(200, page_of(ReceiverSchema))
    def receivers(query: dict[str, Any]) -> dict[str, Any]:
        """List receivers by name, each with how it answered last."""
        after = read_cursor(query["cursor"], str) or ""
        known = sorted(store.exchange.receivers().items())
        found = [one for name, one in known if name > after][: query["limit"]]
        circuits = store.outbox.circuits()
        return page(
            found,
            query["limit"],
            lambda one: one.name,
            lambda one: _shape(one, circuits.get(one.name, Circuit())),
        )

    @routes.get("/receivers/<receiver>/catalogue")
    @routes.arguments(PageQuery, location="query")
    @routes.response(200, page_of(RecognisedUnitSchema))
    def catalogue(query: dict[str, Any], receiver: str) -> dict[str, Any]:
        """List the units that a receiver recognises, as it said last, by code."""
        if receiver not in store.exchange.receivers():
            raise Problem(404, Text("There is no receiver %(receiver)r.", receiver=receiver))
        after = read_cursor(query["cursor"], str) or ""
        found = store.reconciliations.catalogue(receiver, after, query["limit"])
        return page(found, query["limit"], lambda unit: unit.code, msgspec.structs.asdict)

    return routes


def _shape(receiver: KnownReceiver, circuit: Circuit) -> dict[str, Any]:
    return {
        "name": receiver.name,
        "adapter": receiver.adapter,
        "url": receiver.url,
        "client_id": receiver.client_id,
        "institution": receiver.institution,
        "failures": circuit.failures,
        "left_alone_until": moment_of(circuit.closed_off) if circuit.failures else None,
    }
