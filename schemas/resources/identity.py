"""Links between personas as the REST API takes and gives them."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from schemas.identity import LINK_KINDS, LINK_STATES
from schemas.resources.paging import PageQuery
from schemas.texts import Text

NEEDED = {
    "merge": {"persona", "other"},
    "transfer": {"identifier", "since"},
    "undo": {"undoes"},
}
"""What a proposal of each kind must say; a transfer may also name the `other`."""


class LinkQuery(PageQuery):
    """The parameters of the list of links."""

    state = fields.String(load_default=None, validate=validate.OneOf(LINK_STATES))


class ProposalSchema(Schema):
    """A change of identities to be decided by somebody else.

    `merge`: `persona` is merged into `other`. `transfer`: `identifier` is `other`'s (by default a
    new persona's) for events from `since` on. `undo`: what the link `undoes` did is taken back.
    """

    kind = fields.String(required=True, validate=validate.OneOf(LINK_KINDS))
    persona = fields.String()
    other = fields.String()
    identifier = fields.String()
    since = fields.AwareDateTime()
    undoes = fields.String()
    reason = fields.String(required=True, validate=validate.Length(1, 2_000))

    @validates_schema
    def says_what_it_needs(self, data: dict[str, Any], **_: Any) -> None:
        """Raise where something is missing or does not belong to the kind."""
        given = data.keys() - {"kind", "reason"}
        needed = NEEDED.get(data.get("kind", ""), set())
        allowed = needed | ({"other"} if data.get("kind") == "transfer" else set())
        faults = {name: [Text("Must be given for this kind.")] for name in sorted(needed - given)}
        faults |= {
            name: [Text("Does not belong to this kind.")] for name in sorted(given - allowed)
        }
        if faults:
            raise ValidationError(faults)


class IdentityDecisionSchema(Schema):
    """Why a proposal is confirmed or refused."""

    reason = fields.String(required=True, validate=validate.Length(1, 2_000))


class IdentityLinkSchema(Schema):
    """A change of identities, as it was proposed and decided."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    state = fields.String(required=True)
    persona = fields.String(required=True)
    other = fields.String(allow_none=True)
    identifier = fields.String(allow_none=True)
    since = fields.AwareDateTime(allow_none=True)
    undoes = fields.String(allow_none=True)
    reason = fields.String(required=True)
    proposed_by = fields.String(required=True)
    proposed_at = fields.AwareDateTime(required=True)
    decided_by = fields.String(allow_none=True)
    decided_at = fields.AwareDateTime(allow_none=True)
    decision = fields.String(allow_none=True)
    undone_at = fields.AwareDateTime(allow_none=True)


class SuggestionSchema(Schema):
    """Two personas with one name and employer; whether they are one person is for people to say."""

    persona = fields.String(required=True)
    other = fields.String(required=True)
    name = fields.String(required=True)
    organisation = fields.String(required=True)
    organisation_name = fields.String(required=True)
