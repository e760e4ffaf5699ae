"""OAuth clients as the REST API takes and gives them."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from schemas.clients import CLIENT_METHODS, CLIENT_SCOPES
from schemas.texts import Text

ID = validate.Regexp(
    r"^[A-Za-z0-9._~-]{1,64}$", error=Text("must be 1 to 64 of A-Z a-z 0-9 . _ ~ -")
)


class JwksSchema(Schema):
    """A JWK set (RFC 7517) of public keys for ES256 or Ed25519, each with a `kid`."""

    keys = fields.List(
        fields.Dict(keys=fields.String()), required=True, validate=validate.Length(1, 10)
    )


class ClientChangeSchema(Schema):
    """What can be changed of a client; what is left out stays."""

    name = fields.String(validate=validate.Length(1, 200))
    scopes = fields.List(
        fields.String(validate=validate.OneOf(CLIENT_SCOPES)), validate=validate.Length(min=1)
    )
    organisation = fields.String(allow_none=True)
    source = fields.String(
        allow_none=True, metadata={"description": "Key of the source as which it uses xAPI."}
    )
    jwks = fields.Nested(JwksSchema, allow_none=True)
    jwks_uri = fields.Url(
        schemes={"https", "http"},
        require_tld=False,
        allow_none=True,
        metadata={"description": "Where it publishes its JWK set itself, in the place of jwks."},
    )


class NewClientSchema(ClientChangeSchema):
    """A client to be added."""

    id = fields.String(required=True, validate=ID)
    name = fields.String(required=True, validate=validate.Length(1, 200))
    method = fields.String(required=True, validate=validate.OneOf(CLIENT_METHODS))
    scopes = fields.List(
        fields.String(validate=validate.OneOf(CLIENT_SCOPES)),
        required=True,
        validate=validate.Length(min=1),
    )


class ClientSchema(Schema):
    """A machine that asks for access tokens."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    method = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    organisation = fields.String(allow_none=True)
    source = fields.String(allow_none=True)
    jwks = fields.Dict(keys=fields.String(), allow_none=True)
    jwks_uri = fields.String(allow_none=True)
    created = fields.AwareDateTime(required=True)
    revoked = fields.AwareDateTime(allow_none=True)


class IssuedClientSchema(ClientSchema):
    """A client with its secret, which is shown this once."""

    secret = fields.String(allow_none=True)
