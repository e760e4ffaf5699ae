"""The contract of the health of a store: whether it can be written, and what waits in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, Protocol

Part = Literal["projection", "evaluation", "imports", "outbox", "ledger"]
"""The parts of the background work: statements that no record knows yet, achievements to be
looked at again, files to be worked off, deliveries, facts without a leaf."""

MOST_COUNTED = 10_000
"""Nothing is counted beyond this, so that a look costs the same however much waits."""


class Waiting(NamedTuple):
    """What waits for a part: how much (at most `MOST_COUNTED` where they must be counted), and
    since when the oldest does (microseconds since the epoch), None where nothing waits.
    """

    much: int
    since: int | None


class Place(NamedTuple):
    """The room a store takes and has left on its disk, in octets; `free` is None where that is not
    known.
    """

    used: int
    log: int
    free: int | None


class Health(Protocol):
    """How a store fares. Safe from many threads; every look is quick."""

    def write(self) -> None:
        """Bring a mark to the disk. Raises StoreError where nothing can be written."""
        ...

    def waiting(self) -> Mapping[Part, Waiting]:
        """Return what waits for each part; deliveries on the shelf wait for a person instead."""
        ...

    def statements(self) -> int:
        """Return how many statements were ever stored."""
        ...

    def place(self) -> Place:
        """Return the room that the store takes and has left."""
        ...
