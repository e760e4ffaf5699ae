"""Bitstring Status Lists: which credentials are revoked (W3C Bitstring Status List 1.0)."""

from __future__ import annotations

import base64
import gzip
import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from adapters.open_badges.document import (
    CREDENTIALS_CONTEXT,
    Credential,
    VerificationError,
    time_text,
)
from schemas.credentials import Issuer, NotExpressible, StatusPlace
from schemas.texts import Text

PURPOSE: Final = "revocation"
SMALLEST: Final = 131_072
"""Places of a list at least, so that one credential hides among many (section 6.1)."""

_LARGEST: Final = 16 * 1024**2
"""Bytes of an unpacked list; more is a bomb."""


def status_entry(place: StatusPlace) -> dict[str, Any]:
    """Return the `credentialStatus` of a credential that has this place in a list."""
    return {
        "id": f"{place.url}#{place.index}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": PURPOSE,
        "statusListIndex": str(place.index),
        "statusListCredential": place.url,
    }


def build_status_list(
    *,
    url: str,
    issuer: Issuer,
    revoked: Iterable[int],
    places: int = SMALLEST,
    issued_at: datetime,
    valid_until: datetime,
) -> Credential:
    """Return the unsigned credential that tells which places are revoked.

    `url` is where it will be published, `places` a multiple of 8, `valid_until` when a reader
    must have fetched a newer one: an old list is a way to hide a revocation. Raises
    NotExpressible.
    """
    if valid_until <= issued_at:
        raise NotExpressible(Text("a status list must be valid for some time"))
    return {
        "@context": [CREDENTIALS_CONTEXT],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer.id,
        "validFrom": time_text(issued_at),
        "validUntil": time_text(valid_until),
        "credentialSubject": {
            "id": f"{url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": PURPOSE,
            "encodedList": encode_list(bitstring(revoked, places)),
        },
    }


def bitstring(revoked: Iterable[int], places: int = SMALLEST) -> bytes:
    """Return the bits of a list; place 0 is the highest bit of the first byte."""
    if places < SMALLEST or places % 8:
        raise NotExpressible(
            Text(
                "a status list has at least %(smallest)s places, a multiple of 8", smallest=SMALLEST
            )
        )
    bits = bytearray(places // 8)
    for index in revoked:
        if not 0 <= index < places:
            raise NotExpressible(
                Text(
                    "the place %(index)s is not in a list of %(places)s", index=index, places=places
                )
            )
        bits[index // 8] |= 0x80 >> index % 8
    return bytes(bits)


def encode_list(bits: bytes) -> str:
    """Return packed bits as multibase base64url (section 3.3); the same bits give the same text."""
    packed = gzip.compress(bits, mtime=0)
    return "u" + base64.urlsafe_b64encode(packed).decode().rstrip("=")


def decode_list(text: str) -> bytes:
    """Return the bits of an `encodedList` (section 3.4). Raises VerificationError."""
    if not text.startswith("u"):
        raise VerificationError("the status list is not in multibase base64url")
    try:
        packed = base64.b64decode(text[1:] + "=" * (-len(text[1:]) % 4), b"-_", validate=True)
        unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        bits = unpacking.decompress(packed, _LARGEST)
    except (ValueError, zlib.error) as error:
        raise VerificationError("the status list cannot be unpacked") from error
    if not unpacking.eof or unpacking.unused_data:
        raise VerificationError("the status list is cut off, too long, or followed by more")
    return bits


def is_set(entry: Mapping[str, Any], status_list: Mapping[str, Any]) -> bool:
    """Tell whether an entry's bit is set in its list (section 3.2).

    `status_list` is the list's credential, its own proof and times verified. Raises
    VerificationError where the two do not belong together or the place is not in the list.
    """
    subject = status_list.get("credentialSubject")
    types = status_list.get("type")
    if (
        not isinstance(subject, dict)
        or not isinstance(types, list)
        or "BitstringStatusListCredential" not in types
        or subject.get("type") != "BitstringStatusList"
    ):
        raise VerificationError("what its status names is not a status list")
    if status_list.get("id") != entry.get("statusListCredential"):
        raise VerificationError("the status list was issued for another place")
    if subject.get("statusPurpose") != entry.get("statusPurpose"):
        raise VerificationError("the status list has another purpose")
    encoded, index = subject.get("encodedList"), entry.get("statusListIndex")
    if not isinstance(encoded, str) or not isinstance(index, str) or not _is_number(index):
        raise VerificationError("the status list or the place in it is missing")
    bits, place = decode_list(encoded), int(index)
    if len(bits) * 8 < SMALLEST or place >= len(bits) * 8:
        raise VerificationError("the place is not in the status list")
    return bool(bits[place // 8] & 0x80 >> place % 8)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 12
