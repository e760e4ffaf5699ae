"""Learner records as the REST API gives them."""

from __future__ import annotations

from marshmallow import Schema, fields

from schemas.resources.paging import OfPersonaQuery, PageQuery


class ScoreSchema(Schema):
    """A score as xAPI has it."""

    scaled = fields.Float(allow_none=True)
    raw = fields.Float(allow_none=True)
    min = fields.Float(allow_none=True)
    max = fields.Float(allow_none=True)


class RecordQuery(OfPersonaQuery):
    """The parameters of the list of records."""

    as_of = fields.AwareDateTime(
        load_default=None,
        metadata={
            "description": "Give the records of a persona as they were at this time, by the "
            "identities and the evidence known then."
        },
    )


class EvidenceQuery(PageQuery):
    """Of which record to list the statements."""

    persona = fields.String(required=True)
    activity = fields.String(required=True)
    registration = fields.String(load_default="")


class EvidenceSchema(Schema):
    """A statement that a record was made from."""

    statement = fields.String(required=True)


class LearnerRecordSchema(Schema):
    """What a persona did with one activity in one registration; `duration` in seconds, measured:
    time that two events fill counts once. `events` counts what it was made from; `evidence` holds
    the ids of up to 200 statements, `/records/evidence` all of them.
    """

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
    events = fields.Integer(required=True)
    evidence = fields.List(fields.String())


class CourseRecordSchema(Schema):
    """What a persona did in a course, or in all activities of a programme (then `id` is the
    unit's code), in all registrations. `parts` and `satisfied` count the units of the course's
    structure, or the activities that the programme's rule reads; `duration` is seconds.
    """

    id = fields.String(required=True)
    name = fields.Dict(keys=fields.String(), values=fields.String(), allow_none=True)
    first = fields.AwareDateTime(allow_none=True)
    last = fields.AwareDateTime(allow_none=True)
    activities = fields.Integer(required=True)
    completed = fields.Integer(required=True)
    parts = fields.Integer(allow_none=True)
    satisfied = fields.Integer(allow_none=True)
    progress = fields.Float(allow_none=True)
    best_score = fields.Nested(ScoreSchema, allow_none=True)
    success = fields.Boolean(allow_none=True)
    completion = fields.Boolean(allow_none=True)
    completed_at = fields.AwareDateTime(allow_none=True)
    duration = fields.Float(required=True)
    sessions = fields.Integer(required=True)
    events = fields.Integer(required=True)
