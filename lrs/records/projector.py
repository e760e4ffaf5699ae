"""The background work that brings records up to date with the statements."""

from __future__ import annotations

import dataclasses
import logging
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence

from msgspec.structs import replace

from adapters.inbound import InboundAdapter, normalise
from lrs.records.changes import Changes, Structures, UnitsOf
from lrs.records.identity import held_at, persona_of
from lrs.records.rework import rework
from lrs.store.courses import Courses
from lrs.store.projections import (
    Checkpoint,
    PersonaNamed,
    Projection,
    Projections,
    StoredEvent,
)
from lrs.store.statements import Statements, StoredStatement
from lrs.xapi.search_keys import statement_ref, voids
from schemas.events import Event
from schemas.sources import Source
from schemas.times import instant_of
from schemas.xapi import Statement, read_statement

BATCH = 500
"""Statements a step; bounds memory and how long other writers wait."""

FAILED = "failed"
"""Stands for the adapter in the count of statements that an adapter raised an error for."""

log = logging.getLogger("lrs.records")


class Projector:
    """Makes events and records from statements, in their order, each exactly once.

    Several processes may run one each: whoever writes first moves the checkpoint, the others
    start again from there.
    """

    def __init__(
        self,
        statements: Statements,
        projections: Projections,
        courses: Courses,
        sources: Callable[[], Mapping[int, Source]],
        adapters: Sequence[InboundAdapter],
        *,
        units_of: UnitsOf,
        generation: int | None = None,
        batch: int = BATCH,
    ) -> None:
        """Work on the generation that serves, or on the one given."""
        self._statements = statements
        self._projections = projections
        self._structures = Structures(courses)
        self._sources = sources
        self._adapters = adapters
        self._units_of = units_of
        self._generation = generation
        self._batch = batch
        self._personas: dict[str, str] = {}
        self._reworked = False

    def step(self) -> bool:
        """Project the next statements, or do a piece of rework; False where there is neither.

        Raises LookupError where the generation is gone.
        """
        since = self._projections.checkpoint(self._generation)
        if since is None:
            raise LookupError(f"generation {self._generation} is no longer there")
        changes = Changes(self._projections, self._structures, since)
        waiting = self._projections.rework(since.generation)
        rows = self._statements.following(since.seq, self._batch)
        if waiting is None and not rows:
            return False
        # In turns, so that neither waits for all of the other.
        self._reworked = waiting is not None and not (rows and self._reworked)
        if waiting is not None and self._reworked:
            place = rework(self._projections, self._structures, changes, since, waiting)
            projection = changes.projection(since.seq, self._units_of, reworked=(waiting, place))
        else:
            projection = self._project(since, rows, changes)
        self._projections.apply(projection)
        return True

    def _project(
        self, since: Checkpoint, rows: Sequence[StoredStatement], changes: Changes
    ) -> Projection:
        sources = self._sources()
        taken: list[tuple[int, int | None, Event]] = []
        unrecognised: Counter[tuple[str, str]] = Counter()
        for row in rows:
            statement = read_statement(row.body)
            if voids(statement):
                self._void(statement, row.seq, since, changes)
                continue
            try:
                adapter, events = normalise(statement, sources[row.source], self._adapters)
            except Exception:
                # One statement that an adapter stumbles over must not hold up all after it.
                log.exception("no event was taken from statement %s", uuid.UUID(bytes=row.id))
                adapter, events = FAILED, []
            if not events:
                unrecognised[statement.verb.id, adapter] += 1
                continue
            voided = self._statements.voided_by(row.id) if row.voided else None
            taken += [
                (row.seq, voided, replace(event, signature=row.signature))
                if row.signature != "unsigned"
                else (row.seq, voided, event)
                for event in events
            ]
        named = self._take(taken, changes)
        projection = changes.projection(rows[-1].seq, self._units_of, unrecognised)
        return dataclasses.replace(projection, personas=named)

    def _void(self, statement: Statement, seq: int, since: Checkpoint, changes: Changes) -> None:
        """Take out what the statement voids. What is of this run or a later one was, or will be,
        taken in as voided.
        """
        target = statement_ref(statement)
        found = self._statements.get(uuid.UUID(target).bytes) if target else None
        if found is not None and found.voided and found.seq <= since.seq:
            changes.void(found.seq, seq)

    def _take(
        self, taken: Collection[tuple[int, int | None, Event]], changes: Changes
    ) -> list[PersonaNamed]:
        """Give events to personas; return the personas met, each with its latest name."""
        known = self._projections.holdings({event.identifier for _, _, event in taken})
        named: dict[tuple[str, str], PersonaNamed] = {}
        for seq, voided, event in taken:
            holding = held_at(known.get(event.identifier, ()), event.time)
            base = holding.base if holding else self._persona_of(event.identifier)
            persona = holding.persona if holding else base
            before = named.get((base, event.identifier))
            if before is None or _named_later(event, before):
                named[base, event.identifier] = PersonaNamed(
                    persona=base,
                    identifier=event.identifier,
                    name=event.learner_name,
                    at=instant_of(event.time),
                )
            changes.take(StoredEvent(seq, persona, event, voided))
        return list(named.values())

    def _persona_of(self, identifier: str) -> str:
        if len(self._personas) > 100_000:
            self._personas.clear()
        if identifier not in self._personas:
            self._personas[identifier] = persona_of(identifier)
        return self._personas[identifier]


def _named_later(event: Event, before: PersonaNamed) -> bool:
    if event.learner_name is None:
        return False
    if before.name is None:
        return True
    return (instant_of(event.time), event.learner_name) > (before.at, before.name)
