"""Achievements as the REST API gives them."""

from __future__ import annotations

from marshmallow import Schema, fields


class RenewalSchema(Schema):
    """The rule was met again by what was done later; it puts off the end of the validity."""

    achieved_at = fields.AwareDateTime(required=True)
    score = fields.Float(allow_none=True)
    evidence = fields.Dict(keys=fields.String(), values=fields.String())
    evidence_hash = fields.String(required=True)


class HeldAchievementSchema(Schema):
    """A persona has met the rule of a unit's version; `evidence` gives each statement's hash.

    `credits` is absent where they are the unit's; `basis` are the achievements that it rests on
    and `conversion` the equivalence that it came by; `asked` where an officer has asked for more.
    """

    id = fields.String(required=True)
    persona = fields.String(required=True)
    unit = fields.String(required=True)
    version = fields.Integer(required=True)
    state = fields.String(required=True)
    achieved_at = fields.AwareDateTime(required=True)
    score = fields.Float(allow_none=True)
    evidence = fields.Dict(keys=fields.String(), values=fields.String())
    evidence_hash = fields.String(required=True)
    credits = fields.Float(allow_none=True)
    basis = fields.List(fields.String())
    conversion = fields.String(allow_none=True)
    asked = fields.Boolean()
    reason = fields.String(allow_none=True)
    renewals = fields.List(fields.Nested(RenewalSchema))


class AchievementSchema(HeldAchievementSchema):
    """An achievement, when it changed last, and the end of its validity where there is one.

    One that has `expired` stays what it is, and counts for nothing that is achieved from then on.
    """

    valid_until = fields.AwareDateTime(allow_none=True)
    expired = fields.Boolean(required=True)

    changed = fields.AwareDateTime(required=True)
