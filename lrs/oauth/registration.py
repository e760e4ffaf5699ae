"""Registering clients, by an administrator."""

from __future__ import annotations

from typing import Any

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from adapters.outbound_http import Unacceptable, require_safe
from lrs.auth.secrets import RootSecret, new_api_secret
from lrs.store.clients import Clients
from lrs.store.sources import Sources
from schemas.audit import Act
from schemas.clients import Client, ClientError, check_client
from schemas.texts import Text, text_of

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
            raise ClientError(
                Text("there is a client %(id)r already; choose another id", id=client.id)
            )
        return secret

    def new_secret(self, client: Client, act: Act) -> str:
        """Return another secret, in the place of the one before. Raises ClientError."""
        if client.method != "client_secret_basic" or client.revoked is not None:
            raise ClientError(Text("the client %(id)r has no secret", id=client.id))
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
            raise ClientError(Text("there is no source %(source)r", source=client.source))
        if client.jwks_uri is not None:
            try:
                require_safe(client.jwks_uri)
            except Unacceptable as error:
                raise ClientError(
                    Text("jwks_uri cannot be used: %(error)s", error=text_of(error))
                ) from error
        for entry in (client.jwks or {}).get("keys", []):
            _check_key(entry)


def _check_key(entry: dict[str, Any]) -> None:
    if (entry.get("kty"), entry.get("crv")) not in KEY_KINDS:
        raise ClientError(Text("each key of jwks must be EC P-256 or OKP Ed25519"))
    if not isinstance(entry.get("kid"), str) or not entry["kid"]:
        raise ClientError(Text("each key of jwks must have a kid"))
    if "d" in entry:
        raise ClientError(
            Text("a key of jwks holds its private part: it must be replaced, and kept in")
        )
    try:
        KeySet.import_key_set({"keys": [entry]})
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise ClientError(
            Text("the key %(kid)s of jwks cannot be used", kid=entry["kid"])
        ) from error
