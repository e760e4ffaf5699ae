"""Sign-in of sources by HTTP Basic authentication (1.0.3 part three 4.0)."""

from __future__ import annotations

import time

from lrs.auth.secrets import RootSecret, new_api_secret
from lrs.store.sqlite.sources import SqliteSources
from schemas.sources import Provenance, Scope, Source

REMEMBERED = 0.5
"""Seconds that a checked credential is remembered: a revocation is felt within a second."""


class SourceCredentials:
    """Issues and checks the keys and secrets of sources. Safe from many threads."""

    def __init__(self, sources: SqliteSources, root: RootSecret) -> None:
        self._sources = sources
        self._root = root
        self._remembered: dict[tuple[str, bytes], tuple[float, Source]] = {}

    def issue(
        self, *, name: str, provenance: Provenance, scopes: tuple[Scope, ...], key: str
    ) -> tuple[Source, str]:
        """Add a source and return it with its secret, which is kept nowhere in the clear."""
        secret = new_api_secret()
        source = self._sources.add(
            key=key,
            name=name,
            provenance=provenance,
            scopes=scopes,
            secret_hash=self._root.hash_of(secret),
        )
        return source, secret

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
        hashed = self._root.hash_of(secret)
        now = time.monotonic()
        remembered = self._remembered.get((key, hashed))
        if remembered is not None and remembered[0] > now:
            return remembered[1]
        found = self._sources.with_key(key)
        if found is None or found[1] is None or not self._root.matches(secret, found[1]):
            self._remembered.pop((key, hashed), None)
            return None
        if len(self._remembered) > 1000:
            self._remembered.clear()
        self._remembered[key, hashed] = (now + REMEMBERED, found[0])
        return found[0]
