"""Verifiable credentials as JSON: what all of them share, read strictly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

import rfc8785

from schemas.credentials import NotExpressible
from schemas.texts import Text, text_of
from schemas.times import parse_timestamp

CREDENTIALS_CONTEXT: Final = "https://www.w3.org/ns/credentials/v2"
OPEN_BADGES_CONTEXT: Final = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
LARGEST: Final = 8 * 1024**2
"""Characters of a credential; a record of a thousand achievements takes about three million."""

Credential: TypeAlias = dict[str, Any]


class VerificationError(Exception):
    """A credential that does not prove what it says; the message tells which check failed."""


def time_text(moment: datetime) -> str:
    """Return an aware datetime in UTC to the second, as JSON Web Tokens keep it."""
    if moment.tzinfo is None:
        raise NotExpressible(Text("the time %(moment)s has no zone", moment=moment.isoformat()))
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_in(document: Mapping[str, Any], name: str) -> datetime | None:
    """Return a time of a credential, None where it has none. Raises VerificationError."""
    text = document.get(name)
    if text is None:
        return None
    if isinstance(text, str):
        try:
            return parse_timestamp(text)
        except (ValueError, OverflowError):
            pass
    raise VerificationError(f"{name} is not a time")


def id_in(value: object, name: str) -> str:
    """Return the id of what is given as a URI or as an object with an `id`."""
    found = value.get("id") if isinstance(value, dict) else value
    if not isinstance(found, str):
        raise VerificationError(f"{name} has no id")
    return found


def canonical(document: Mapping[str, Any]) -> bytes:
    """Return canonical JSON (RFC 8785). Raises NotExpressible where there is none."""
    try:
        return rfc8785.dumps(dict(document))
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        raise NotExpressible(
            Text("the credential has no canonical JSON: %(error)s", error=text_of(error))
        ) from error


def parse(text: str | bytes) -> Credential:
    """Return a JSON object in which no name stands twice.

    Raises VerificationError. A reader that takes the first of two equal names and one that
    takes the last would see two credentials under one signature.
    """
    if len(text) > LARGEST:
        raise VerificationError(f"it is longer than {LARGEST:,} characters")
    try:
        document = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise VerificationError(f"it is not JSON that can be trusted: {error}") from error
    if not isinstance(document, dict):
        raise VerificationError("it is not a JSON object")
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
