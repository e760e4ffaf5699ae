"""Learner records as the REST API gives them."""

from __future__ import annotations

from marshmallow import Schema, fields


class ScoreSchema(Schema):
    """A score as xAPI has it."""

    scaled = fields.Float(allow_none=True)
    raw = fields.Float(allow_none=True)
    min = fields.Float(allow_none=True)
    max = fields.Float(allow_none=True)


class LearnerRecordSchema(Schema):
    """What a persona did with one activity in one registration; `duration` in seconds."""

    persona = fields.String(required=True)
    activity = fields.String(required=True)
    registration = fields.String(allow_none=True)
    name = fields.Dict(keys=fields.String(), values=fields.String(), allow_none=True)
    type = fields.String(allow_none=True)
    course = fields.String(allow_none=True)
    first = fields.AwareDateTime(required=True)
    last = fields.AwareDateTime(required=True)
    attempts = fields.Integer(required=True)
    progress = fields.Float(allow_none=True)
    best_score = fields.Nested(ScoreSchema, allow_none=True)
    last_score = fields.Nested(ScoreSchema, allow_none=True)
    success = fields.Boolean(allow_none=True)
    completion = fields.Boolean(allow_none=True)
    completed_at = fields.AwareDateTime(allow_none=True)
    duration = fields.Float(required=True)
    sessions = fields.Dict(keys=fields.String(), values=fields.String())
    examiners = fields.List(fields.String())
    evidence = fields.List(fields.String())
