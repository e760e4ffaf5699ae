"""Engagements, samples, dossiers, erasures and audit events in the REST API."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from schemas.engagements import PROFILES
from schemas.resources.exchange import ReasonSchema
from schemas.resources.paging import PageQuery
from schemas.texts import Text

_TEXT = validate.Length(1, 2000)
_SEED = {"description": "Any text. The same seed gives the same sample."}
_AS_OF = {"description": "Draw from the first so many leaves of the ledger; by default all."}


class NewEngagementSchema(Schema):
    """What an administrator engages an auditor for."""

    auditor = fields.String(
        required=True,
        validate=validate.Length(1, 200),
        metadata={"description": "The id of a principal, such as person:ID."},
    )
    purpose = fields.String(required=True, validate=_TEXT)
    units = fields.List(
        fields.String(validate=validate.Length(1, 64)),
        load_default=list,
        metadata={"description": "Codes of units; any where it is empty."},
    )
    since = fields.AwareDateTime(required=True)
    until = fields.AwareDateTime(required=True)
    profile = fields.String(required=True, validate=validate.OneOf(PROFILES))
    ends = fields.AwareDateTime(required=True)

    @validates_schema
    def check_times(self, data: dict[str, Any], **_: Any) -> None:
        """A period has a beginning before its end."""
        if data["since"] >= data["until"]:
            raise ValidationError(Text("must be after since"), "until")


class EngagementSchema(Schema):
    """An auditor's engagement."""

    id = fields.String(required=True)
    auditor = fields.String(required=True)
    purpose = fields.String(required=True)
    units = fields.List(fields.String(), required=True)
    since = fields.AwareDateTime(required=True)
    until = fields.AwareDateTime(required=True)
    profile = fields.String(required=True)
    created = fields.AwareDateTime(required=True)
    created_by = fields.String(required=True)
    ends = fields.AwareDateTime(required=True)
    ended = fields.AwareDateTime(required=True, allow_none=True)


class SampleQuery(Schema):
    """Which sample."""

    size = fields.Integer(required=True, validate=validate.Range(1, 10_000))
    seed = fields.String(required=True, validate=validate.Length(1, 200), metadata=_SEED)
    unit = fields.String(load_default=None)
    as_of = fields.Integer(load_default=None, validate=validate.Range(1), metadata=_AS_OF)


class SampleSchema(Schema):
    """A sample: by SHA-256(seed, newline, claim) the first of all claims within the scope."""

    engagement = fields.String(required=True)
    seed = fields.String(required=True)
    unit = fields.String(required=True, allow_none=True)
    as_of = fields.Integer(required=True)
    root = fields.String(required=True, metadata={"description": "Of the ledger as of then."})
    population = fields.Integer(required=True)
    claims = fields.List(fields.String(), required=True)


class DossierQuery(ReasonSchema):
    """Why somebody looks at a claim, and under which engagement."""

    engagement = fields.String(load_default=None)
    profile = fields.String(
        load_default=None,
        validate=validate.OneOf(PROFILES),
        metadata={"description": "For administrators; an engagement has its own."},
    )


class ErasedSchema(Schema):
    """What an erasure came to."""

    personas = fields.List(fields.String(), required=True)
    statements = fields.Integer(required=True)
    mentions = fields.Integer(required=True)
    documents = fields.Integer(required=True)
    achievements = fields.Integer(required=True)
    claims = fields.Integer(required=True)
    import_rows = fields.Integer(required=True)


class AuditEventQuery(PageQuery):
    """Of whose data, or by whom."""

    persona = fields.String(load_default=None)
    principal = fields.String(load_default=None)


class AuditEventSchema(Schema):
    """A privileged act that was done."""

    at = fields.AwareDateTime(required=True)
    principal = fields.String(required=True)
    action = fields.String(required=True)
    subject = fields.String(required=True)
    persona = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True)
    detail = fields.Dict(required=True)
