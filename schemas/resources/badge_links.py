"""Links to hosts of Open Badges as the REST API takes and gives them."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from schemas.badge_links import BadgeLinkState
from schemas.resources.credentials import LANGUAGE


class NewBadgeLinkSchema(Schema):
    """Which host, and in which language its credentials are written."""

    host = fields.Url(
        required=True,
        schemes={"https", "http"},
        require_tld=False,
        metadata={"description": "The address of a host with the Open Badges 3.0 API."},
    )
    language = fields.String(load_default="zh-CN", validate=validate.Regexp(f"{LANGUAGE}\\Z"))


class BadgeLinkSchema(Schema):
    """A link; `consent_url`, on a new one, is where the learner agrees."""

    id = fields.UUID(required=True)
    persona = fields.String(required=True)
    host = fields.String(required=True)
    language = fields.String(required=True)
    state = fields.String(
        required=True,
        validate=validate.OneOf(BadgeLinkState.__args__),  # type: ignore[attr-defined]
    )
    asked_at = fields.AwareDateTime(required=True)
    reason = fields.String(allow_none=True)
    consent_url = fields.String()


class BadgeLinkListSchema(Schema):
    """A persona's links, the latest first; there are never many."""

    items = fields.List(fields.Nested(BadgeLinkSchema), required=True)
