"""The contract of the store of the keys that we sign in with at receivers."""

from __future__ import annotations

from typing import Protocol

FIRST_OF_OLD = "client_key"
"""The setting in which earlier versions kept their only key."""


class ClientKeys(Protocol):
    """Sealed private keys. Safe from many threads and processes."""

    def first(self, kid: str, sealed: bytes) -> bytes:
        """Keep the first key unless there is one; return the one that signs."""
        ...

    def add(self, kid: str, sealed: bytes, before: float, after: float) -> None:
        """Keep a key that signs in `before` seconds and publish those before it until `after`
        seconds later.
        """
        ...

    def signing(self) -> bytes | None:
        """Return the key that signs now, None where there is none yet."""
        ...

    def published(self) -> list[bytes]:
        """Return the keys that are published now, in the order in which they sign."""
        ...
