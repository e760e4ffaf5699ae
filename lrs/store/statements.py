"""The contract of the statement store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from schemas.sources import SignatureResult
from schemas.times import format_instant


@dataclass(frozen=True, kw_only=True, slots=True)
class NewStatement:
    """A statement ready to be stored.

    `id` is the UUID's 16 bytes. `body` is its JSON without `stored` (and without `timestamp`
    where the client sent none: `timestamp` is then False): the store adds both. `keys` are its
    search keys. `refers_to` is the id of the statement its object refers to, `voids` tells
    whether it voids it. `definitions` are what it tells of activities: id and JSON.
    """

    id: bytes
    body: bytes
    timestamp: bool
    keys: frozenset[str]
    refers_to: bytes | None = None
    voids: bool = False
    definitions: tuple[tuple[str, bytes], ...] = ()
    signature: SignatureResult = "unsigned"


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredStatement:
    """A statement as stored: `stored` in microseconds since the epoch, `body` its whole JSON."""

    seq: int
    id: bytes
    stored: int
    source: int
    voided: bool
    body: bytes
    signature: SignatureResult = "unsigned"


@dataclass(frozen=True, kw_only=True, slots=True)
class StatementQuery:
    """Which statements to list: those with all of `keys`, stored after `since` and not after
    `until` (microseconds), beyond the cursor `after` (a seq), at most `limit`.
    """

    keys: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None
    ascending: bool = False
    after: int | None = None
    limit: int = 100


def with_times(body: bytes, stored: int, *, timed: bool) -> bytes:
    """Return the JSON of a stored statement: `body` with `stored` (microseconds) and, where the
    client sent none (`timed` is False), a `timestamp` that is the same.
    """
    text = format_instant(stored).encode()
    return b'%b,%b"stored":"%b"}' % (
        body[:-1],
        b"" if timed else b'"timestamp":"%b",' % text,
        text,
    )


class Conflict(Exception):
    """Another statement is stored under the id of the one at `index` of the batch."""

    def __init__(self, index: int, statement_id: bytes) -> None:
        super().__init__(f"statement {index} of the batch: its id is taken by another statement")
        self.index = index
        self.id = statement_id


class Statements(Protocol):
    """Statements: immutable, in the order they were stored. Safe from many threads."""

    def add(
        self,
        source: int,
        batch: Sequence[NewStatement],
        before_commit: Callable[[], None] | None = None,
    ) -> int:
        """Store a batch whole and return how many were new; on disk when this returns.

        One that is stored already and is the same is passed over. Raises Conflict, with nothing
        stored, where another statement has the id. `before_commit` is called once nothing but
        the commit is left to do; nothing is stored where it raises.
        """
        ...

    def get(self, statement_id: bytes) -> StoredStatement | None:
        """Return the statement with the id, voided or not."""
        ...

    def voided_by(self, statement_id: bytes) -> int | None:
        """Return the seq of the first statement that voids the one with the id."""
        ...

    def find(self, query: StatementQuery) -> list[StoredStatement]:
        """Return a page of unvoided statements, newest first unless `ascending`."""
        ...

    def definitions(self, activities: Iterable[str]) -> dict[str, bytes]:
        """Return the definition (JSON) of each of the activities that statements told of."""
        ...

    def following(self, seq: int, limit: int) -> list[StoredStatement]:
        """Return up to `limit` statements after `seq`, oldest first, voided ones included."""
        ...

    def last_seq(self) -> int:
        """Return the seq of the newest statement, 0 where there is none."""
        ...

    def last_through(self, instant: int) -> int:
        """Return a seq that no statement stored up to the instant (microseconds) is after, and
        none stored later is not.
        """
        ...

    def consistent_through(self) -> int:
        """Return an instant (microseconds) up to which every statement can already be read."""
        ...

    def each_referring(self, statement_id: bytes) -> Iterator[int]:
        """Yield the seqs of the statements that refer to the one with the id."""
        ...

    def index(self) -> bool:
        """Let queries be answered faster from some more statements; False where there is nothing
        to do now. What `find` returns is the same before and after.
        """
        ...

    def retrain(self) -> int | None:
        """Learn anew how to compress statements, from those that are stored.

        Returns the id of the dictionary that is used from now on, None where the store's engine
        compresses by itself. Raises StoreError where there is too little to learn from.
        """
        ...

    def repack(self, limit: int) -> bool:
        """Compress up to `limit` statements anew whose compression remembers statements that were
        erased since; False where there is nothing to do now.

        Once all are, nothing of the store remembers what was erased.
        """
        ...
