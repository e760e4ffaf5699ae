"""Personas as the REST API gives them."""

from __future__ import annotations

from marshmallow import Schema, fields

from schemas.resources.paging import PageQuery, page_of
from schemas.resources.records import CourseRecordSchema, LearnerRecordSchema


class PersonaQuery(PageQuery):
    """The parameters of the list of personas."""

    name = fields.String(
        load_default=None, metadata={"description": "How the name begins; exact in case."}
    )
    identifier = fields.String(
        load_default=None,
        metadata={"description": "An identifier, as `mbox:mailto:a@b.cn` or `account:URL|NAME`."},
    )


class PersonaSchema(Schema):
    """One person as we know them; `merged_into` where that is now another persona."""

    id = fields.String(required=True)
    name = fields.String(allow_none=True)
    identifiers = fields.List(fields.String(), required=True)
    merged_into = fields.String(allow_none=True)


class EmployerSchema(Schema):
    """An organisation that a roster says a person belongs to."""

    id = fields.String(required=True)
    name = fields.String(required=True)


class TimelineEventSchema(Schema):
    """One thing that a learner did, as it was told."""

    time = fields.AwareDateTime(required=True)
    kind = fields.String(required=True)
    activity = fields.String(required=True)
    activity_name = fields.Dict(keys=fields.String(), values=fields.String(), allow_none=True)
    course = fields.String(allow_none=True)
    statement = fields.String(required=True)
    provenance = fields.String(required=True)


class FileSchema(Schema):
    """A lifelong learning file: the first page of everything, with where to read on.

    `duration` is seconds over all records; time that several fill counts once.
    """

    persona = fields.Nested(PersonaSchema, required=True)
    employers = fields.List(fields.Nested(EmployerSchema), required=True)
    duration = fields.Float(required=True)
    records = fields.Nested(page_of(LearnerRecordSchema), required=True)
    courses = fields.Nested(page_of(CourseRecordSchema), required=True)
    timeline = fields.Nested(page_of(TimelineEventSchema), required=True)
    achievements = fields.String(metadata={"description": "The address of the achievements."})
    claims = fields.String(metadata={"description": "The address of the claims."})
