"""The bank's receipt in a dossier, checked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from adapters.credit_bank import RECEIPT_TYPE, ReceiptClaims
from adapters.oauth import ALGORITHM
from lrs.dossier.contents import BANK_KEY, RECEIPT, WITHDRAWAL, WITHDRAWAL_KEY, ProvedLeaf
from lrs.dossier.fault import Fault
from lrs.dossier.opened import Opened, fields_of
from lrs.dossier.verdict import Line
from schemas.times import moment_of


def check_receipt(dossier: Opened) -> Iterator[Line]:
    """Check that the bank signed what is told of it, and a withdrawal. Raises Fault."""
    answered = dossier.last("claim", "accepted", "rejected")
    if RECEIPT in dossier.members:
        yield from _check(dossier, RECEIPT, BANK_KEY, answered)
    elif answered is not None:
        raise Fault(RECEIPT, "the log tells of an answer and it is missing")
    else:
        yield Line(None, "no-receipt", RECEIPT)
    if WITHDRAWAL in dossier.members:
        withdrawn = dossier.last("claim", "withdrawn")
        yield from _check(dossier, WITHDRAWAL, WITHDRAWAL_KEY, withdrawn)


def _check(
    dossier: Opened, name: str, key_name: str, answered: ProvedLeaf | None
) -> Iterator[Line]:
    compact = dossier.text(name)
    key = _key(dossier, key_name)
    try:
        signed = jws.deserialize_compact(compact, key, algorithms=[ALGORITHM])
        if signed.headers().get("typ") != RECEIPT_TYPE:
            raise Fault(name, f"its type is not {RECEIPT_TYPE}")
        content = msgspec.json.decode(signed.payload, type=ReceiptClaims)
    except (JoseError, msgspec.MsgspecError, ValueError) as error:
        raise Fault(name, f"it is not the bank's: {error}") from None
    if content.outer_id != dossier.contents.claim:
        raise Fault(name, f"it is for the claim {content.outer_id}")
    if answered is not None and answered.shown is not None:
        logged = fields_of(answered)
        for member, value in (("claim_hash", content.claim_hash), ("bank_id", content.bank_id)):
            if logged.get(f"body.{member}") != value:
                raise Fault(name, f"it has another {member} than the log")
    thumbprint = key.thumbprint()
    values: dict[str, Any] = {
        "issuer": content.iss,
        "decision": content.decision,
        "at": moment_of(content.iat * 1_000_000).isoformat(),
        "bank_id": content.bank_id,
        "thumbprint": thumbprint,
    }
    yield Line(True, "receipt", name, values)
    yield Line(None, "receipt-key", key_name, {"issuer": content.iss, "thumbprint": thumbprint})


def _key(dossier: Opened, name: str) -> ECKey:
    try:
        return ECKey.import_key(dossier.decoded(name, dict[str, str]))  # type: ignore[arg-type]
    except (JoseError, ValueError, KeyError) as error:
        raise Fault(name, f"it is not a public key: {error}") from None
