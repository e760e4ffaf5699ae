"""Claims and receipts as the REST API gives them."""

from __future__ import annotations

from marshmallow import Schema, fields


class ClaimLearnerSchema(Schema):
    """The learner as the receiver is told."""

    name = fields.String(required=True)
    identifier = fields.String(required=True)


class ClaimUnitSchema(Schema):
    """The unit as the receiver is told."""

    code = fields.String(required=True)
    version = fields.Integer(required=True)
    title = fields.Dict(keys=fields.String(), values=fields.String())
    field = fields.String(required=True)
    level = fields.Integer(required=True)
    credits = fields.Float(required=True)
    hours = fields.Float(required=True)
    awarding_body = fields.String(required=True)


class ClaimPayloadSchema(Schema):
    """What was sent, or will be."""

    format = fields.String(required=True)
    outer_id = fields.String(required=True)
    kind = fields.String(required=True)
    learner = fields.Nested(ClaimLearnerSchema, required=True)
    unit = fields.Nested(ClaimUnitSchema, required=True)
    institution = fields.String(required=True)
    achieved_at = fields.AwareDateTime(required=True)
    score = fields.Float(allow_none=True)
    evidence_hash = fields.String(required=True)


class ReceiptSchema(Schema):
    """The receiver's signed answer; `jws` is the proof."""

    outer_id = fields.String(required=True)
    bank_id = fields.String(required=True)
    decision = fields.String(required=True)
    reason = fields.String(allow_none=True)
    claim_hash = fields.String(required=True)
    issuer = fields.String(required=True)
    issued_at = fields.AwareDateTime(required=True)
    jws = fields.String(required=True)


class ClaimSchema(Schema):
    """An achievement put to a receiver."""

    id = fields.String(required=True)
    achievement = fields.String(required=True)
    receiver = fields.String(required=True)
    state = fields.String(required=True)
    changed = fields.AwareDateTime(required=True)
    payload = fields.Nested(ClaimPayloadSchema, required=True)
    receipt = fields.Nested(ReceiptSchema, allow_none=True)
    withdrawal = fields.Nested(ReceiptSchema, allow_none=True)
    reason = fields.String(allow_none=True)
