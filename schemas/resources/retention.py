"""Retention policies as the REST API takes and gives them."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from schemas.resources.exchange import ReasonSchema
from schemas.retention import DATA_CLASSES, MOST_DAYS

_DAYS = {"description": "null: kept for good."}
_STAYED = {"description": "What is older and stays, because something rests on it."}


class PolicySchema(Schema):
    """For how long data of a class is kept, and what the last run came to."""

    data_class = fields.String(required=True, validate=validate.OneOf(DATA_CLASSES))
    days = fields.Integer(required=True, allow_none=True, metadata=_DAYS)
    least_days = fields.Integer(required=True)
    begun = fields.AwareDateTime(required=True, allow_none=True)
    ended = fields.AwareDateTime(required=True, allow_none=True)
    removed = fields.Integer(required=True)
    kept = fields.Integer(required=True, metadata=_STAYED)


class PoliciesSchema(Schema):
    """The policy of every class."""

    items = fields.List(fields.Nested(PolicySchema), required=True)


class PolicyChangeSchema(ReasonSchema):
    """What a policy is to be, and why."""

    days = fields.Integer(
        required=True, allow_none=True, validate=validate.Range(1, MOST_DAYS), metadata=_DAYS
    )


class PlanQuery(Schema):
    """As if data were kept for so many days."""

    days = fields.Integer(required=True, validate=validate.Range(1, MOST_DAYS))


class PlanSchema(Schema):
    """What would go. Where there is more than is counted at once, `more` is true."""

    data_class = fields.String(required=True)
    before = fields.AwareDateTime(required=True)
    removed = fields.Integer(required=True)
    kept = fields.Integer(required=True, metadata=_STAYED)
    more = fields.Boolean(required=True)
