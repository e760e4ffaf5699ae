"""Signatures of webhooks as Standard Webhooks has them (specification 1.0.0, "Signature scheme").

A subscriber checks the signature, that the timestamp is not older than `TOLERANCE` seconds, and
that it has not seen the id before.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Iterable, Mapping

PREFIX = "whsec_"
TOLERANCE = 300


class SignatureError(Exception):
    """A message that cannot be trusted; says which check failed."""


def new_secret() -> str:
    """Return a new secret of 256 random bits, as it is shown to the subscriber."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signed_headers(
    message: str, timestamp: int, body: bytes, with_secrets: Iterable[str]
) -> dict[str, str]:
    """Return the headers that prove a message: its id, its time (seconds since the epoch), and a
    signature under each secret.
    """
    return {
        "webhook-id": message,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(
            f"v1,{_signature(message, timestamp, body, secret)}" for secret in with_secrets
        ),
    }


def verify(headers: Mapping[str, str], body: bytes, secret: str, now: float) -> str:
    """Return the id of a message that was signed with the secret and is fresh.

    `headers` are named in lower case. Raises SignatureError. Whether the id was seen before is
    for the subscriber to know.
    """
    try:
        message, timestamp = headers["webhook-id"], int(headers["webhook-timestamp"])
        given = headers["webhook-signature"].split(" ")
    except (KeyError, ValueError) as error:
        raise SignatureError("it lacks the headers of Standard Webhooks") from error
    if abs(now - timestamp) > TOLERANCE:
        raise SignatureError("its timestamp is too old or in the future")
    expected = f"v1,{_signature(message, timestamp, body, secret)}".encode()
    if not any(hmac.compare_digest(expected, one.encode()) for one in given):
        raise SignatureError("its signature is not of this secret")
    return message


def _signature(message: str, timestamp: int, body: bytes, secret: str) -> str:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise SignatureError("the secret is not base64") from error
    signed = f"{message}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
