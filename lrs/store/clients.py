"""The contract of the store of OAuth clients, and of what their tokens leave behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from schemas.audit import Act
from schemas.clients import Client, SigningKey


class Clients(Protocol):
    """Clients, used assertions, revoked tokens and signing keys. Safe from many threads.

    Instants are microseconds since the epoch unless said otherwise; acts are noted in the same
    transaction.
    """

    def add(self, client: Client, secret_hash: bytes | None, act: Act) -> bool:
        """Add a client, `created` now; False where the id is taken."""
        ...

    def client(self, client: str) -> Client | None:
        """Return the client with the id, also one that is revoked."""
        ...

    def secret_hash(self, client: str) -> bytes | None:
        """Return the hash of the client's secret."""
        ...

    def set_secret(self, client: str, secret_hash: bytes, act: Act) -> None:
        """Put another secret's hash in the place of the one before."""
        ...

    def change(self, client: str, work: Callable[[Client], Client], act: Act) -> Client | None:
        """Put `work` of the client in its place; None where there is none."""
        ...

    def page(self, after: str | None, limit: int) -> list[Client]:
        """Return a page of clients in the order of their ids."""
        ...

    def use_assertion(self, client: str, jti: str, forget_at: int, now: int) -> bool:
        """Use up a client assertion until `forget_at` (seconds); False where it was used."""
        ...

    def revoke_token(self, jti: str, expires: int, act: Act) -> None:
        """Take an access token back that would work until `expires` (seconds)."""
        ...

    def is_revoked(self, jti: str) -> bool:
        """Tell whether an access token was taken back."""
        ...

    def signing_keys(self) -> list[SigningKey]:
        """Return the keys, the latest first."""
        ...

    def add_signing_key(self, sealed: bytes, after: int, drop_before: int) -> list[SigningKey]:
        """Add a key unless one was made after `after`; forget those that a later one replaced
        before `drop_before`. Returns the keys, the latest first.
        """
        ...
