"""The background work that brings records up to date with the statements."""

from __future__ import annotations

import logging
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence

from msgspec.structs import replace

from adapters.inbound import InboundAdapter, normalise
from lrs.records.fold import fold
from lrs.store.records import PersonaNamed, Projection, RecordKey, Records
from lrs.store.statements import Statements, StoredStatement
from lrs.xapi.search_keys import statement_ref, voids
from schemas.events import Event
from schemas.sources import Source
from schemas.times import instant_of
from schemas.xapi import Statement, read_statement

BATCH = 500
"""Statements a step; bounds memory and how long other writers wait."""

PERSONA_NAMESPACE = uuid.UUID("3d9b1c52-3b1f-5c7e-9a53-0d6a2b1b8f10")
"""A persona first met has the UUIDv5 of its identifier, so that a rebuild gives the same ids."""

FAILED = "failed"
"""Stands for the adapter in the count of statements that an adapter raised an error for."""

log = logging.getLogger("lrs.records")

UnitsOf = Callable[[], Mapping[str, Collection[str]]]
"""Gives, for each activity that a unit's rule reads, the codes of those units."""


def persona_of(identifier: str) -> str:
    """Return the id of the persona that is first met under an identifier."""
    return str(uuid.uuid5(PERSONA_NAMESPACE, identifier))


class Projector:
    """Makes events and records from statements, in their order, each exactly once.

    Several processes may run one each: whoever writes first moves the checkpoint, the others
    start again from there.
    """

    def __init__(
        self,
        statements: Statements,
        records: Records,
        sources: Callable[[], Mapping[int, Source]],
        adapters: Sequence[InboundAdapter],
        units_of: UnitsOf,
    ) -> None:
        self._statements = statements
        self._records = records
        self._sources = sources
        self._adapters = adapters
        self._units_of = units_of

    def step(self) -> bool:
        """Project the next statements; False where there are none."""
        after = self._records.checkpoint()
        rows = self._statements.following(after, BATCH)
        if not rows:
            return False
        self._records.apply(self._project(after, rows))
        return True

    def _project(self, after: int, rows: Sequence[StoredStatement]) -> Projection:
        sources = self._sources()
        taken: list[tuple[int, Event]] = []
        voided: set[int] = set()
        unrecognised: Counter[tuple[str, str]] = Counter()
        for row in rows:
            statement = read_statement(row.body)
            if voids(statement):
                voided |= self._target(statement)
                continue
            if row.voided:
                continue
            try:
                adapter, events = normalise(statement, sources[row.source], self._adapters)
            except Exception:
                # One statement that an adapter stumbles over must not hold up all after it.
                log.exception("no event was taken from statement %s", uuid.UUID(bytes=row.id))
                adapter, events = FAILED, []
            if not events:
                unrecognised[statement.verb.id, adapter] += 1
            taken += [(row.seq, replace(event, signature=row.signature)) for event in events]
        return self._changes(after, rows[-1].seq, taken, voided, unrecognised)

    def _target(self, statement: Statement) -> set[int]:
        """Return the seq of the statement that is voided, where it is stored already."""
        target = statement_ref(statement)
        found = self._statements.get(uuid.UUID(target).bytes) if target else None
        return {found.seq} if found is not None and found.voided else set()

    def _changes(
        self,
        after: int,
        through: int,
        taken: list[tuple[int, Event]],
        voided: set[int],
        unrecognised: Mapping[tuple[str, str], int],
    ) -> Projection:
        known = self._records.personas_of({event.identifier for _, event in taken})
        personas: list[PersonaNamed] = []
        events: list[tuple[int, str, Event]] = []
        fresh: defaultdict[RecordKey, list[Event]] = defaultdict(list)
        gone: defaultdict[RecordKey, set[int]] = defaultdict(set)
        for seq, event in taken:
            if seq in voided:
                continue
            persona = known.get(event.identifier) or persona_of(event.identifier)
            personas.append(
                PersonaNamed(
                    persona=persona,
                    identifier=event.identifier,
                    name=event.learner_name,
                    at=instant_of(event.time),
                )
            )
            events.append((seq, persona, event))
            fresh[RecordKey.of(persona, event)].append(event)
        for seq in voided:
            for persona, event in self._records.events_of_statement(seq):
                gone[RecordKey.of(persona, event)].add(seq)
        records = {}
        due: set[tuple[str, str]] = set()
        units_of = self._units_of()
        for key in {*fresh, *gone}:
            stored = [(seq, event) for seq, event in self._records.events_of(key)]
            kept = [event for seq, event in stored if seq not in gone[key]] + fresh[key]
            records[key] = fold(kept) if kept else None
            for event in (*fresh[key], *(event for seq, event in stored if seq in gone[key])):
                for activity in (event.activity, event.course):
                    due |= {(key.persona, unit) for unit in units_of.get(activity or "", ())}
        return Projection(
            after=after,
            through=through,
            personas=personas,
            events=events,
            voided=voided,
            records=records,
            unrecognised=unrecognised,
            due=due,
        )
