"""OAuth clients: the machines of other organisations that ask for access tokens."""

from __future__ import annotations

from typing import Any, Literal, get_args

import msgspec

from schemas.principals import Role
from schemas.sources import SCOPES
from schemas.texts import Text

ClientMethod = Literal["private_key_jwt", "client_secret_basic", "outside"]
"""How a client proves who it is; one that is `outside` does so at the outside identity provider."""

CLIENT_METHODS: tuple[ClientMethod, ...] = get_args(ClientMethod)

SCOPE_ROLES: dict[str, Role] = {
    "all": "administrator",
    "all/read": "reader",
    "audit": "auditor",
    "enterprise": "enterprise",
}
"""In which role a token with a scope lets its client into our own resources."""

CLIENT_SCOPES: tuple[str, ...] = tuple(dict.fromkeys((*SCOPES, *SCOPE_ROLES)))


class ClientError(ValueError):
    """A client that cannot be; the message says what it lacks."""


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """A client.

    `scopes` is what it may ask for, `source` (a key) as which it uses xAPI, `organisation` the
    one that it acts for, `jwks` its public keys (RFC 7517), `jwks_uri` where it publishes them
    itself. Instants are microseconds since the
    epoch.
    """

    id: str
    name: str
    method: ClientMethod
    scopes: tuple[str, ...]
    organisation: str | None = None
    source: str | None = None
    jwks: dict[str, Any] | None = None
    jwks_uri: str | None = None
    created: int = 0
    revoked: int | None = None


class SigningKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key that signs access tokens, sealed; the latest signs, the others are still published."""

    sealed: bytes
    created: int


def check_client(client: Client) -> None:
    """Raise ClientError where what the client has does not go together."""
    keys = bool((client.jwks or {}).get("keys"))
    if client.method == "private_key_jwt" and not keys and client.jwks_uri is None:
        raise ClientError(Text("private_key_jwt needs the client's public keys (jwks, jwks_uri)"))
    if client.method != "private_key_jwt" and (client.jwks or client.jwks_uri):
        raise ClientError(Text("%(method)s goes without keys (jwks)", method=client.method))
    if keys and client.jwks_uri is not None:
        raise ClientError(Text("jwks and jwks_uri exclude each other: give one of them"))
    if "enterprise" in client.scopes and client.organisation is None:
        raise ClientError(Text("the scope enterprise needs an organisation"))
    of_xapi = set(client.scopes) & set(SCOPES) - set(SCOPE_ROLES)
    if of_xapi and client.source is None:
        raise ClientError(
            Text("the scope %(scope)s needs a source to use xAPI as", scope=min(of_xapi))
        )
