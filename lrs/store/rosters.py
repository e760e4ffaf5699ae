"""The contract of the store of rosters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from schemas.rosters import RosterChange, RosterEntry, RosterNoun


class Rosters(Protocol):
    """Entries of rosters, by roster, noun and id. Safe from many threads and processes."""

    def put(self, roster: str, import_id: str, entries: Sequence[RosterEntry]) -> list[bool]:
        """Bring entries up to date, whole; tell of each whether it was new or changed.

        What is the same already gets no new seq.
        """
        ...

    def end(self, roster: str, noun: RosterNoun, ids: Sequence[str]) -> int:
        """End entries that the roster says are deleted; return how many there were."""
        ...

    def end_others(self, roster: str, noun: RosterNoun, import_id: str) -> int:
        """End the entries of a noun that the import did not bring (a bulk file is the whole)."""
        ...

    def following(self, seq: int, limit: int) -> list[RosterChange]:
        """Return up to `limit` changes of all rosters after the seq, oldest first.

        Whoever follows them sees the last state of each entry, ended ones included.
        """
        ...

    def entries(
        self, roster: str, noun: RosterNoun, after: str | None, limit: int
    ) -> list[RosterChange]:
        """Return a page of a roster's entries that have not ended, in the order of their ids."""
        ...

    def entry(self, roster: str, noun: RosterNoun, entry_id: str) -> RosterChange | None:
        """Return an entry, an ended one too."""
        ...

    def names(self) -> list[str]:
        """Return the names of the rosters."""
        ...
