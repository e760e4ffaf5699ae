"""Registering clients, by an administrator."""

from __future__ import annotations

from typing import Any

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from lrs.auth.secrets import RootSecret, new_api_secret
from lrs.store.clients import Clients
from lrs.store.sources import Sources
from schemas.audit import Act
from schemas.clients import Client, ClientError, check_client

KEY_KINDS = (("EC", "P-256"), ("OKP", "Ed25519"))


class Registration:
    """Adds clients and changes them, and sees that what they have goes together."""

    def __init__(self, clients: Clients, sources: Sources, root: RootSecret) -> None:
        self._clients = clients
        self._sources = sources
        self._root = root

    def add(self, client: Client, act: Act) -> str | None:
        """Add a client; return its secret, where it has one, which is kept nowhere in the clear.

        Raises ClientError.
        """
        self.check(client)
        secret = new_api_secret() if client.method == "client_secret_basic" else None
        hashed = self._root.hash_of(secret) if secret is not None else None
        if not self._clients.add(client, hashed, act):
            raise ClientError(f"there is a client {client.id!r} already; choose another id")
        return secret

    def new_secret(self, client: Client, act: Act) -> str:
        """Return another secret, in the place of the one before. Raises ClientError."""
        if client.method != "client_secret_basic" or client.revoked is not None:
            raise ClientError(f"the client {client.id!r} has no secret")
        secret = new_api_secret()
        self._clients.set_secret(client.id, self._root.hash_of(secret), act)
        return secret

    def revoke(self, client: str, now: int, act: Act) -> bool:
        """Revoke a client, and with it every token that it has; False where there is none."""

        def revoked(one: Client) -> Client:
            return msgspec.structs.replace(one, revoked=one.revoked or now)

        return self._clients.change(client, revoked, act) is not None

    def check(self, client: Client) -> None:
        """Raise ClientError where what the client has does not go together, or is not there."""
        check_client(client)
        if client.source is not None and self._sources.with_key(client.source) is None:
            raise ClientError(f"there is no source {client.source!r}")
        for entry in (client.jwks or {}).get("keys", []):
            _check_key(entry)


def _check_key(entry: dict[str, Any]) -> None:
    if (entry.get("kty"), entry.get("crv")) not in KEY_KINDS:
        raise ClientError("each key of jwks must be EC P-256 or OKP Ed25519")
    if not isinstance(entry.get("kid"), str) or not entry["kid"]:
        raise ClientError("each key of jwks must have a kid")
    if "d" in entry:
        raise ClientError("a key of jwks holds its private part: it must be replaced, and kept in")
    try:
        KeySet.import_key_set({"keys": [entry]})
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise ClientError(f"the key {entry['kid']} of jwks cannot be used") from error
