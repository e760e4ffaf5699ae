"""Proof of possession at the application layer: DPoP (RFC 9449), both sides."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Callable
from typing import Any

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from joserfc.jws import CompactSignature

ALGORITHM = "ES256"
TYPE = "dpop+jwt"
PROOF_LIFE = 60
"""Seconds that a proof is taken after it was made."""

LEEWAY = 10
LONGEST = 4096


class ProofError(Exception):
    """A proof that proves nothing; the message tells which check failed."""


class NonceWanted(ProofError):
    """The proof lacks the nonce that the server asks for (RFC 9449 8)."""


class Proof(msgspec.Struct, frozen=True):
    """The claims of a proof (RFC 9449 4.2)."""

    jti: str
    htm: str
    htu: str
    iat: int
    ath: str | None = None
    nonce: str | None = None


def new_key() -> ECKey:
    """Return a new key pair for proofs."""
    return ECKey.generate_key("P-256")


def make_proof(
    key: ECKey, method: str, url: str, *, token: str | None = None, nonce: str | None = None
) -> str:
    """Return a fresh proof for one request, bound to its access `token` where it bears one."""
    claims: dict[str, Any] = {
        "jti": secrets.token_urlsafe(16),
        "htm": method,
        "htu": _without_query(url),
        "iat": int(time.time()),
    }
    if token is not None:
        claims["ath"] = token_hash(token)
    if nonce is not None:
        claims["nonce"] = nonce
    public = {name: key.as_dict(private=False)[name] for name in ("kty", "crv", "x", "y")}
    return jwt.encode({"typ": TYPE, "alg": ALGORITHM, "jwk": public}, claims, key, [ALGORITHM])


def verify_proof(
    proof: str,
    method: str,
    url: str,
    *,
    now: float,
    fresh: Callable[[str, str], bool],
    token: str | None = None,
    nonces: Callable[[], set[str]] | None = None,
) -> str:
    """Return the thumbprint (RFC 7638) of the key that the proof proves (RFC 9449 4.3).

    `fresh` uses up a (thumbprint, jti) and is False where it was used before; `nonces` gives those
    that are good now, where the server asks for one. Raises ProofError and NonceWanted.
    """
    if len(proof) > LONGEST:
        raise ProofError("it is too long")
    found: list[ECKey] = []

    def key_of(signature: CompactSignature) -> ECKey:
        header = signature.headers()
        jwk = header.get("jwk")
        if header.get("typ") != TYPE or not isinstance(jwk, dict):
            raise ProofError(f"it is not of type {TYPE} with a jwk")
        if "d" in jwk or (jwk.get("kty"), jwk.get("crv")) != ("EC", "P-256"):
            raise ProofError("its jwk is not a public P-256 key")
        found.append(ECKey.import_key(jwk))
        return found[0]

    try:
        decoded = jwt.decode(proof, key_of, algorithms=[ALGORITHM])  # type: ignore[arg-type]
        claims = msgspec.convert(decoded.claims, Proof)
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ProofError(f"it is not a proof signed with {ALGORITHM}") from error
    if (claims.htm, claims.htu) != (method, _without_query(url)):
        raise ProofError("it is for another request (htm, htu)")
    if not now - PROOF_LIFE - LEEWAY <= claims.iat <= now + LEEWAY:
        raise ProofError("it is too old or from the future (iat)")
    if token is not None and claims.ath != token_hash(token):
        raise ProofError("it is for another access token (ath)")
    if nonces is not None and claims.nonce not in nonces():
        raise NonceWanted("it lacks the server's nonce")
    thumbprint: str = found[0].thumbprint()
    if not 0 < len(claims.jti) <= 255 or not fresh(thumbprint, claims.jti):
        raise ProofError("it was used before (jti)")
    return thumbprint


def token_hash(token: str) -> str:
    """Return the `ath` of an access token."""
    digest = hashlib.sha256(token.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _without_query(url: str) -> str:
    return url.partition("#")[0].partition("?")[0]
