"""Whether a credential can be relied on: proof, time and status (Open Badges 3.0, section 9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from adapters.open_badges.data_integrity import check_proof, verify_proof
from adapters.open_badges.document import (
    CREDENTIALS_CONTEXT,
    Credential,
    VerificationError,
    id_in,
    moment_in,
)
from adapters.open_badges.keys import KeyOf
from adapters.open_badges.status_list import is_set
from adapters.open_badges.vc_jwt import verify_jwt

StatusListOf: TypeAlias = Callable[[str], str | None]
"""Gives the status list credential published at a URL, as text, None where there is none."""


def verify_credential(
    text: str, key_of: KeyOf, status_list_of: StatusListOf, now: datetime
) -> Credential:
    """Return the credential, once everything about it is found in order.

    `text` is a compact JWS or JSON with a Data Integrity proof, `now` aware. Verified are the
    proof under a key of the issuer, the model's context and type, the times, and the status by
    a list of the same issuer that is verified likewise. The credentials within a learner record
    are verified each for itself. Raises VerificationError.
    """
    credential = _proved(text, key_of, now)
    _check(credential, key_of, status_list_of, now)
    if "ClrCredential" in credential["type"]:
        for wrapped in _wrapped(credential):
            inner = check_proof(wrapped, key_of, now)
            _check(inner, key_of, status_list_of, now)
            if "ClrCredential" in inner["type"]:
                raise VerificationError("it is a learner record within a learner record")
    return credential


def _proved(text: str, key_of: KeyOf, now: datetime) -> Credential:
    if text.lstrip().startswith("{"):
        return verify_proof(text, key_of, now)
    return verify_jwt(text, key_of)


def _check(
    credential: Mapping[str, Any], key_of: KeyOf, status_list_of: StatusListOf, now: datetime
) -> None:
    _check_model(credential)
    _check_time(credential, now)
    _check_status(credential, key_of, status_list_of, now)


def _check_model(credential: Mapping[str, Any]) -> None:
    context, types = credential.get("@context"), credential.get("type")
    if not isinstance(context, list) or context[:1] != [CREDENTIALS_CONTEXT]:
        raise VerificationError(f"its context does not begin with {CREDENTIALS_CONTEXT}")
    if not isinstance(types, list) or "VerifiableCredential" not in types:
        raise VerificationError("it is not a VerifiableCredential")


def _check_time(credential: Mapping[str, Any], now: datetime) -> None:
    begin, end = moment_in(credential, "validFrom"), moment_in(credential, "validUntil")
    if begin is None or now < begin:
        raise VerificationError("it is not valid yet")
    if end is not None and end <= now:
        raise VerificationError("it is no longer valid")


def _check_status(
    credential: Mapping[str, Any], key_of: KeyOf, status_list_of: StatusListOf, now: datetime
) -> None:
    entries = credential.get("credentialStatus", [])
    for entry in entries if isinstance(entries, list) else [entries]:
        if not isinstance(entry, dict) or entry.get("type") != "BitstringStatusListEntry":
            raise VerificationError("its status is of a kind that is not known here")
        purpose, url = entry.get("statusPurpose"), entry.get("statusListCredential")
        text = status_list_of(url) if isinstance(url, str) else None
        if text is None:
            raise VerificationError("its status list cannot be had")
        status_list = _proved(text, key_of, now)
        _check_model(status_list)
        _check_time(status_list, now)
        if id_in(status_list.get("issuer"), "the status list's issuer") != id_in(
            credential.get("issuer"), "the issuer"
        ):
            raise VerificationError("its status list is of another issuer")
        if is_set(entry, status_list):
            raise VerificationError(f"its status is set: {purpose}")


def _wrapped(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    subject = record.get("credentialSubject")
    wrapped = subject.get("verifiableCredential") if isinstance(subject, dict) else None
    if (
        not isinstance(wrapped, list)
        or not wrapped
        or not all(isinstance(item, dict) for item in wrapped)
    ):
        raise VerificationError("it is a learner record with no credentials that can be read")
    return wrapped
