"""What the bank takes as a claim, and what it decides: pure functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, TypeVar

import msgspec
from joserfc import jws
from joserfc.jwk import ECKey
from msgspec import Meta

from adapters.credit_bank import RECEIPT_TYPE, ReceiptClaims
from adapters.oauth import ALGORITHM
from schemas.claims import (
    ClaimLearner,
    ClaimPayload,
    ClaimUnit,
    IdentityDocument,
    RecognisedUnit,
)
from schemas.identifiers import actor_of

Shape = TypeVar("Shape")

LEVELS = range(1, 11)
MOST_CREDITS = 30.0

OUT_OF_LEVELS = "unit level is not 1 to 10"
TOO_MANY_CREDITS = "unit has more than 30 credits"
ALREADY_CREDITED = "already credited"
NOT_RECOGNISED = "unit is not in the bank's catalogue"
OTHER_CREDITS = "unit has another level or other credits in the bank's catalogue"
NO_ACCOUNT = "learner has no account of this name at the bank"
REASONS = (
    OUT_OF_LEVELS,
    TOO_MANY_CREDITS,
    NOT_RECOGNISED,
    OTHER_CREDITS,
    NO_ACCOUNT,
    ALREADY_CREDITED,
)

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


class Learner(ClaimLearner, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A learner as the bank takes one."""

    name: Text
    identifier: Text


class Unit(ClaimUnit, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A unit as the bank takes one."""

    code: Text
    version: Annotated[int, Meta(ge=1, le=_LARGEST)]
    title: Annotated[dict[Text, Text], Meta(min_length=1, max_length=20)]
    field: Text
    level: Annotated[int, Meta(ge=-_LARGEST, le=_LARGEST)]
    credits: Quantity
    hours: Quantity
    awarding_body: Text


class Claim(ClaimPayload, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A claim as the bank takes one."""

    outer_id: Annotated[str, Meta(pattern=OUTER_ID)]
    learner: Learner
    unit: Unit
    institution: Text
    achieved_at: Annotated[datetime, Meta(tz=True)]
    score: Annotated[float, Meta(ge=0, le=1)] | None = None
    evidence_hash: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a client says that withdraws a claim; `claim_hash` is of the claim as it was sent."""

    format: Literal["withdrawal/1"] = "withdrawal/1"
    claim_hash: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    reason: Text


class Lookup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A learner who is looked for."""

    name: Text
    document: IdentityDocument


def decode_claim(body: bytes) -> ClaimPayload:
    """Return the claim in a JSON body. Raises ClaimError with the path and the rule.

    Unknown members are refused: they would stand outside of the hash that the receipt signs.
    """
    claim = decode(body, Claim)
    try:
        actor_of(claim.learner.identifier)
    except ValueError as error:
        raise ClaimError(
            "$.learner.identifier", "Expected mbox:…, mbox_sha1sum:…, openid:… or account:…|…"
        ) from error
    return claim


def decode(body: bytes, shape: type[Shape]) -> Shape:
    """Return what a JSON body says. Raises ClaimError with the path and the rule."""
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        located = _LOCATED.fullmatch(str(error))
        path, rule = (located["path"], located["rule"]) if located else ("$", str(error))
        raise ClaimError(path, rule) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ClaimError("$", f"not JSON: {error}") from error


def reason_to_reject(
    claim: ClaimPayload,
    credited: bool,
    *,
    catalogue: Mapping[str, RecognisedUnit] | None = None,
    accounts: Mapping[str, str] | None = None,
) -> str | None:
    """Return why the bank does not credit the claim, None where it does.

    With a `catalogue` (by code) other units are not credited. `accounts` gives the name of the
    learner of each account here, as an identifier.
    """
    unit = claim.unit
    if unit.level not in LEVELS:
        return OUT_OF_LEVELS
    if unit.credits > MOST_CREDITS:
        return TOO_MANY_CREDITS
    if catalogue is not None:
        listed = catalogue.get(unit.code)
        if listed is None:
            return NOT_RECOGNISED
        if (listed.level, listed.credits) != (unit.level, unit.credits):
            return OTHER_CREDITS
    if accounts and accounts.get(claim.learner.identifier) != claim.learner.name:
        return NO_ACCOUNT
    return ALREADY_CREDITED if credited else None


def sign_receipt(content: ReceiptClaims, key: ECKey) -> str:
    """Return the receipt as a compact JWS: ES256, of type `receipt+jwt`, naming the key."""
    header = {"alg": ALGORITHM, "typ": RECEIPT_TYPE, "kid": key.kid}
    return jws.serialize_compact(header, msgspec.json.encode(content), key, [ALGORITHM])
