"""Sign-in of sources by HTTP Basic authentication (1.0.3 part three 4.0)."""

from __future__ import annotations

import hashlib
import re
import secrets
import time

from lrs.auth.secrets import RootSecret, new_api_secret
from lrs.store.sources import Sources
from schemas.audit import Act
from schemas.sources import Provenance, Scope, Source
from schemas.texts import Text

REMEMBERED = 0.5
"""Seconds that a checked credential is remembered: a revocation is felt within a second."""

KEY = re.compile(r"[A-Za-z0-9._~-]{1,64}")
"""What a key may be: it goes into addresses, and a `:` would end it in Basic authentication."""


class KeyTaken(ValueError):
    """There is a source with the key already."""

    def __init__(self, key: str) -> None:
        super().__init__(Text("there is a source %(key)r already; choose another key", key=key))


class SourceCredentials:
    """Issues and checks the keys and secrets of sources. Safe from many threads."""

    def __init__(self, sources: Sources, root: RootSecret) -> None:
        self._sources = sources
        self._root = root
        self._remembered: dict[tuple[str, bytes], tuple[float, Source]] = {}
        self._pepper = secrets.token_bytes(32)

    def issue(
        self,
        *,
        name: str,
        provenance: Provenance,
        scopes: tuple[Scope, ...],
        key: str,
        limits: Source | None = None,
        act: Act | None = None,
    ) -> tuple[Source, str]:
        """Add a source and return it with its secret, which is kept nowhere in the clear.

        Raises KeyTaken.
        """
        secret = new_api_secret()
        hashed = self._root.hash_of(secret)
        try:
            source = self._sources.add(
                key=key,
                name=name,
                provenance=provenance,
                scopes=scopes,
                secret_hash=hashed,
                limits=limits,
                act=act,
            )
        except LookupError as error:
            raise KeyTaken(key) from error
        found = self._sources.with_key(key)
        if found is None or hashed not in found[1]:
            raise KeyTaken(key)
        return source, secret

    def rotate(self, key: str, overlap: int, act: Act) -> str | None:
        """Return a new secret of the source; those before it work for `overlap` seconds more.

        None where there is no such source.
        """
        secret = new_api_secret()
        hashed = self._root.hash_of(secret)
        return secret if self._sources.rotate(key, hashed, overlap * 1_000_000, act) else None

    def ensure(
        self,
        key: str,
        secret: str,
        *,
        name: str,
        provenance: Provenance = "server",
        scopes: tuple[Scope, ...] = ("all",),
    ) -> Source:
        """Make the given key and secret those of a source, by default of an administrator."""
        source = self._sources.add(
            key=key,
            name=name,
            provenance=provenance,
            scopes=scopes,
            secret_hash=self._root.hash_of(secret),
        )
        self._sources.set_secret(key, self._root.hash_of(secret))
        return source

    def check(self, key: str, secret: str) -> Source | None:
        """Return the source that the credential belongs to, or None."""
        # A keyed BLAKE2 of this process alone takes a fortieth of the time of OpenSSL's HMAC.
        quick = hashlib.blake2b(secret.encode(), key=self._pepper).digest()
        now = time.monotonic()
        remembered = self._remembered.get((key, quick))
        if remembered is not None and remembered[0] > now:
            return remembered[1]
        found = self._sources.with_key(key)
        kept = [one for one in found[1] if self._root.matches(secret, one)] if found else []
        if found is None or not kept:
            self._remembered.pop((key, quick), None)
            return None
        self._sources.used(key, kept[0])
        if len(self._remembered) > 1000:
            self._remembered.clear()
        self._remembered[key, quick] = (now + REMEMBERED, found[0])
        return found[0]


def new_key() -> str:
    """Return a new key, which is no secret."""
    return f"source-{secrets.token_hex(6)}"
