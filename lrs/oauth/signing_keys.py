"""The keys that sign our access tokens: made here, renewed, published while anything is signed
with them (RFC 7517).
"""

from __future__ import annotations

import threading
import time
from typing import Any

from joserfc.jwk import ECKey

from lrs.auth.secrets import RootSecret
from lrs.store.clients import Clients
from schemas.clients import SigningKey

RENEWED_AFTER = 30 * 86_400_000_000
"""Microseconds that a key signs, before another one is made."""

OVERLAP = 3_600_000_000
"""Microseconds that a key is published after the last token that it signed was made."""

LOOKED_FOR_EVERY = 60.0
"""Seconds between two looks for keys that another process made."""


class SigningKeys:
    """The keys of this installation. Safe from many threads and processes."""

    def __init__(self, clients: Clients, root: RootSecret) -> None:
        self._clients = clients
        self._root = root
        self._lock = threading.Lock()
        self._keys: list[ECKey] = []
        self._latest = 0
        self._looked = 0.0

    def current(self) -> ECKey:
        """Return the key that signs now, made anew where the last one is old."""
        with self._lock:
            self._look(LOOKED_FOR_EVERY)
            now = time.time_ns() // 1000
            if self._latest <= now - RENEWED_AFTER:
                self._add(now - RENEWED_AFTER, now)
            return self._keys[0]

    def renew(self) -> ECKey:
        """Make another key now; the ones before stay published for a while."""
        with self._lock:
            now = time.time_ns() // 1000
            self._add(now, now)
            return self._keys[0]

    def key(self, kid: str) -> ECKey | None:
        """Return the published key that a token names, or None."""
        with self._lock:
            self._look(LOOKED_FOR_EVERY)
            if all(key.kid != kid for key in self._keys):
                self._look(1.0)
            return next((key for key in self._keys if key.kid == kid), None)

    def published(self) -> dict[str, Any]:
        """Return the public keys as a JWK set."""
        self.current()
        return {"keys": [key.as_dict(private=False) for key in self._keys]}

    def _look(self, every: float) -> None:
        if time.monotonic() - self._looked >= every or not self._keys:
            self._take(self._clients.signing_keys())

    def _add(self, after: int, now: int) -> None:
        sealed = self._root.seal_key(ECKey.generate_key("P-256"))
        self._take(self._clients.add_signing_key(sealed, after, now - OVERLAP))

    def _take(self, keys: list[SigningKey]) -> None:
        known = {key.kid: key for key in self._keys}
        opened = [self._root.open_key(key.sealed) for key in keys]
        self._keys = [known.get(key.kid, key) for key in opened]
        self._latest = keys[0].created if keys else 0
        self._looked = time.monotonic()
