"""The officers' queue and what officers decide, as the REST API takes and gives them."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from schemas.achievements import VERDICTS
from schemas.resources.achievements import HeldAchievementSchema
from schemas.resources.paging import PageQuery
from schemas.texts import Text

BATCH_LIMIT = 200


class QueueQuery(PageQuery):
    """The parameters of the officers' queue."""

    unit = fields.String(load_default=None, metadata={"description": "The code of a unit."})
    course = fields.String(
        load_default=None,
        metadata={"description": "An activity or course that the unit's rule reads."},
    )


class WaitingSchema(Schema):
    """An achievement that waits for an officer, the learner's name, and since when."""

    achievement = fields.Nested(HeldAchievementSchema, required=True)
    learner = fields.String(allow_none=True)
    title = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    waiting_since = fields.AwareDateTime(required=True)


class DecisionSchema(Schema):
    """What an officer decides on one achievement."""

    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    reason = fields.String(
        required=True,
        validate=[validate.Length(1, 2000), validate.Regexp(r"\s*\S", error=Text("Say why."))],
    )
    evidence_hash = fields.String(
        load_default=None,
        metadata={"description": "Of the evidence that was looked at; another one is not decided."},
    )


class NamedDecisionSchema(DecisionSchema):
    """What an officer decides on one achievement of several."""

    achievement = fields.String(required=True)


class DecisionsSchema(Schema):
    """What an officer decides on several achievements at once."""

    decisions = fields.List(
        fields.Nested(NamedDecisionSchema),
        required=True,
        validate=validate.Length(1, BATCH_LIMIT),
    )


class OutcomeSchema(Schema):
    """What became of one decision."""

    achievement = fields.String(required=True)
    outcome = fields.String(required=True)
    detail = fields.String(required=True, metadata={"description": "What to do next."})


class OutcomesSchema(Schema):
    """What became of each decision, in the order given."""

    items = fields.List(fields.Nested(OutcomeSchema), required=True)


class DecidedSchema(Schema):
    """What an officer decided."""

    at = fields.AwareDateTime(required=True)
    principal = fields.String(required=True)
    verdict = fields.String(required=True)
    reason = fields.String(required=True)
    evidence_hash = fields.String(required=True)


class DecisionListSchema(Schema):
    """What officers decided on an achievement, the earliest first."""

    items = fields.List(fields.Nested(DecidedSchema), required=True)
