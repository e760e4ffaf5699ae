"""Claims to a Credit Bank over our documented contract (docs/credit-bank.md)."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec
import rfc8785
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from adapters import dpop
from adapters.claim_mapping import BankMapping, MappingError, map_claim, map_lookup, read_mapping
from adapters.oauth import ALGORITHM, ClientCredentials, Keys, fetch_keys, printable
from adapters.outbound import (
    Connection,
    OutboundAdapter,
    Receiver,
    Refused,
    Unavailable,
    Unproven,
)
from adapters.outbound_http import Answer, OutboundHttp, Unacceptable, Unreachable
from schemas.claims import (
    ClaimPayload,
    Decision,
    Holding,
    IdentityDocument,
    Receipt,
    RecognisedUnit,
    claim_hash,
)
from schemas.receivers import ReceiverSettings

SCOPE = "claims.write claims.read"
LOOKUP_SCOPE = "learners.read"
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
    decision: Decision
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
    receipt: str,
    claim: ClaimPayload,
    issuer: str,
    key_of: Callable[[str], ECKey | None],
    *,
    digest: str | None = None,
) -> Receipt:
    """Return the receipt, once it is sure that `issuer` signed it for this very claim.

    `key_of` gives the bank's public key of a `kid`, or None. `digest` is the hash of what was
    sent, where that is not the claim's own form (a bank with names of its own).

    Raises ReceiptError where the JWS is not ES256 of type `receipt+jwt` under such a key, or
    names another issuer, claim, content or an impossible time: before the achievement or in the
    future, `CLOCK_LEEWAY` allowed.
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
    if content.claim_hash != (digest or claim_hash(claim)):
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


class HoldingsPage(msgspec.Struct, frozen=True):
    """A page of what the bank holds; `next` is the cursor of the next one."""

    holdings: list[Holding]
    next: str | None = None


class CataloguePage(msgspec.Struct, frozen=True):
    """A page of the bank's recognised units."""

    units: list[RecognisedUnit]
    next: str | None = None


class LookupAnswer(msgspec.Struct, frozen=True):
    """The bank's account of a learner."""

    learner: str


class CreditBankConnection:
    """Our account at one bank; see `adapters.outbound`."""

    def __init__(self, receiver: Receiver) -> None:
        """Raises Refused where the settings cannot be used."""
        self._name = receiver.name
        self._url = receiver.url.rstrip("/")
        settings = _settings(receiver)
        self._mapping = _mapping(receiver, settings)
        self._pinned = frozenset(settings.pinned_keys)
        if settings.oauth.method == "client_secret_basic" and not receiver.client_secret:
            raise Refused(f"{self._name}: its settings name no secret for client_secret_basic")
        certificate = settings.certificate
        self._http = OutboundHttp(
            authorities=Path(settings.authorities) if settings.authorities else None,
            certificate=(Path(certificate.certificate), Path(certificate.key))
            if certificate
            else None,
        )
        self._account = ClientCredentials(
            self._http,
            self._url,
            receiver.client_id,
            receiver.client_key,
            SCOPE if not settings.learner.look_up else f"{SCOPE} {LOOKUP_SCOPE}",
            method=settings.oauth.method,
            secret=receiver.client_secret,
            dpop_key=dpop.new_key() if settings.oauth.dpop else None,
            resource=settings.oauth.resource,
        )
        self._keys = Keys(
            lambda: fetch_keys(self._http, self._account.metadata().jwks_uri),
            life=KEYS_LIFE,
            pause=0.0,
        )

    def submit(self, claim: ClaimPayload) -> Receipt:
        """Put a claim to the bank and return its verified receipt."""
        with self._errors_translated():
            document = self._document(claim)
            answer = self._send("POST", "/claims", document)
            if answer.status not in (200, 201):
                raise Refused(f"{self._name} refused the claim: {_explained(answer)}")
            receipt = self._receipt(answer, claim, document)
            if receipt.decision == "withdrawn":
                raise Refused(f"{self._name} has this claim as withdrawn and takes it no more")
            return receipt

    def withdraw(self, claim: ClaimPayload, reason: str) -> Receipt:
        """Withdraw a claim and return the bank's verified answer."""
        with self._errors_translated():
            document = self._document(claim)
            body = {"format": "withdrawal/1", "claim_hash": _digest(document), "reason": reason}
            answer = self._send("POST", f"/claims/{claim.outer_id}/withdrawal", body)
            if answer.status not in (200, 201):
                raise Refused(f"{self._name} refused the withdrawal: {_explained(answer)}")
            receipt = self._receipt(answer, claim, document)
            if receipt.decision != "withdrawn":
                raise ReceiptError("it says nothing of a withdrawal")
            return receipt

    def status(self, claim: ClaimPayload) -> Receipt | None:
        """Return the verified receipt of the claim's state now, None where there is none."""
        with self._errors_translated():
            answer = self._send("GET", f"/claims/{claim.outer_id}")
            if answer.status == 404:
                return None
            if answer.status != 200:
                raise Refused(f"{self._name} tells no status: {_explained(answer)}")
            return self._receipt(answer, claim, self._document(claim))

    def holdings(self) -> Iterator[Holding]:
        """Give what the bank holds of us, in the order of `outer_id`."""
        last = ""
        for page in self._pages("/holdings", HoldingsPage):
            for holding in page.holdings:
                if holding.outer_id <= last:
                    raise Refused(f"{self._name} gives its holdings out of order")
                last = holding.outer_id
                yield holding

    def catalogue(self) -> Iterator[RecognisedUnit]:
        """Give the bank's recognised units, in the order of their codes."""
        for page in self._pages("/units", CataloguePage):
            yield from page.units

    def look_up(self, name: str, document: IdentityDocument) -> str:
        """Return the learner's account at the bank, as an identifier."""
        with self._errors_translated():
            body = (
                map_lookup(self._mapping, name, document)
                if self._mapping
                else {"name": name, "document": msgspec.to_builtins(document)}
            )
            answer = self._send("POST", "/learners/lookup", body)
            if answer.status == 404:
                raise Refused(f"{self._name} knows no learner of this name and identity document")
            if answer.status != 200:
                raise Refused(f"{self._name} refused the look-up: {_explained(answer)}")
            learner = printable(answer.decoded(LookupAnswer).learner)
            if not learner:
                raise Refused(f"{self._name} named no learner")
            return f"account:{self._url}|{learner}"

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def _document(self, claim: ClaimPayload) -> dict[str, Any]:
        if self._mapping is not None:
            return map_claim(self._mapping, claim)
        plain: dict[str, Any] = msgspec.to_builtins(claim)
        return plain

    def _send(self, method: str, path: str, document: object = None) -> Answer:
        headers = {"Accept": "application/json"}
        body = None
        if document is not None:
            headers["Content-Type"] = "application/json"
            body = msgspec.json.encode(document)
        return self._account.request(method, self._url + path, headers=headers, body=body)

    def _receipt(self, answer: Answer, claim: ClaimPayload, document: dict[str, Any]) -> Receipt:
        jws_text = answer.decoded(SubmitAnswer).receipt
        return verify_receipt(jws_text, claim, self._url, self._key, digest=_digest(document))

    def _key(self, kid: str) -> ECKey | None:
        key: ECKey | None = self._keys.key(kid)
        if key is not None and self._pinned and key.thumbprint() not in self._pinned:
            raise ReceiptError("it is signed with a key of the bank that is not among pinned_keys")
        return key

    def _pages(self, path: str, shape: type[_Page]) -> Iterator[_Page]:
        cursor: str | None = None
        while True:
            with self._errors_translated():
                query = f"?cursor={quote(cursor, safe='')}" if cursor else ""
                answer = self._send("GET", path + query)
                if answer.status != 200:
                    raise Refused(f"{self._name} refused {path}: {_explained(answer)}")
                page = answer.decoded(shape)
            yield page
            if page.next is None:
                return
            if page.next == cursor:
                raise Refused(f"{self._name} pages {path} in a circle")
            cursor = page.next

    @contextmanager
    def _errors_translated(self) -> Iterator[None]:
        """Say who failed, and whether trying again may help."""
        try:
            yield
        except Unreachable as error:
            raise Unavailable(f"{self._name}: {error}", error.retry_after) from error
        except (Unacceptable, MappingError) as error:
            raise Refused(f"{self._name}: {error}") from error
        except ReceiptError as error:
            raise Unproven(f"{self._name} sent a receipt that proves nothing: {error}") from error


_Page = TypeVar("_Page", HoldingsPage, CataloguePage)


class CreditBank:
    """The adapter: `receiver.url` is the bank's base address and its issuer name."""

    name = "credit_bank"

    def connect(self, receiver: Receiver) -> Connection:
        """Return a connection to the bank. Makes no request yet."""
        return CreditBankConnection(receiver)


def _settings(receiver: Receiver) -> ReceiverSettings:
    try:
        return msgspec.convert(receiver.settings, ReceiverSettings)
    except msgspec.ValidationError as error:
        raise Refused(f"{receiver.name}: its settings cannot be used: {error}") from error


def _mapping(receiver: Receiver, settings: ReceiverSettings) -> BankMapping | None:
    try:
        return read_mapping(settings.mapping) if settings.mapping is not None else None
    except MappingError as error:
        raise Refused(f"{receiver.name}: its mapping cannot be used: {error}") from error


def _digest(document: dict[str, Any]) -> str:
    return hashlib.sha256(rfc8785.dumps(document)).hexdigest()


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
