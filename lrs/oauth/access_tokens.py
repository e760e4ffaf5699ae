"""JWT access tokens (RFC 9068): ours, and those of the outside identity provider.

Authlib's validator would take a token without `typ`, and one bound to a key (`cnf`) as a plain
bearer's. Here a token has the `typ`, no `cnf`, one of the algorithms that were chosen, and every
claim that RFC 9068 2.2 asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec
from joserfc import jws, jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import GuestProtocol

from lrs.oauth.client_assertions import LEEWAY
from lrs.store.clients import Clients
from schemas.clients import Client

ALGORITHM = "ES256"
OUTSIDE_ALGORITHMS = ["ES256", "ES384", "PS256", "RS256", "Ed25519"]
TYPES = ("at+jwt", "application/at+jwt")
LONGEST_TOKEN = 16_384

KeyOf = Callable[[str], Any]
"""Gives the key of an issuer that a `kid` names, or None."""


class InvalidToken(Exception):
    """A token that opens nothing; the message is for the log, not for whoever sent it."""


class TokenIssuer(msgspec.Struct, frozen=True):
    """Whose tokens are taken: its name, its keys, its algorithms, and the audience that is us."""

    issuer: str
    key_of: KeyOf
    algorithms: list[str]
    audience: str


class OutsideProvider(Protocol):
    """An identity provider whose access tokens are taken as well."""

    issuer: str

    def key(self, kid: str) -> Any:
        """Return its signing key with the id, or None."""
        ...


def token_issuers(
    public_url: str, own_key: KeyOf, provider: OutsideProvider | None
) -> dict[str, TokenIssuer]:
    """Return whose access tokens for us, at our public address, are taken: ours first."""
    issuers = {public_url: TokenIssuer(public_url, own_key, [ALGORITHM], public_url)}
    if provider is not None:
        issuers[provider.issuer] = TokenIssuer(
            provider.issuer, provider.key, OUTSIDE_ALGORITHMS, public_url
        )
    return issuers


class AccessToken(msgspec.Struct, frozen=True):
    """A token that is good now, the client that bears it, and what both may do."""

    client: Client
    scopes: tuple[str, ...]
    claims: dict[str, Any]


class AccessTokens:
    """Checks access tokens. A revoked token or client is refused at the next request."""

    def __init__(self, issuers: Mapping[str, TokenIssuer], own: str, clients: Clients) -> None:
        """`issuers` by name, of which `own` is ourselves."""
        self._issuers = issuers
        self._own = own
        self._clients = clients

    def issuers(self) -> list[str]:
        """Return whose access tokens are taken: ours first."""
        return list(self._issuers)

    def check(self, token: str) -> AccessToken:
        """Return what the token says. Raises InvalidToken."""
        issuer = self._issuers.get(self._claimed_issuer(token))
        if issuer is None:
            raise InvalidToken("it is of an issuer that is not known here")
        claims = self._claims(token, issuer)
        name = claims.get("client_id") or claims.get("azp")
        client = self._clients.client(name) if isinstance(name, str) else None
        if client is None or client.revoked is not None:
            raise InvalidToken("its client is not known here")
        if (client.method == "outside") is (issuer.issuer == self._own):
            raise InvalidToken("its client is another issuer's")
        if self._clients.is_revoked(claims["jti"]):
            raise InvalidToken("it was revoked")
        granted = str(claims.get("scope", "")).split()
        return AccessToken(
            client=client,
            scopes=tuple(one for one in granted if one in client.scopes),
            claims=claims,
        )

    def _claims(self, token: str, issuer: TokenIssuer) -> dict[str, Any]:
        def key_of(signature: GuestProtocol) -> Any:
            kid = signature.headers().get("kid")
            key = issuer.key_of(kid) if isinstance(kid, str) else None
            if key is None:
                raise InvalidKeyIdError("no such key")
            return key

        try:
            decoded = jwt.decode(token, key_of, algorithms=issuer.algorithms)
            if str(decoded.header.get("typ")).lower() not in TYPES:
                raise InvalidToken("it is no access token (typ)")
            if "cnf" in decoded.claims:
                raise InvalidToken("it is bound to a key whose proof nobody checked (cnf)")
            names = ("iss", "aud", "exp", "sub", "iat", "jti")
            options: dict[str, Any] = {name: {"essential": True} for name in names}
            options["iss"]["value"] = issuer.issuer
            options["aud"]["value"] = issuer.audience
            jwt.JWTClaimsRegistry(leeway=LEEWAY, **options).validate(decoded.claims)
        except (JoseError, ValueError, TypeError, AttributeError, RecursionError) as error:
            raise InvalidToken(f"it does not hold: {type(error).__name__}") from error
        if not isinstance(decoded.claims["jti"], str):
            raise InvalidToken("it has no usable jti")
        return dict(decoded.claims)

    def _claimed_issuer(self, token: str) -> str:
        """Who says to have made the token, for finding the keys to check that with."""
        if len(token) > LONGEST_TOKEN or not token.isascii():
            raise InvalidToken("it is no JWT")
        try:
            claims = msgspec.json.decode(jws.extract_compact(token.encode()).payload)
            return str(claims["iss"])
        except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise InvalidToken("it is no JWT") from error
