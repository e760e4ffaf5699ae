"""The ledger's checkpoint and proofs as the REST API gives them; hashes are base64."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

_SIZE = {"description": "Leaves of the tree; by default those of the newest checkpoint."}


class CheckpointSchema(Schema):
    """A signed tree head; `note` is the signed text (C2SP tlog-checkpoint)."""

    size = fields.Integer(required=True)
    root = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    note = fields.String(required=True)
    timestamped = fields.Boolean(required=True)


class InclusionQuery(Schema):
    """Of which leaf, in which tree."""

    index = fields.Integer(required=True, validate=validate.Range(0))
    size = fields.Integer(load_default=None, validate=validate.Range(1), metadata=_SIZE)


class ConsistencyQuery(Schema):
    """Of which part of the tree, in which tree: leaves from `start`, by default 0, to `end`."""

    start = fields.Integer(load_default=0, validate=validate.Range(0))
    end = fields.Integer(required=True, validate=validate.Range(1))
    size = fields.Integer(load_default=None, validate=validate.Range(1), metadata=_SIZE)


class ProofSchema(Schema):
    """A proof in the tree of `size` leaves and that root."""

    size = fields.Integer(required=True)
    root = fields.String(required=True)
    proof = fields.List(fields.String(), required=True)


class InclusionSchema(ProofSchema):
    """The proof that `entry` (base64) is the leaf `index`."""

    index = fields.Integer(required=True)
    entry = fields.String(required=True)
