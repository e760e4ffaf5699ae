"""Making all events and records anew from statements, while the service goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from adapters.inbound import InboundAdapter
from lrs.collector import not_looking
from lrs.records.changes import UnitsOf
from lrs.records.projector import Projector
from lrs.store.courses import Courses
from lrs.store.projections import Projections
from lrs.store.statements import Statements
from schemas.sources import Source

BATCH = 16_000
"""Statements a step of a rebuild: many, as each step reads and writes anew every record that it
touches. Writers wait some tenths of a second while one is written, and it takes up 150 MiB.
"""

SWEEP = 5_000
"""Rows of a retired generation that are removed at once."""


class Sources(Protocol):
    """What a rebuild asks of the store of sources."""

    def all(self) -> Mapping[int, Source]:
        """Return every source by its id."""
        ...


class Store(Protocol):
    """What a rebuild reads and writes."""

    @property
    def statements(self) -> Statements:
        """Statements."""
        ...

    @property
    def projections(self) -> Projections:
        """Generations of events and records."""
        ...

    @property
    def courses(self) -> Courses:
        """Course structures."""
        ...

    @property
    def sources(self) -> Sources:
        """Where statements came from."""
        ...


def rebuild(
    store: Store,
    adapters: Sequence[InboundAdapter],
    units_of: UnitsOf,
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Make a generation of all statements and let it serve; return the seq it is at.

    One that was begun and broken off is gone on with. `progress` is called with the seq reached.
    Statements that come meanwhile are in it: it serves once it is as far as the one before. That
    one is then removed.
    """
    generation = store.projections.begin().generation
    projector = Projector(
        store.statements,
        store.projections,
        store.courses,
        store.sources.all,
        adapters,
        units_of=units_of,
        generation=generation,
        batch=BATCH,
    )
    while True:
        with not_looking():
            more = projector.step()
        reached = store.projections.checkpoint(generation)
        if reached is None:
            raise LookupError("the rebuild was given up by another process")
        progress(reached.seq)
        if not more and store.projections.switch(reached):
            break
    while store.projections.sweep(SWEEP):
        pass
    return reached.seq
