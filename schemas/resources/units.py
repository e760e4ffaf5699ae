"""What the REST API gives of units beside their own fields."""

from __future__ import annotations

from marshmallow import Schema, fields


class ChangeSchema(Schema):
    """A persona who would gain or lose the unit."""

    persona = fields.String(required=True)
    name = fields.String(allow_none=True)
    change = fields.String(required=True, metadata={"description": "gains or loses"})
    achieved_at = fields.AwareDateTime(allow_none=True)


class ChangesSchema(Schema):
    """A page of changes. It may be empty and still have a `next`."""

    items = fields.List(fields.Nested(ChangeSchema), required=True)
    looked_at = fields.Integer(
        required=True, metadata={"description": "How many personas this page has looked at."}
    )
    next = fields.String(
        metadata={"description": "The address of the next page, absent on the last."}
    )
