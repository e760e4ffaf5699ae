"""`/api/v1/device-batches` (docs/devices.md)."""

from __future__ import annotations

from typing import Any

from flask import request

from lrs.api.blueprint import ApiBlueprint
from lrs.api.imports import row_shape
from lrs.console.language import text_language
from lrs.imports import devices
from lrs.imports.intake import SourceRefused
from lrs.problems import Problem
from lrs.service import Service
from schemas.resources.devices import BatchReceiptSchema
from schemas.texts import Text, text_of

MEDIA_TYPE = "application/jose"


def blueprint(service: Service) -> ApiBlueprint:
    """Return the route at which devices hand in; their signature says who they are."""
    routes = ApiBlueprint("device_batches", service, "Batches of devices.", signed_in=False)

    @routes.post("/device-batches")
    @routes.doc(
        security=[],
        requestBody={
            "required": True,
            "content": {
                MEDIA_TYPE: {"schema": {"type": "string", "description": "A compact JWS."}}
            },
        },
    )
    @routes.response(200, BatchReceiptSchema)
    def take() -> dict[str, Any]:
        """Hand in a signed batch; the same batch again changes nothing."""
        if request.mimetype != MEDIA_TYPE:
            raise Problem(
                415, Text("Send the batch as %(media_type)s: a compact JWS.", media_type=MEDIA_TYPE)
            )
        try:
            receipt = devices.take(service, request.get_data())
        except devices.BatchRefused as refusal:
            raise Problem(refusal.status, text_of(refusal)) from None
        except SourceRefused as refusal:
            raise Problem(409, refusal.reason[text_language()]) from None
        return {
            "device": receipt.imported.by.partition(":")[2],
            "number": receipt.number,
            "state": receipt.state,
            "import_id": receipt.imported.id,
            "counts": receipt.imported.counts,
            "refused": [row_shape(row) for row in receipt.refused],
            "missing": receipt.missing,
        }

    return routes
