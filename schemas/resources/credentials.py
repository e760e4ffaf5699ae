"""Issued credentials as the REST API takes and gives them."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

LANGUAGE = r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*"


class LanguageQuery(Schema):
    """In which language a document is written."""

    language = fields.String(
        load_default="zh-CN",
        validate=validate.Regexp(f"{LANGUAGE}\\Z"),
        metadata={"description": "A language tag (BCP 47)."},
    )


class CredentialSchema(Schema):
    """An Open Badges 3.0 credential; `url` is where whoever knows it may fetch it."""

    id = fields.UUID(required=True)
    url = fields.Url(required=True, require_tld=False)
    achievement = fields.String(required=True)
    persona = fields.String(required=True)
    language = fields.String(required=True)
    issued_at = fields.AwareDateTime(required=True)
    revoked = fields.Boolean(required=True)


class CredentialListSchema(Schema):
    """A persona's credentials, the latest first; there are never many."""

    items = fields.List(fields.Nested(CredentialSchema), required=True)
