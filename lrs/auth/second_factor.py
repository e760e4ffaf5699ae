"""The second factor: codes from an authenticator app (TOTP, RFC 6238) and recovery codes."""

from __future__ import annotations

import base64
import hmac
import secrets
import time

import pyotp
import segno

PURPOSE = b"second factor"
STEP = 30
RECOVERY_CODES = 10
ISSUER = "Learning record store"


def new_secret() -> str:
    """Return a new shared secret: 160 random bits in Base32."""
    return pyotp.random_base32()


def matching_step(secret: str, code: str, now: float | None = None) -> int | None:
    """Return the time step that a code is of, or None where it is none of this, the last or the
    next one's (RFC 6238 5.2).
    """
    digits = "".join(code.split())
    if not (digits.isascii() and digits.isdecimal()):
        return None
    totp = pyotp.TOTP(secret)
    this = int((time.time() if now is None else now) // STEP)
    for step in (this, this - 1, this + 1):
        if hmac.compare_digest(totp.generate_otp(step), digits):
            return step
    return None


def new_recovery_codes() -> list[str]:
    """Return recovery codes, 80 random bits each, in groups of four to write down."""
    codes = [
        base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(RECOVERY_CODES)
    ]
    return ["-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in codes]


def plain_recovery_code(text: str) -> str:
    """Return a recovery code as it is hashed, however it was typed."""
    return "".join(sign for sign in text.lower() if sign.isalnum())


def qr_code(secret: str, name: str) -> str:
    """Return the secret for an authenticator app to scan, as inline SVG."""
    address = pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)
    return str(segno.make(address).svg_inline(scale=4, border=2, light="#fff"))
