"""Our own resources as the REST API gives them: one marshmallow schema each."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

PAGE_SIZE = 50
PAGE_LIMIT = 200


class PageQuery(Schema):
    """The parameters of every list."""

    cursor = fields.String(metadata={"description": "Where the page before this one ended."})
    limit = fields.Integer(
        load_default=PAGE_SIZE,
        validate=validate.Range(1, PAGE_LIMIT),
        metadata={"description": "How many items at the most."},
    )


class OfPersonaQuery(PageQuery):
    """The parameters of lists that can be narrowed to one persona."""

    persona = fields.String(metadata={"description": "The id of a persona."})


class PersonaSchema(Schema):
    """One person as we know them."""

    id = fields.String(required=True)
    name = fields.String(allow_none=True)
    identifiers = fields.List(fields.String(), required=True)


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
    reason = fields.String(allow_none=True)
