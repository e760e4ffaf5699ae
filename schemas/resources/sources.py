"""Sources as the REST API takes and gives them."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from schemas.sources import PROVENANCES, SCOPES
from schemas.texts import Text

PREFIX = validate.Length(min=1, max=2000)
KEY = validate.Regexp(
    r"^[A-Za-z0-9._~-]{1,64}$", error=Text("must be 1 to 64 of A-Z a-z 0-9 . _ ~ -")
)
OVERLAP = 86_400
LONGEST_OVERLAP = 90 * 86_400


class SourceChangeSchema(Schema):
    """What can be changed of a source; what is left out stays."""

    name = fields.String(validate=validate.Length(1, 200))
    provenance = fields.String(validate=validate.OneOf(PROVENANCES))
    scopes = fields.List(fields.String(validate=validate.OneOf(SCOPES)))
    activities = fields.List(
        fields.String(validate=PREFIX),
        metadata={"description": "Prefixes of the IRIs it may post about; empty: any."},
    )
    home_pages = fields.List(
        fields.String(validate=PREFIX),
        metadata={"description": "Home pages of accounts, or mailto:@DOMAIN; empty: any."},
    )
    sets_authority = fields.Boolean()
    organisation = fields.String(allow_none=True)
    expires = fields.AwareDateTime(allow_none=True, format="iso")


class NewSourceSchema(SourceChangeSchema):
    """A source to be added; its key is made where none is given."""

    key = fields.String(validate=KEY)
    name = fields.String(required=True, validate=validate.Length(1, 200))
    provenance = fields.String(required=True, validate=validate.OneOf(PROVENANCES))
    scopes = fields.List(
        fields.String(validate=validate.OneOf(SCOPES)),
        load_default=["statements/write", "statements/read/mine"],
    )


class SecretSchema(Schema):
    """What is known of a secret: never the secret itself."""

    created = fields.AwareDateTime(required=True)
    expires = fields.AwareDateTime(allow_none=True)
    used = fields.AwareDateTime(
        allow_none=True, metadata={"description": "When it was last used, to the minute."}
    )


class SourceSchema(Schema):
    """A system or import that may post statements."""

    key = fields.String(required=True)
    name = fields.String(required=True)
    provenance = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    activities = fields.List(fields.String(), required=True)
    home_pages = fields.List(fields.String(), required=True)
    sets_authority = fields.Boolean(required=True)
    organisation = fields.String(allow_none=True)
    expires = fields.AwareDateTime(allow_none=True)
    created = fields.AwareDateTime(required=True)
    revoked = fields.AwareDateTime(allow_none=True)
    compromised = fields.AwareDateTime(allow_none=True)
    secrets = fields.List(fields.Nested(SecretSchema))


class IssuedSourceSchema(SourceSchema):
    """A source with a new secret, which is shown this once."""

    secret = fields.String(required=True)


class RotationSchema(Schema):
    """How long the secrets before go on working."""

    overlap = fields.Integer(
        load_default=OVERLAP,
        validate=validate.Range(0, LONGEST_OVERLAP),
        metadata={"description": "Seconds."},
    )


class RevocationSchema(Schema):
    """Why a source is revoked."""

    reason = fields.String(required=True, validate=validate.Length(1, 2000))
    compromised_since = fields.AwareDateTime(
        load_default=None,
        metadata={"description": "Since when its key may have been in other hands."},
    )
