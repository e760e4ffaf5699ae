"""The contract of the store of sources and their secrets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from schemas.audit import Act
from schemas.sources import Provenance, Scope, Source, SourceSecret

USE_NOTED_EVERY = 60_000_000
"""Microseconds between two notes that a secret is in use."""


class Sources(Protocol):
    """The systems and imports that may post statements. Safe from many threads.

    Instants are microseconds since the epoch; acts are noted in the same transaction.
    """

    def add(
        self,
        *,
        key: str,
        name: str,
        provenance: Provenance,
        scopes: Sequence[Scope],
        secret_hash: bytes | None,
        limits: Source | None = None,
        act: Act | None = None,
    ) -> Source:
        """Add a source, or return the one that has the key already, unchanged.

        Without a secret's hash no one can sign in as it: a source of imports. `limits` gives
        what else a source is told (`activities`, `home_pages`, `sets_authority`, `organisation`,
        `expires`). Raises LookupError where the key is that of a revoked one.
        """
        ...

    def set_secret(self, key: str, secret_hash: bytes) -> None:
        """Make this the only secret of the source with the key; nothing where it is already."""
        ...

    def rotate(self, key: str, secret_hash: bytes, overlap: int, act: Act) -> bool:
        """Add a secret; those before it work for `overlap` microseconds more. False: no source."""
        ...

    def change(self, key: str, work: Callable[[Source], Source], act: Act) -> Source | None:
        """Put `work` of the unrevoked source in its place; None where there is none."""
        ...

    def revoke(self, key: str, act: Act, compromised: int | None = None) -> bool:
        """Revoke the source with the key; tell whether there was one to revoke.

        `compromised` is since when its key may have been in other hands.
        """
        ...

    def with_key(self, key: str) -> tuple[Source, tuple[bytes, ...]] | None:
        """Return the source with the key, neither revoked nor expired, and the hashes of the
        secrets that work now.
        """
        ...

    def used(self, key: str, secret_hash: bytes) -> None:
        """Note that a secret was used, unless that was noted a minute ago."""
        ...

    def find(self, key: str) -> Source | None:
        """Return the source with the key, also one that is revoked or expired."""
        ...

    def secrets(self, key: str) -> list[SourceSecret]:
        """Return what is known of the secrets of a source, the latest first."""
        ...

    def page(self, after: str | None, limit: int) -> list[Source]:
        """Return a page of sources in the order of their keys, revoked ones included."""
        ...

    def all(self) -> dict[int, Source]:
        """Return every source by id, revoked ones included."""
        ...
