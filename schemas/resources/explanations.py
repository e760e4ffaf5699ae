"""Explanations of decisions as the REST API gives them."""

from __future__ import annotations

from marshmallow import Schema, fields

from schemas.resources.achievements import HeldAchievementSchema
from schemas.resources.officers import DecidedSchema


class RefusalSchema(Schema):
    """A statement that would have counted, and why it does not."""

    statement = fields.String(required=True)
    time = fields.AwareDateTime(required=True)
    reason = fields.String(required=True)
    detail = fields.String(allow_none=True)


class CreditShareSchema(Schema):
    """One sum within a sum of credits."""

    category = fields.List(fields.String(), required=True)
    route = fields.List(fields.String(), required=True)
    at_least = fields.Float(required=True)
    have = fields.Float(required=True)
    met = fields.Boolean(required=True)


class ConditionResultSchema(Schema):
    """How one condition was judged, by which statements and achievements."""

    condition = fields.Dict(required=True, metadata={"description": "As the unit has it."})
    met = fields.Boolean(required=True)
    reason = fields.String(required=True)
    parameters = fields.Dict(keys=fields.String(), values=fields.Float(), required=True)
    achieved_at = fields.AwareDateTime(allow_none=True)
    score = fields.Float(allow_none=True)
    evidence = fields.List(fields.String(), required=True)
    achievements = fields.List(fields.String(), required=True)
    refused = fields.List(fields.Nested(RefusalSchema), required=True)
    shares = fields.List(fields.Nested(CreditShareSchema), required=True)
    conditions = fields.List(fields.Nested("ConditionResultSchema"), required=True)


class ConversionResultSchema(Schema):
    """What an equivalence came to."""

    equivalence = fields.String(required=True)
    sources = fields.List(fields.String(), required=True)
    met = fields.Boolean(required=True)
    reason = fields.String(required=True)
    credits = fields.Float(required=True)
    achieved_at = fields.AwareDateTime(allow_none=True)
    basis = fields.List(fields.String(), required=True)


class CheckSchema(Schema):
    """How one of the six checks went; `statements` are those that fail it."""

    check = fields.String(required=True)
    outcome = fields.String(required=True)
    statements = fields.List(fields.String(), required=True)


class ExplanationSchema(Schema):
    """Why a persona has achieved a unit or has not, as data and in words.

    `evidence` are the statements that the decision rests on; without any of them it would be
    another one.
    """

    persona = fields.String(required=True)
    unit = fields.String(required=True)
    version = fields.Integer(required=True)
    as_of = fields.AwareDateTime(required=True)
    met = fields.Boolean(required=True)
    achieved_at = fields.AwareDateTime(allow_none=True)
    score = fields.Float(allow_none=True)
    evidence = fields.List(fields.String(), required=True)
    rule = fields.Nested(ConditionResultSchema, required=True)
    conversions = fields.List(fields.Nested(ConversionResultSchema), required=True)
    checks = fields.List(fields.Nested(CheckSchema), required=True)
    achievement = fields.Nested(HeldAchievementSchema, allow_none=True)
    valid_until = fields.AwareDateTime(allow_none=True)
    expired = fields.Boolean(required=True)
    decisions = fields.List(fields.Nested(DecidedSchema), required=True)
    text = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "In the language that Accept-Language asks for."},
    )
