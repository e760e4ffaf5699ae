"""What the bank takes as a claim, and what it decides: pure functions."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

import msgspec
from joserfc import jws
from joserfc.jwk import ECKey
from msgspec import Meta

from adapters.credit_bank import RECEIPT_TYPE, ReceiptClaims
from adapters.oauth import ALGORITHM
from schemas.claims import ClaimLearner, ClaimPayload, ClaimUnit
from schemas.identifiers import actor_of

LEVELS = range(1, 11)
MOST_CREDITS = 30.0

OUT_OF_LEVELS = "unit level is not 1 to 10"
TOO_MANY_CREDITS = "unit has more than 30 credits"
ALREADY_CREDITED = "already credited"
REASONS = (OUT_OF_LEVELS, TOO_MANY_CREDITS, ALREADY_CREDITED)

_LARGEST = 2**53 - 1
"""RFC 8785 hashes integers up to here (RFC 7493 2.2)."""

OUTER_ID = r"^[A-Za-z0-9][A-Za-z0-9._:~-]{0,127}\Z"
Text = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"\S")]
Quantity = Annotated[float, Meta(ge=0, le=1_000_000)]

_LOCATED = re.compile(r"(?P<rule>.*) - at (?:`key` in )?`(?P<path>\$[^`]*)`", re.S)
"""How msgspec says where; without it the fault is of the whole."""


class ClaimError(Exception):
    """A claim the bank does not take: `path` says where, `rule` which rule it breaks."""

    def __init__(self, path: str, rule: str) -> None:
        super().__init__(f"{path}: {rule}")
        self.path = path
        self.rule = rule


class _Learner(ClaimLearner, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Text
    identifier: Text


class _Unit(ClaimUnit, frozen=True, kw_only=True, forbid_unknown_fields=True):
    code: Text
    version: Annotated[int, Meta(ge=1, le=_LARGEST)]
    title: Annotated[dict[Text, Text], Meta(min_length=1, max_length=20)]
    field: Text
    level: Annotated[int, Meta(ge=-_LARGEST, le=_LARGEST)]
    credits: Quantity
    hours: Quantity
    awarding_body: Text


class _Claim(ClaimPayload, frozen=True, kw_only=True, forbid_unknown_fields=True):
    outer_id: Annotated[str, Meta(pattern=OUTER_ID)]
    learner: _Learner
    unit: _Unit
    institution: Text
    achieved_at: Annotated[datetime, Meta(tz=True)]
    score: Annotated[float, Meta(ge=0, le=1)] | None = None
    evidence_hash: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


def decode_claim(body: bytes) -> ClaimPayload:
    """Return the claim in a JSON body. Raises ClaimError with the path and the rule.

    Unknown members are refused: they would stand outside of the hash that the receipt signs.
    """
    try:
        claim = msgspec.json.decode(body, type=_Claim)
    except msgspec.ValidationError as error:
        located = _LOCATED.fullmatch(str(error))
        path, rule = (located["path"], located["rule"]) if located else ("$", str(error))
        raise ClaimError(path, rule) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ClaimError("$", f"not JSON: {error}") from error
    try:
        actor_of(claim.learner.identifier)
    except ValueError as error:
        raise ClaimError(
            "$.learner.identifier", "Expected mbox:…, mbox_sha1sum:…, openid:… or account:…|…"
        ) from error
    return claim


def reason_to_reject(claim: ClaimPayload, credited: bool) -> str | None:
    """Return why the bank does not credit the claim, None where it does."""
    if claim.unit.level not in LEVELS:
        return OUT_OF_LEVELS
    if claim.unit.credits > MOST_CREDITS:
        return TOO_MANY_CREDITS
    return ALREADY_CREDITED if credited else None


def sign_receipt(content: ReceiptClaims, key: ECKey) -> str:
    """Return the receipt as a compact JWS: ES256, of type `receipt+jwt`, naming the key."""
    header = {"alg": ALGORITHM, "typ": RECEIPT_TYPE, "kid": key.kid}
    return jws.serialize_compact(header, msgspec.json.encode(content), key, [ALGORITHM])
