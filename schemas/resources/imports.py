"""Imports, their rows and the quarantine as the REST API takes and gives them."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from schemas.imports import IMPORT_KINDS, IMPORT_STATES, ROW_STATES, SHEET_KINDS
from schemas.resources.paging import PageQuery

_KINDS = [kind for kind in IMPORT_KINDS if kind != "batch"]
_QUARANTINE = ("quarantined", "released", "discarded")

TextsField = fields.Dict(
    keys=fields.String(), values=fields.String(), metadata={"description": "By language."}
)


class SheetFormSchema(Schema):
    """A file, and what a sheet does not say itself."""

    file = fields.Raw(required=True, metadata={"type": "string", "format": "binary"})

    kind = fields.String(
        load_default=None,
        validate=validate.OneOf(_KINDS),
        metadata={"description": "What the file holds; told by its name else."},
    )
    columns = fields.String(
        load_default="{}",
        metadata={
            "description": "JSON object: what headers mean that are not known by themselves, a "
            "column's key or `ignore` by header."
        },
    )
    csrf_token = fields.String(load_default="", load_only=True)


class ImportFormSchema(SheetFormSchema):
    """How a file is to be imported."""

    home_page = fields.String(
        load_default="", metadata={"description": "Account home page of the people's ids."}
    )
    course_base = fields.String(
        load_default="", metadata={"description": "IRI to which a course's code is appended."}
    )
    time_zone = fields.String(load_default="Asia/Shanghai")
    roster = fields.String(
        load_default="",
        validate=validate.Length(max=100),
        metadata={"description": "Name of the roster that a OneRoster file brings up to date."},
    )
    source = fields.String(load_default="import", validate=validate.Length(1, 100))
    dry_run = fields.Boolean(
        load_default=False, metadata={"description": "Check and report each row; store nothing."}
    )


class CountsSchema(Schema):
    """How many rows, and what became of them."""

    rows = fields.Integer(required=True)
    stored = fields.Integer(required=True)
    known = fields.Integer(required=True)
    duplicates = fields.Integer(required=True)
    refused = fields.Integer(required=True)


class ImportSchema(Schema):
    """A file being taken in, or taken in."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    sha256 = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(IMPORT_KINDS))
    by = fields.String(required=True, metadata={"description": "Id of the principal."})
    source = fields.String(required=True)
    created = fields.AwareDateTime(required=True)
    changed = fields.AwareDateTime(required=True)
    state = fields.String(required=True, validate=validate.OneOf(IMPORT_STATES))
    dry_run = fields.Boolean(required=True, attribute="rehearsal")
    total = fields.Integer(allow_none=True, metadata={"description": "Rows, once counted."})
    counts = fields.Nested(CountsSchema, required=True)
    reason = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        allow_none=True,
        metadata={"description": "Why it failed, by language."},
    )
    result = fields.String(allow_none=True)


class RowFaultSchema(Schema):
    """What is wrong with a row."""

    path = fields.String(required=True, metadata={"description": "Header, or place; empty: all."})
    rule = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        required=True,
        metadata={"description": "By language."},
    )


class CorrectionSchema(Schema):
    """What ended a row's quarantine."""

    by = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    reason = fields.String(required=True)
    cells = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class ImportRowSchema(Schema):
    """What became of a row."""

    number = fields.Integer(required=True)
    file = fields.String(allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(ROW_STATES))
    statements = fields.List(fields.String(), required=True)
    cells = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    faults = fields.List(fields.Nested(RowFaultSchema), required=True)
    duplicate_of = fields.Integer(allow_none=True)
    correction = fields.Nested(CorrectionSchema, allow_none=True)


class ImportRowsQuery(PageQuery):
    """Which rows of an import."""

    state = fields.String(load_default=None, validate=validate.OneOf(ROW_STATES))


class QuarantineQuery(PageQuery):
    """Which rows of the quarantine."""

    state = fields.String(load_default="quarantined", validate=validate.OneOf(_QUARANTINE))
    import_id = fields.String(load_default=None, data_key="import")


class QuarantinedRowSchema(ImportRowSchema):
    """A row in quarantine, and its file."""

    import_id = fields.String(required=True, data_key="import")
    name = fields.String(required=True)
    by = fields.String(required=True)


class ReleaseSchema(Schema):
    """How a row is to be corrected."""

    cells = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        load_default=dict,
        metadata={"description": "The cells that change, by header."},
    )
    reason = fields.String(load_default="", validate=validate.Length(max=1000))


class DiscardSchema(Schema):
    """Why a row is to be discarded."""

    reason = fields.String(required=True, validate=validate.Length(1, 1000))


class HeaderSchema(Schema):
    """A header and the column that it is taken for."""

    header = fields.String(required=True)
    column = fields.String(required=True, allow_none=True)


class ColumnSchema(Schema):
    """A column that the kind of sheet may have."""

    key = fields.String(required=True)
    titles = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class PreviewSchema(Schema):
    """What a sheet's headers are taken for, for a person to complete."""

    kind = fields.String(required=True)
    row = fields.Integer(required=True, metadata={"description": "The header's; 0: none known."})
    headers = fields.List(fields.Nested(HeaderSchema), required=True)
    lacking = fields.List(
        fields.List(fields.String()),
        required=True,
        metadata={"description": "Groups of columns of which one has to be there and is not."},
    )
    columns = fields.List(fields.Nested(ColumnSchema), required=True)
    rows = fields.List(fields.List(fields.String()), required=True)


class TemplateQuery(Schema):
    """Which template."""

    kind = fields.String(load_default="attendance", validate=validate.OneOf(SHEET_KINDS))
    language = fields.String(load_default="zh-CN", validate=validate.OneOf(["en", "zh-CN"]))
