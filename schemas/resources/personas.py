"""Personas as the REST API gives them."""

from __future__ import annotations

from marshmallow import Schema, fields


class PersonaSchema(Schema):
    """One person as we know them."""

    id = fields.String(required=True)
    name = fields.String(allow_none=True)
    identifiers = fields.List(fields.String(), required=True)
