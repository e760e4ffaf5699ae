"""Webhooks: who is told of which facts, and what they are told."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from schemas.facts import Fact, FactKind
from schemas.times import format_instant

WEBHOOK_KINDS: tuple[FactKind, ...] = (
    "verified",
    "superseded",
    "revoked",
    "claimed",
    "accepted",
    "rejected",
    "withdrawn",
)
"""The facts that a subscriber may ask for: those of achievements and claims."""


ORGANISATION_KINDS: tuple[FactKind, ...] = ("verified", "superseded", "revoked")
"""Those that an organisation may ask for: what it may see are achievements, not claims."""


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription; `created` in microseconds since the epoch. One that is not `active` was
    ended by its subscriber (410 Gone). One of an `organisation` is told of those alone whom the
    organisation may see: a live employment and a live consent.
    """

    id: str
    url: str
    kinds: tuple[FactKind, ...]
    organisation: str | None = None
    created: int
    active: bool = True


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """What a subscriber is told of a fact: ids, and no personal data."""

    format: Literal["notification/1"] = "notification/1"
    id: str
    type: FactKind
    timestamp: str
    subject: str
    data: dict[str, Any]


def notification_of(fact: Fact) -> Notification:
    """Return what a subscriber is told of a fact; the same id however often it is told."""
    kept = ("achievement", "persona", "unit", "version", "receiver", "bank_id", "receipt_hash")
    return Notification(
        id=f"fact-{fact.seq}",
        type=fact.kind,
        timestamp=format_instant(fact.at),
        subject=fact.subject,
        data={name: fact.body[name] for name in kept if name in fact.body},
    )
