"""Achievements as the REST API gives them."""

from __future__ import annotations

from marshmallow import Schema, fields


class AchievementSchema(Schema):
    """A persona has met the rule of a unit's version; `evidence` gives each statement's hash."""

    id = fields.String(required=True)
    persona = fields.String(required=True)
    unit = fields.String(required=True)
    version = fields.Integer(required=True)
    state = fields.String(required=True)
    achieved_at = fields.AwareDateTime(required=True)
    score = fields.Float(allow_none=True)
    evidence = fields.Dict(keys=fields.String(), values=fields.String())
    evidence_hash = fields.String(required=True)
    changed = fields.AwareDateTime(required=True)
