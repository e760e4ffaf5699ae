"""Claims to a Credit Bank over our documented contract (docs/credit-bank.md)."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from adapters.oauth import ALGORITHM, ClientCredentials, Keys, fetch_keys, printable
from adapters.outbound import Connection, OutboundAdapter, Receiver, Refused, Unavailable
from adapters.outbound_http import Answer, OutboundHttp, Unacceptable, Unreachable
from schemas.claims import ClaimPayload, Receipt, claim_hash

SCOPE = "claims.write claims.read"
RECEIPT_TYPE = "receipt+jwt"
CLOCK_LEEWAY = 300
"""Seconds that a bank's clock may differ from ours."""

KEYS_LIFE = 600.0
_EARLIEST, _LATEST = 0, 253_402_300_799
"""Seconds since the epoch that a datetime can hold, to the end of the year 9999."""


class ReceiptError(Exception):
    """A receipt that does not prove what it should; the message tells which check failed."""


class ReceiptClaims(msgspec.Struct, frozen=True):
    """The payload of a receipt as it is signed; `iat` is seconds since the epoch."""

    iss: str
    iat: int
    sub: str
    outer_id: str
    bank_id: str
    decision: Literal["accepted", "rejected"]
    claim_hash: str
    reason: str | None = None


class SubmitAnswer(msgspec.Struct, frozen=True):
    """The bank's answer to a claim: the receipt as a compact JWS."""

    receipt: str


class ProblemField(msgspec.Struct, frozen=True):
    """Where a claim breaks a rule of the bank."""

    path: str = ""
    rule: str = ""


class ProblemAnswer(msgspec.Struct, frozen=True):
    """What is used of problem details (RFC 9457)."""

    title: str = ""
    detail: str = ""
    errors: list[ProblemField] = []


def verify_receipt(
    receipt: str, claim: ClaimPayload, issuer: str, key_of: Callable[[str], ECKey | None]
) -> Receipt:
    """Return the receipt, once it is sure that `issuer` signed it for this very claim.

    `key_of` gives the bank's public key of a `kid`, or None. Raises ReceiptError where the JWS is
    not ES256 of type `receipt+jwt` under such a key, or names another issuer, claim, content or
    an impossible time: before the achievement or in the future, `CLOCK_LEEWAY` allowed.
    """
    payload = _signed_payload(receipt, key_of)
    try:
        content = msgspec.json.decode(payload, type=ReceiptClaims)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ReceiptError(f"its payload is not of the agreed form: {error}") from error
    if content.iss != issuer:
        raise ReceiptError(f"it was issued by {printable(content.iss)}, not by {issuer}")
    if not content.outer_id == content.sub == claim.outer_id:
        raise ReceiptError(f"it is for the claim {printable(content.outer_id)}")
    if content.claim_hash != claim_hash(claim):
        raise ReceiptError("it is for another content of this claim (claim_hash differs)")
    if not _EARLIEST <= content.iat <= _LATEST:
        raise ReceiptError("its time of issue is not a time")
    if content.iat > time.time() + CLOCK_LEEWAY:
        raise ReceiptError("it was issued in the future; compare the clocks")
    if content.iat < claim.achieved_at.timestamp() - CLOCK_LEEWAY:
        raise ReceiptError("it was issued before the outcome was achieved")
    if not content.bank_id:
        raise ReceiptError("it does not name the bank's record (bank_id)")
    return Receipt(
        outer_id=content.outer_id,
        bank_id=content.bank_id,
        decision=content.decision,
        reason=content.reason,
        claim_hash=content.claim_hash,
        issuer=content.iss,
        issued_at=datetime.fromtimestamp(content.iat, UTC),
        jws=receipt,
        key=_public_key(receipt, key_of),
    )


def _public_key(receipt: str, key_of: Callable[[str], ECKey | None]) -> dict[str, str] | None:
    key = key_of(str(jws.extract_compact(receipt.encode()).headers()["kid"]))
    public = key.as_dict(private=False) if key else {}
    return {name: str(public[name]) for name in ("kty", "crv", "x", "y")} if key else None


def _signed_payload(receipt: str, key_of: Callable[[str], ECKey | None]) -> bytes:
    try:
        unverified = jws.extract_compact(receipt.encode())
        header = dict(unverified.headers())
    except (JoseError, ValueError, TypeError, AttributeError) as error:
        raise ReceiptError("it is not a compact JWS") from error
    if header.get("alg") != ALGORITHM:
        raise ReceiptError(f"it is not signed with {ALGORITHM}")
    if header.get("typ") != RECEIPT_TYPE:
        raise ReceiptError(f"its type is not {RECEIPT_TYPE}")
    kid = header.get("kid")
    key = key_of(kid) if isinstance(kid, str) else None
    if key is None:
        raise ReceiptError("it is signed with a key that the bank does not publish")
    try:
        return jws.deserialize_compact(receipt, key, algorithms=[ALGORITHM]).payload
    except JoseError as error:
        raise ReceiptError("its signature is not the bank's") from error


class CreditBankConnection:
    """Our account at one bank; see `adapters.outbound.Connection`."""

    def __init__(self, receiver: Receiver) -> None:
        self._name = receiver.name
        self._url = receiver.url.rstrip("/")
        self._http = OutboundHttp()
        self._account = ClientCredentials(
            self._http, self._url, receiver.client_id, receiver.client_key, SCOPE
        )
        self._keys = Keys(
            lambda: fetch_keys(self._http, self._account.metadata().jwks_uri),
            life=KEYS_LIFE,
            pause=0.0,
        )

    def submit(self, claim: ClaimPayload) -> Receipt:
        """Put a claim to the bank and return its verified receipt."""
        try:
            answer = self._account.request(
                "POST",
                f"{self._url}/claims",
                headers={"Content-Type": "application/json"},
                body=msgspec.json.encode(claim),
            )
            if answer.status not in (200, 201):
                raise Refused(f"{self._name} refused the claim: {_explained(answer)}")
            receipt = answer.decoded(SubmitAnswer).receipt
            return verify_receipt(receipt, claim, self._url, self._keys.key)
        except Unreachable as error:
            raise Unavailable(f"{self._name}: {error}", error.retry_after) from error
        except Unacceptable as error:
            raise Refused(f"{self._name}: {error}") from error
        except ReceiptError as error:
            raise Refused(f"{self._name} sent a receipt that proves nothing: {error}") from error

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()


class CreditBank:
    """The adapter: `receiver.url` is the bank's base address and its issuer name."""

    name = "credit_bank"

    def connect(self, receiver: Receiver) -> Connection:
        """Return a connection to the bank. Makes no request yet."""
        return CreditBankConnection(receiver)


def _explained(answer: Answer) -> str:
    """Return the bank's reason in one line; problem details where it sent them."""
    try:
        problem = answer.decoded(ProblemAnswer)
    except Unacceptable:
        return f"status {answer.status}"
    said = printable(problem.detail or problem.title)
    where = "; ".join(printable(f"{error.path}: {error.rule}") for error in problem.errors[:3])
    return ", ".join(part for part in (f"status {answer.status}", said, where) if part)


adapter: OutboundAdapter = CreditBank()
