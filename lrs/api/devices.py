"""`/api/v1/devices` (docs/devices.md)."""

from __future__ import annotations

from typing import Any

import msgspec

from lrs.api.blueprint import ApiBlueprint, page
from lrs.api.cursors import read_cursor
from lrs.console.language import text_language
from lrs.imports import devices
from lrs.imports.intake import SourceRefused
from lrs.problems import Problem
from lrs.service import Service
from schemas.devices import Device
from schemas.resources.devices import (
    DeviceRegistrationSchema,
    DeviceRevocationSchema,
    DeviceSchema,
)
from schemas.resources.paging import PageQuery, page_of
from schemas.texts import text_of
from schemas.times import moment_of


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of devices."""
    routes = ApiBlueprint("devices", service, "Devices that record offline.", "registrar")
    store = service.store.devices

    @routes.post("/devices")
    @routes.arguments(DeviceRegistrationSchema)
    @routes.response(201, DeviceSchema)
    def register(body: dict[str, Any]) -> dict[str, Any]:
        """Register a device by its public key; one that has the key already is returned."""
        by = service.principal("registrar").id
        try:
            device = devices.register(service, body["name"], body["jwk"], body["source"], by)
        except devices.KeyRefused as refusal:
            fault = {"path": "jwk", "rule": text_of(refusal)}
            raise Problem(
                400, "The request is wrong; `errors` says where.", errors=[fault]
            ) from None
        except SourceRefused as refusal:
            fault = {"path": "source", "rule": refusal.reason[text_language()]}
            raise Problem(
                400, "The request is wrong; `errors` says where.", errors=[fault]
            ) from None
        return shape(device)

    @routes.get("/devices")
    @routes.arguments(PageQuery, location="query")
    @routes.response(200, page_of(DeviceSchema))
    def registered(query: dict[str, Any]) -> dict[str, Any]:
        """List devices, in the order they were registered, with the batches that are missing."""
        after = read_cursor(query["cursor"], tuple[int, str])
        found = store.page(after, query["limit"])
        return page(found, query["limit"], lambda one: (one.registered, one.id), shape)

    @routes.get("/devices/<device>")
    @routes.response(200, DeviceSchema)
    def get(device: str) -> dict[str, Any]:
        """Return one device."""
        found = store.get(device)
        if found is None:
            raise _none()
        return shape(found)

    @routes.post("/devices/<device>/revoke")
    @routes.arguments(DeviceRevocationSchema)
    @routes.response(200, DeviceSchema)
    def revoke(body: dict[str, Any], device: str) -> dict[str, Any]:
        """Revoke a device: no batch of it is taken from now on."""
        found = store.revoke(device, service.principal("registrar").id, body["reason"])
        if found is None:
            raise _none()
        return shape(found)

    def shape(device: Device) -> dict[str, Any]:
        return {
            **msgspec.structs.asdict(device),
            "registered": moment_of(device.registered),
            "revoked": device.revoked and moment_of(device.revoked),
            "seen": device.seen and moment_of(device.seen),
            "missing": store.gaps(device.id, devices.GAPS_SHOWN),
        }

    return routes


def _none() -> Problem:
    return Problem(404, "There is no such device.")
