"""What every list of the REST API takes and gives."""

from __future__ import annotations

from functools import cache

from marshmallow import Schema, fields, validate

PAGE_SIZE = 50
PAGE_LIMIT = 200


class PageQuery(Schema):
    """The parameters of every list."""

    cursor = fields.String(
        load_default=None, metadata={"description": "Where the page before this one ended."}
    )
    limit = fields.Integer(
        load_default=PAGE_SIZE,
        validate=validate.Range(1, PAGE_LIMIT),
        metadata={"description": "How many items at the most."},
    )


class OfPersonaQuery(PageQuery):
    """The parameters of lists that can be narrowed to one persona."""

    persona = fields.String(load_default=None, metadata={"description": "The id of a persona."})


@cache
def page_of(item: type[Schema]) -> type[Schema]:
    """Return the schema of a page of items: `items`, and the address of the `next` page."""
    return Schema.from_dict(
        {
            "items": fields.List(fields.Nested(item), required=True),
            "next": fields.String(
                metadata={"description": "The address of the next page, absent on the last."}
            ),
        },
        name=f"{item.__name__.removesuffix('Schema')}Page",
    )
