"""Outbox, reconciliations, receivers, catalogues and webhooks as the REST API gives them."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from schemas.resources.paging import PageQuery
from schemas.webhooks import WEBHOOK_KINDS


class OutboxQuery(PageQuery):
    """The parameters of the list of the outbox."""

    parked = fields.Boolean(
        load_default=None, metadata={"description": "Only what is on the shelf, or is not."}
    )


class OutboxItemSchema(Schema):
    """Something on its way; `error` is what the last attempt came to.

    `id` is a text of digits: a number of 63 bits is more than JSON numbers hold everywhere
    (RFC 8259, section 6).
    """

    id = fields.String(required=True)
    kind = fields.String(required=True)
    destination = fields.String(required=True)
    subject = fields.String(required=True)
    queued = fields.AwareDateTime(required=True)
    due = fields.AwareDateTime(required=True)
    attempts = fields.Integer(required=True)
    parked = fields.Boolean(required=True)
    error = fields.String(allow_none=True)


class ReasonSchema(Schema):
    """Why a person does something; kept in the audit log."""

    reason = fields.String(required=True, validate=validate.Length(1, 1000))


class OfReceiverQuery(PageQuery):
    """The parameters of lists that can be narrowed to one receiver."""

    receiver = fields.String(load_default=None, metadata={"description": "A receiver's name."})


class ReconciliationSchema(Schema):
    """A comparison of our claims with what a receiver holds."""

    id = fields.Integer(required=True)
    receiver = fields.String(required=True)
    started = fields.AwareDateTime(required=True)
    finished = fields.AwareDateTime(required=True)
    compared = fields.Integer(required=True)
    differences = fields.Integer(required=True)
    repaired = fields.Integer(required=True)
    error = fields.String(allow_none=True)


class DifferenceSchema(Schema):
    """A claim on which we and the receiver differ."""

    claim = fields.String(required=True)
    kind = fields.String(required=True)
    ours = fields.String(allow_none=True)
    theirs = fields.String(allow_none=True)
    repair = fields.String(required=True)


class ReceiverSchema(Schema):
    """Where claims go; `failures` in a row, and until when it is left alone for them."""

    name = fields.String(required=True)
    adapter = fields.String(required=True)
    url = fields.String(required=True)
    client_id = fields.String(required=True)
    institution = fields.String(required=True)
    failures = fields.Integer(required=True)
    left_alone_until = fields.AwareDateTime(allow_none=True)


class RecognisedUnitSchema(Schema):
    """A unit of a receiver's catalogue."""

    code = fields.String(required=True)
    title = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    level = fields.Integer(required=True)
    credits = fields.Float(required=True)
    kind = fields.String(required=True)


class NewWebhookSchema(Schema):
    """A subscription to be."""

    url = fields.Url(required=True, schemes={"https", "http"}, require_tld=False)
    kinds = fields.List(
        fields.String(validate=validate.OneOf(WEBHOOK_KINDS)),
        required=True,
        validate=validate.Length(1),
    )
    organisation = fields.String(load_default=None, validate=validate.Length(1, 200))


class OfOrganisationQuery(PageQuery):
    """The parameters of lists that can be narrowed to one organisation."""

    organisation = fields.String(load_default=None)


class WebhookSchema(Schema):
    """A subscription; `active` until its subscriber answers 410."""

    id = fields.String(required=True)
    url = fields.String(required=True)
    kinds = fields.List(fields.String(), required=True)
    organisation = fields.String(allow_none=True)
    created = fields.AwareDateTime(required=True)
    active = fields.Boolean(required=True)


class WebhookSecretSchema(Schema):
    """A subscription's secret, shown this once."""

    id = fields.String(required=True)
    secret = fields.String(required=True)


class IdentityDocumentSchema(Schema):
    """An identity document; taken and never given."""

    type = fields.String(required=True, validate=validate.Length(1, 100))
    number = fields.String(required=True, load_only=True, validate=validate.Length(1, 200))
