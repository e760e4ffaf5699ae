"""Errors as every part of the service gives them (RFC 9457)."""

from __future__ import annotations

from marshmallow import Schema, fields


class FaultSchema(Schema):
    """Where a request is wrong, and which rule it breaks."""

    path = fields.String(required=True)
    rule = fields.String(required=True)
    index = fields.Integer(metadata={"description": "In a batch, which item; from 0."})


class ProblemSchema(Schema):
    """Problem details, as `application/problem+json`."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata={"description": "What to do next."})
    errors = fields.List(fields.Nested(FaultSchema))
