"""Claims: achievements put to a bank, and the receipts that come back."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Literal

import msgspec
import rfc8785

OutcomeKind = Literal["academic", "certificate", "training"]
"""The three kinds of outcome that credit banks keep."""

ClaimState = Literal["queued", "sent", "accepted", "rejected", "withdrawn"]


Decision = Literal["accepted", "rejected", "withdrawn"]
"""What a bank's receipt can say of a claim."""


class ClaimLearner(msgspec.Struct, frozen=True, kw_only=True):
    """The learner as the bank is told: a name and one identifier (`schemas.identifiers`)."""

    name: str
    identifier: str


class ClaimUnit(msgspec.Struct, frozen=True, kw_only=True):
    """The recognised unit at the version the achievement was verified against."""

    code: str
    version: int
    title: dict[str, str]
    field: str
    level: int
    credits: float
    hours: float
    awarding_body: str


class ClaimPayload(msgspec.Struct, frozen=True, kw_only=True):
    """What leaves for a bank; `outer_id` is ours, unique and the idempotency key.

    `evidence_hash` is the lower-case hex SHA-256 that binds the achievement to its evidence
    and rule version; `score` is 0..1.
    """

    format: Literal["claim/1"] = "claim/1"
    outer_id: str
    kind: OutcomeKind
    learner: ClaimLearner
    unit: ClaimUnit
    institution: str
    achieved_at: datetime
    score: float | None = None
    evidence_hash: str


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """A bank's verified answer to a claim or its withdrawal; `jws` is the compact JWS it was read
    from, `key` the bank's public key (a JWK) that it was verified with.
    """

    outer_id: str
    bank_id: str
    decision: Decision
    reason: str | None = None
    claim_hash: str
    issuer: str
    issued_at: datetime
    jws: str
    key: dict[str, str] | None = None


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """What a bank says it holds of a sender: the state of one claim. Not signed."""

    outer_id: str
    bank_id: str
    state: Decision
    claim_hash: str


class RecognisedUnit(msgspec.Struct, frozen=True, kw_only=True):
    """A unit of a bank's catalogue."""

    code: str
    title: dict[str, str]
    level: int
    credits: float
    kind: OutcomeKind


class IdentityDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A learner's identity document: its type (`resident`, `passport`, ... as the bank names it)
    and number. Personal data; never shown by `repr`.
    """

    type: str
    number: str

    def __repr__(self) -> str:
        return f"IdentityDocument(type={self.type!r}, number=…)"


def claim_hash(payload: ClaimPayload) -> str:
    """Return the lower-case hex SHA-256 of the payload's canonical JSON (RFC 8785)."""
    return hashlib.sha256(rfc8785.dumps(msgspec.to_builtins(payload))).hexdigest()


def proof_of(receipt: Receipt) -> dict[str, str]:
    """Return what a fact says of a receipt: the bank's id of the claim, the hash of what was
    claimed and that of the receipt.
    """
    return {
        "bank_id": receipt.bank_id,
        "claim_hash": receipt.claim_hash,
        "receipt_hash": hashlib.sha256(receipt.jws.encode()).hexdigest(),
    }
