"""Client authentication by a signed assertion, `private_key_jwt` (RFC 7523 2.2 and 3).

Authlib's part, tightened: it would take three algorithms that nobody chose, an assertion that
lives for a year, and calls the method by a name of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from authlib.oauth2.rfc6749 import InvalidClientError
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jws import CompactSignature

from adapters.outbound_http import OutboundError

METHOD = "private_key_jwt"
ALGORITHMS = ["ES256", "Ed25519"]
LIFE = 60
"""Seconds that an assertion may be good for (exp - iat)."""

LEEWAY = 5
"""Seconds by which two clocks may differ."""

LONGEST_JTI = 255

UseOnce = Callable[[str, str, int, int], bool]
"""Uses up a client's `jti` until an instant, now being another (seconds); False: used before."""


class KeyedClient(Protocol):
    """A client whose public keys are known."""

    def key(self, kid: str) -> Any:
        """Return the key that an assertion names, or None. Raises OutboundError."""
        ...


class ClientAssertion(JWTBearerClientAssertion):  # type: ignore[misc]
    """Assertions for this issuer by some `algorithms`, at most a minute long, each used once."""

    CLIENT_AUTH_METHOD = METHOD

    def __init__(self, issuer: str, use_once: UseOnce, algorithms: list[str]) -> None:
        super().__init__(leeway=LEEWAY)
        self._issuer = issuer
        self._use_once = use_once
        self._algorithms = algorithms

    def get_audiences(self) -> list[str]:
        """Return the issuer alone: a token endpoint as audience can be another server's."""
        return [self._issuer]

    def extract_assertion(self, assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return header and claims, unverified."""
        try:
            header, claims = super().extract_assertion(assertion)
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise InvalidClientError(description="Invalid JWT assertion.") from error
        if not isinstance(header, dict):
            raise InvalidClientError(description="Invalid JWT header.")
        return header, claims

    def resolve_client_public_key(self, client: KeyedClient) -> Any:
        """Return the way from an assertion to the client's key that its `kid` names."""

        def key_of(assertion: CompactSignature) -> Any:
            kid = assertion.headers().get("kid")
            key = client.key(kid) if isinstance(kid, str) else None
            if key is None:
                raise InvalidKeyIdError("The assertion names no key of the client")
            return key

        return key_of

    def process_assertion_claims(self, assertion: str, resolve_key: Any) -> dict[str, Any]:
        """Return the claims of an assertion that holds. Raises InvalidClientError."""
        try:
            claims = jwt.decode(assertion, resolve_key, algorithms=self._algorithms).claims
        except (JoseError, ValueError, TypeError) as error:
            # In words of our own: the library's repeat the sender's, which RFC 6749 5.2 forbids.
            known = " or ".join(self._algorithms)
            raise InvalidClientError(
                description=f"The assertion is not signed with {known} and a known key."
            ) from error
        except OutboundError as error:
            raise InvalidClientError(
                description="The client's JWK set cannot be had now."
            ) from error
        self.verify_claims(claims)
        return claims

    def verify_claims(self, claims: dict[str, Any]) -> None:
        """Check the life first, so that only an assertion that is short is remembered."""
        issued, expires = claims.get("iat"), claims.get("exp")
        # No booleans, no fractions, and nothing too large for the store.
        if type(issued) is not int or type(expires) is not int or abs(expires) >= 2**53:
            raise InvalidClientError(description="The claims 'iat' and 'exp' must be seconds.")
        if not 0 < expires - issued <= LIFE:
            raise InvalidClientError(
                description=f"An assertion must live at most {LIFE} s (exp - iat)."
            )
        if claims.get("aud") not in (self._issuer, [self._issuer]):
            raise InvalidClientError(description=f"The claim 'aud' must be {self._issuer} alone.")
        super().verify_claims(claims)

    def validate_jti(self, claims: dict[str, Any], jti: Any) -> bool:
        """Use the assertion up; False where it was used before."""
        if not isinstance(jti, str) or not 0 < len(jti) <= LONGEST_JTI:
            raise InvalidClientError(description="The claim 'jti' has no usable length.")
        forget_at = int(claims["exp"]) + LEEWAY + 1
        return self._use_once(claims["sub"], jti, forget_at, int(time.time()))
