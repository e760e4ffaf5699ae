"""The contract of the store of the ledger: leaves, tiles, checkpoints, keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What opens a leaf: whose personal data it is of, the secret, and the fields (JSON)."""

    persona: str | None
    secret: bytes = field(repr=False)
    document: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class NewLeaf:
    """The leaf of a fact."""

    fact: int
    entry: bytes
    opening: Opening


@dataclass(frozen=True, kw_only=True)
class StoredLeaf:
    """A leaf as it stands at `index`; `opening` is None once what it is of was erased."""

    index: int
    fact: int
    entry: bytes
    opening: Opening | None


@dataclass(frozen=True, kw_only=True)
class SignedCheckpoint:
    """The signed note of a tree of `size` leaves, from `at` (microseconds).

    `cosignatures` are the witnesses' signature lines, `timestamp` an RFC 3161 token of the note's
    text.
    """

    size: int
    root: bytes
    at: int
    note: str
    cosignatures: str = ""
    timestamp: bytes | None = None


@dataclass(frozen=True, kw_only=True)
class Growth:
    """What a tree of `size` leaves becomes: leaves behind it, tiles that change, a checkpoint."""

    size: int
    leaves: Sequence[NewLeaf]
    tiles: Mapping[tuple[int, int], bytes]
    root: bytes
    note: str


@dataclass(frozen=True, kw_only=True)
class LedgerKey:
    """A key that signs checkpoints from `since` until `until` (microseconds, None: no end).

    `key` is the verifier key, `sealed` the private one, None where it was destroyed;
    `introduction` a note of the key before it, None of the first.
    """

    key: str
    since: int
    until: int | None = None
    sealed: bytes | None = field(default=None, repr=False)
    introduction: str | None = None


class Ledger(Protocol):
    """The ledger. Safe from many threads and processes; what stands in it never changes."""

    def append(self, growth: Growth) -> bool:
        """Write a growth whole; False, with nothing written, where another came before."""
        ...

    def place(self) -> tuple[int, int]:
        """Return how many leaves there are, and the seq of the last fact among them (0: none)."""
        ...

    def tile(self, level: int, index: int) -> bytes | None:
        """Return the hashes of a tile, as many as there are."""
        ...

    def entries(self, start: int, limit: int) -> list[bytes]:
        """Return up to `limit` entries from the leaf `start` on."""
        ...

    def of_facts(self, facts: Iterable[int]) -> dict[int, StoredLeaf]:
        """Return the leaf of each fact (seq) that has one."""
        ...

    def checkpoint(self, at_least: int = 0) -> SignedCheckpoint | None:
        """Return the newest checkpoint; with `at_least`, the newest of those of so many leaves
        that has the most to show for itself: a timestamp, then cosignatures.
        """
        ...

    def resign(self, checkpoint: SignedCheckpoint, note: str) -> None:
        """Replace a checkpoint's note by one of the same text with other signatures."""
        ...

    def add_cosignature(self, size: int, line: str) -> None:
        """Add a witness's signature line to a checkpoint."""
        ...

    def add_timestamp(self, size: int, token: bytes) -> None:
        """Put a time-stamp token on a checkpoint."""
        ...

    def known_keys(self) -> list[LedgerKey]:
        """Return all keys there ever were, the oldest first."""
        ...

    def add_key(self, key: LedgerKey, others_until: int) -> bool:
        """Add a key; those without an end sign until `others_until`. False where it is there, or
        as the first key where there is one.
        """
        ...

    def destroy_keys(self, now: int) -> None:
        """Forget the private part of keys whose time is over."""
        ...
