"""Organisations, employments and consents as the REST API takes and gives them."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from schemas.organisations import CONSENT_LEVELS, ORGANISATION_KINDS
from schemas.resources.paging import PageQuery
from schemas.texts import Text

ID = validate.Regexp(
    r"^[A-Za-z0-9._~-]{1,64}$", error=Text("must be 1 to 64 of A-Z a-z 0-9 . _ ~ -")
)
MOST = 1000
"""Entries of one request."""

WHO = {"description": "The id of a persona, or one of its identifiers (mbox:…, account:…|…)."}


class OrganisationChangeSchema(Schema):
    """An organisation to be added or changed."""

    kind = fields.String(required=True, validate=validate.OneOf(ORGANISATION_KINDS))
    name = fields.String(required=True, validate=validate.Length(1, 200))


class OrganisationSchema(OrganisationChangeSchema):
    """An organisation."""

    id = fields.String(required=True)
    created = fields.AwareDateTime(required=True)


class EmploymentSchema(Schema):
    """That a persona works for an organisation, up to but without the day `until`."""

    persona = fields.String(required=True, metadata=WHO)
    since = fields.Date(required=True)
    until = fields.Date(load_default=None, allow_none=True)
    employee = fields.String(load_default="", validate=validate.Length(max=100))
    department = fields.String(load_default="", validate=validate.Length(max=200))
    roster = fields.String(
        dump_only=True, metadata={"description": "The roster that says so, if one does."}
    )


class EmploymentsSchema(Schema):
    """Employments to be put in the place of those of the same personas."""

    items = fields.List(
        fields.Nested(EmploymentSchema), required=True, validate=validate.Length(1, MOST)
    )


class NewConsentSchema(Schema):
    """A consent that was given on paper; `evidence` says where it lies."""

    persona = fields.String(required=True, metadata=WHO)
    level = fields.String(required=True, validate=validate.OneOf(CONSENT_LEVELS))
    until = fields.Date(load_default=None, allow_none=True)
    evidence = fields.String(required=True, validate=validate.Length(1, 500))


class NewConsentsSchema(Schema):
    """Consents to be recorded."""

    items = fields.List(
        fields.Nested(NewConsentSchema), required=True, validate=validate.Length(1, MOST)
    )


class OwnConsentSchema(Schema):
    """What a learner lets an organisation see."""

    level = fields.String(required=True, validate=validate.OneOf(CONSENT_LEVELS))
    until = fields.Date(load_default=None, allow_none=True)


class ConsentSchema(Schema):
    """What a persona lets an organisation see, since when, and who recorded it."""

    organisation = fields.String(required=True)
    persona = fields.String(required=True)
    level = fields.String(required=True)
    by = fields.String(required=True)
    given = fields.AwareDateTime(required=True)
    until = fields.Date(allow_none=True)
    withdrawn = fields.AwareDateTime(allow_none=True)
    evidence = fields.String()


class OwnConsentsSchema(Schema):
    """All consents of a learner."""

    items = fields.List(fields.Nested(ConsentSchema), required=True)


class WithdrawalSchema(Schema):
    """Why something is done."""

    reason = fields.String(load_default="", validate=validate.Length(max=2000))


class EnterpriseQuery(PageQuery):
    """Which achievements of one's employees."""

    organisation = fields.String(
        load_default=None, metadata={"description": "For administrators: as which enterprise."}
    )
    unit = fields.String(load_default=None, metadata={"description": "Code of a unit."})
    department = fields.String(load_default=None)
    state = fields.String(
        load_default=None, validate=validate.OneOf(("verified", "superseded", "revoked"))
    )
    since = fields.Date(load_default=None, metadata={"description": "Achieved on or after."})
    until = fields.Date(load_default=None, metadata={"description": "Achieved on or before."})


class ChangesQuery(PageQuery):
    """From where on to tell changes."""

    organisation = fields.String(load_default=None)
    limit = fields.Integer(load_default=200, validate=validate.Range(1, 1000))


class ExportQuery(EnterpriseQuery):
    """In which format to export."""

    format = fields.String(
        load_default="ndjson", validate=validate.OneOf(("ndjson", "csv", "xlsx", "clr"))
    )
    cursor = fields.String(dump_only=True)
    limit = fields.Integer(dump_only=True)


class SummaryQuery(PageQuery):
    """Of which months, `YYYY-MM`, both included."""

    organisation = fields.String(load_default=None)
    unit = fields.String(load_default=None)
    department = fields.String(load_default=None)
    state = fields.String(
        load_default=None, validate=validate.OneOf(("verified", "superseded", "revoked"))
    )
    since = fields.String(load_default=None, validate=validate.Regexp(r"^\d{4}-\d{2}$"))
    until = fields.String(load_default=None, validate=validate.Regexp(r"^\d{4}-\d{2}$"))


class EnterpriseRecordsQuery(PageQuery):
    """Whose learner records."""

    organisation = fields.String(load_default=None)
    persona = fields.String(required=True)


class EmployeeAchievementSchema(Schema):
    """An achievement of an employee; `employee` is the enterprise's own number of them."""

    id = fields.String(required=True)
    persona = fields.String(required=True)
    name = fields.String(allow_none=True)
    employee = fields.String(required=True)
    department = fields.String(required=True)
    unit = fields.String(required=True)
    version = fields.Integer(required=True)
    title = fields.Dict(keys=fields.String(), values=fields.String())
    state = fields.String(required=True)
    achieved = fields.String(required=True, metadata={"format": "date"})
    valid_until = fields.String(allow_none=True, metadata={"format": "date"})
    expired = fields.Boolean(required=True)
    score = fields.Float(allow_none=True)
    changed = fields.AwareDateTime(required=True)


class EmployeeChangeSchema(Schema):
    """A change: an achievement as it is now, or, where it may be seen no more, its id alone."""

    id = fields.String(required=True)
    deleted = fields.Boolean(required=True)
    changed = fields.AwareDateTime(required=True)
    achievement = fields.Nested(EmployeeAchievementSchema, allow_none=True)


class EmployeeChangesSchema(Schema):
    """Changes, oldest first; ask again with `cursor`, at once where there are `more`."""

    items = fields.List(fields.Nested(EmployeeChangeSchema), required=True)
    cursor = fields.String(required=True)
    more = fields.Boolean(required=True)


class SummaryLineSchema(Schema):
    """How many achievements of a unit, department, month and state."""

    unit = fields.String(required=True)
    department = fields.String(required=True)
    month = fields.String(required=True)
    state = fields.String(required=True)
    count = fields.Integer(required=True)
