"""Credentials as JSON Web Tokens (Open Badges 3.0, 8.2)."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from datetime import UTC, datetime
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError

from adapters.open_badges.document import (
    LARGEST,
    Credential,
    VerificationError,
    canonical,
    id_in,
    moment_in,
    parse,
)
from adapters.open_badges.keys import KeyOf, SigningKey, algorithm_of
from schemas.credentials import NotExpressible
from schemas.texts import Text, text_of

_HEADERS: Final = {"alg", "kid", "jwk", "typ"}
"""Open Badges 3.0, 8.2.3: additional headers are not allowed."""

_EDDSA_NAMES: Final = ("EdDSA", "Ed25519")
"""RFC 8037 and the name that RFC 9864 gives the same algorithm."""

_eddsa = copy(jws.JWSRegistry.algorithms["EdDSA"])
# The warning asks for a name that verifiers of credentials in use do not know yet.
_eddsa.security_warning = None


class _Registry(jws.JWSRegistry):
    algorithms = {**jws.JWSRegistry.algorithms, "EdDSA": _eddsa}  # noqa: RUF012
    max_header_length = 4096
    max_payload_length = 2 * LARGEST


def sign_jwt(credential: Mapping[str, Any], key: SigningKey) -> str:
    """Return the credential as a compact JWS whose `kid` is the key's URL.

    The algorithm is the key's (`keys.algorithm_of`). Raises NotExpressible.
    """
    algorithm = algorithm_of(key.key)
    try:
        payload = {**credential, **_claims(credential)}
    except VerificationError as error:
        raise NotExpressible(
            Text("this credential cannot be signed: %(error)s", error=text_of(error))
        ) from error
    return jws.serialize_compact(
        {"alg": algorithm, "kid": key.id, "typ": "JWT"},
        canonical(payload),
        key.key,
        registry=_Registry(algorithms=[algorithm]),
    )


def verify_jwt(token: str, key_of: KeyOf) -> Credential:
    """Return the credential that its issuer signed, without the claims of the token.

    Raises VerificationError where it is not a compact JWS with the headers of Open Badges, by a
    key of the issuer and that key's algorithm, or where a claim differs from the credential.
    Times and status of the credential are not looked at.
    """
    try:
        unverified = jws.extract_compact(token.encode(), registry=_registry(()))
    except (JoseError, ValueError, RecursionError) as error:
        raise VerificationError("it is not a compact JWS") from error
    header, payload = unverified.headers(), parse(unverified.payload)
    if not header.keys() <= _HEADERS or header.get("typ", "JWT") != "JWT":
        raise VerificationError("it has headers that Open Badges does not allow")
    issuer, kid = id_in(payload.get("issuer"), "the issuer"), header.get("kid")
    key = key_of(issuer, kid) if isinstance(kid, str) else None
    if key is None:
        raise VerificationError("it is signed with a key that its issuer does not publish")
    try:
        algorithm = algorithm_of(key)
        allowed = _EDDSA_NAMES if algorithm == "EdDSA" else (algorithm,)
        jws.deserialize_compact(token, key, registry=_registry(allowed))
    except (JoseError, ValueError) as error:
        raise VerificationError("its signature is not the issuer's") from error
    return _without_claims(payload)


def _registry(allowed: tuple[str, ...]) -> jws.JWSRegistry:
    return _Registry(algorithms=list(allowed), strict_check_header=False)


def _claims(credential: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims that repeat properties of the credential (8.2.4.1)."""
    subject = credential.get("credentialSubject")
    valid_from, until = moment_in(credential, "validFrom"), moment_in(credential, "validUntil")
    if valid_from is None:
        raise VerificationError("validFrom is missing")
    claims: dict[str, Any] = {
        "iss": id_in(credential.get("issuer"), "the issuer"),
        "jti": id_in(credential, "the credential"),
        "nbf": _seconds(valid_from),
        "sub": id_in(subject, "the subject"),
    }
    if until is not None:
        claims["exp"] = _seconds(until)
    return claims


def _without_claims(payload: Mapping[str, Any]) -> Credential:
    credential = {name: value for name, value in payload.items() if name not in _CLAIMS}
    for name, value in _claims(credential).items():
        found = payload.get(name)
        if type(found) is not type(value) or found != value:
            raise VerificationError(f"the claim {name} differs from the credential")
    if "exp" in payload and "validUntil" not in credential:
        raise VerificationError("the claim exp differs from the credential")
    return credential


_CLAIMS: Final = frozenset({"iss", "jti", "nbf", "sub", "exp"})


def _seconds(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp())
