"""People as the REST API takes and gives them."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from schemas.principals import ROLES


class PersonChangeSchema(Schema):
    """What can be changed of a person; what is left out stays."""

    display_name = fields.String(validate=validate.Length(1, 200))
    roles = fields.List(
        fields.String(validate=validate.OneOf(ROLES)), validate=validate.Length(min=1)
    )
    organisation = fields.String(allow_none=True)
    persona = fields.String(allow_none=True)
    subject = fields.String(
        allow_none=True,
        metadata={"description": "Who they are at the identity provider: ISSUER|SUB."},
    )
    disabled = fields.Boolean()
    reason = fields.String(load_default="", validate=validate.Length(max=2000))


class NewPersonSchema(PersonChangeSchema):
    """A person to be added."""

    name = fields.String(required=True, validate=validate.Length(1, 200))
    display_name = fields.String(required=True, validate=validate.Length(1, 200))
    roles = fields.List(
        fields.String(validate=validate.OneOf(ROLES)),
        required=True,
        validate=validate.Length(min=1),
    )
    disabled = fields.Boolean(dump_only=True)


class PersonSchema(Schema):
    """A person with an account."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    display_name = fields.String(required=True)
    roles = fields.List(fields.String(), required=True)
    organisation = fields.String(allow_none=True)
    persona = fields.String(allow_none=True)
    subject = fields.String(allow_none=True)
    disabled = fields.Boolean(required=True)
    created = fields.AwareDateTime(required=True)


class PersonWithLinkSchema(PersonSchema):
    """A person with a one-time link to choose a password at, which is shown this once."""

    link = fields.String(required=True)


class ResetSchema(Schema):
    """What a reset takes away."""

    second_factor = fields.Boolean(load_default=False)
    reason = fields.String(load_default="", validate=validate.Length(max=2000))


class PrincipalSchema(Schema):
    """Who asks."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    roles = fields.List(fields.String(), required=True)
    organisation = fields.String(allow_none=True)
    persona = fields.String(allow_none=True)
