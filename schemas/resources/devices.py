"""Devices and their batches as the REST API takes and gives them."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from schemas.resources.imports import CountsSchema, ImportRowSchema


class DeviceRegistrationSchema(Schema):
    """A device to be registered."""

    name = fields.String(required=True, validate=validate.Length(1, 100))
    jwk = fields.Dict(
        keys=fields.String(),
        required=True,
        metadata={"description": "Its public key (RFC 7517): EC P-256 or Ed25519."},
    )
    source = fields.String(
        load_default="devices",
        validate=validate.Length(1, 100),
        metadata={"description": "Key of the source that its statements are of."},
    )


class DeviceSchema(Schema):
    """A device that may hand in batches."""

    id = fields.String(
        required=True, metadata={"description": "The key's thumbprint: kid of its signatures."}
    )
    name = fields.String(required=True)
    source = fields.String(required=True)
    jwk = fields.Dict(keys=fields.String(), required=True)
    by = fields.String(required=True)
    registered = fields.AwareDateTime(required=True)
    revoked = fields.AwareDateTime(allow_none=True)
    seen = fields.AwareDateTime(
        allow_none=True, metadata={"description": "When it last handed in a batch."}
    )
    highest = fields.Integer(required=True, metadata={"description": "Highest number taken."})
    accepted = fields.Integer(required=True, metadata={"description": "How many were taken."})
    missing = fields.List(
        fields.List(fields.Integer()),
        required=True,
        metadata={"description": "Runs of missing numbers: the first and the last of each."},
    )


class DeviceRevocationSchema(Schema):
    """Why a device is revoked."""

    reason = fields.String(required=True, validate=validate.Length(1, 1000))


class BatchReceiptSchema(Schema):
    """What became of a batch."""

    device = fields.String(required=True)
    number = fields.Integer(required=True)
    state = fields.String(
        required=True,
        validate=validate.OneOf(["accepted", "known"]),
        metadata={"description": "`known`: it was taken before, nothing changed."},
    )
    import_id = fields.String(required=True, data_key="import")
    counts = fields.Nested(CountsSchema, required=True)
    refused = fields.List(fields.Nested(ImportRowSchema), required=True)
    missing = fields.List(fields.List(fields.Integer()), required=True)
