"""What a step of the projector changes: events come, go and move, and records follow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from lrs.records.courses import satisfied_events
from lrs.records.fold import state_of
from lrs.records.sessions import left_out
from lrs.records.state import Origin, RecordState, in_order
from lrs.store.courses import Courses
from lrs.store.projections import (
    Checkpoint,
    Projection,
    Projections,
    Rework,
    Scope,
    StoredEvent,
    belongings_of,
)
from lrs.store.records import RecordKey
from schemas.courses import CourseStructure
from schemas.events import Event, Score

UnitsOf = Callable[[], Mapping[str, Collection[str]]]
"""Gives, for each activity that a unit's rule reads, the codes of those units."""

KNOWN_LIMIT = 100_000
"""Ids that are remembered to be, or not to be, those of units of courses."""


class Structures:
    """Course structures as the projector needs them, remembered until any of them changes."""

    def __init__(self, courses: Courses) -> None:
        self._courses = courses
        self._epoch = -1
        self._with: dict[str, tuple[str, ...]] = {}
        self._known: dict[str, CourseStructure | None] = {}

    def of_epoch(self, epoch: int) -> None:
        """Forget what was known of another epoch (`lrs.store.projections.Checkpoint`)."""
        if epoch != self._epoch or len(self._with) > KNOWN_LIMIT:
            self._epoch = epoch
            self._with.clear()
            self._known.clear()

    def with_units(self, names: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Return the courses of each name that is the publisher's id of a unit."""
        unknown = {name for name in names if name not in self._with}
        if unknown:
            self._with.update(dict.fromkeys(unknown, ()))
            self._with.update(self._courses.with_units(unknown))
        return {name: found for name in names if (found := self._with[name])}

    def course(self, course: str) -> CourseStructure | None:
        """Return the structure of a course."""
        if course not in self._known:
            self._known[course] = self._courses.course(course)
        return self._known[course]


class _Facts(NamedTuple):
    """What of a record matters for what is satisfied of a course."""

    names: frozenset[str]
    first: Origin | None = None
    passed: Origin | None = None
    completed: Origin | None = None
    waived: Origin | None = None
    best: Score | None = None


NO_FACTS = _Facts(frozenset())


class Changes:
    """Gathers what changes in a generation since a checkpoint, and works out what follows."""

    def __init__(self, projections: Projections, structures: Structures, since: Checkpoint) -> None:
        self._projections = projections
        self._structures = structures
        self._since = since
        self._generation = since.generation
        structures.of_epoch(since.epoch)
        self._events: list[StoredEvent] = []
        self._moved: list[StoredEvent] = []
        self._voided: dict[int, int] = {}
        self._fresh: defaultdict[RecordKey, list[StoredEvent]] = defaultdict(list)
        self._gone: defaultdict[RecordKey, dict[tuple[int, int], Event]] = defaultdict(dict)
        self._again: set[RecordKey] = set()
        self._courses: set[tuple[Scope, str]] = set()
        self._records: dict[RecordKey, RecordState | None] = {}
        self._known: dict[RecordKey, dict[str, bool]] = {}
        self._left_out: dict[RecordKey, set[tuple[int, int]]] = {}
        self._said: dict[tuple[Scope, str], Sequence[Event]] = {}
        self._touched: set[tuple[str, str]] = set()

    def take(self, one: StoredEvent) -> None:
        """Take an event in."""
        self._events.append(one)
        if one.voided is None:
            self._fresh[RecordKey.of(one.persona, one.event)].append(one)

    def void(self, seq: int, by: int) -> None:
        """Take the events of a statement out, unless another voided it before."""
        for one in self._projections.events_of_statement(self._generation, seq):
            if one.voided is None:
                self._voided[seq] = by
                self._leave(one)

    def move(self, one: StoredEvent, persona: str) -> None:
        """Give an event to another persona."""
        moved = one._replace(persona=persona)
        self._moved.append(moved)
        if one.voided is None:
            self._leave(one)
            self._fresh[RecordKey.of(persona, one.event)].append(moved)

    def recompute(self, scope: Scope, course: str) -> None:
        """Work out anew what is satisfied of a course, whatever changed."""
        self._courses.add((scope, course))

    def read_again(self, key: RecordKey) -> None:
        """Make a record anew from the events that are left of it."""
        self._gone[key].clear()
        self._again.add(key)

    def _leave(self, one: StoredEvent) -> None:
        key = RecordKey.of(one.persona, one.event)
        self._gone[key][one.seq, one.event.ordinal] = one.event

    def projection(
        self,
        through: int,
        units_of: UnitsOf,
        unrecognised: Mapping[tuple[str, str], int] | None = None,
        reworked: tuple[Rework, tuple[str, ...] | None] | None = None,
    ) -> Projection:
        """Return all that changes, for the store to write. `personas` is left to be added."""
        self._fold()
        self._satisfy()
        return Projection(
            since=self._since,
            through=through,
            events=self._events,
            voided=self._voided,
            moved=self._moved,
            records=self._records,
            known=self._known,
            left_out=self._left_out,
            satisfied=self._said,
            unrecognised=unrecognised or {},
            due=self._due(units_of()),
            reworked=reworked,
        )

    def _fold(self) -> None:
        """Bring the records up to date, and see of which courses more may be satisfied."""
        keys = {*self._fresh, *self._gone}
        states = self._projections.states(self._generation, keys)
        self._known = {key: belongings_of(state) for key, state in states.items()}
        units = self._structures.with_units(self._names(states))
        for key in keys:
            state = states.get(key)
            before = _facts(key, state) if units else NO_FACTS
            if key in self._again:
                wholes = state.courses if state is not None else ()
                self._touched |= {(key.persona, name) for name in (key.activity, *wholes)}
            fresh = self._fresh.get(key, ())
            if key in self._gone or not _added(state := state or RecordState(), fresh):
                state = self._read_whole(key)
            self._records[key] = state
            for event in (*(one.event for one in fresh), *self._gone.get(key, {}).values()):
                self._touch(key.persona, event)
            if units and before != (after := _facts(key, state)):
                scope = Scope(key.persona, key.registration)
                for name in before.names | after.names:
                    self._courses |= {(scope, course) for course in units.get(name, ())}

    def _names(self, states: Mapping[RecordKey, RecordState]) -> set[str]:
        """Return all names under which the records that change may be those of units."""
        names = {name for state in states.values() for name in state.published_as}
        for key, fresh in self._fresh.items():
            names.add(key.activity)
            for one in fresh:
                names.update(one.event.published_as)
                if one.event.course is not None:
                    names.add(one.event.course)
        return names | {key.activity for key in self._gone}

    def _read_whole(
        self, key: RecordKey, said: Iterable[Event] | None = None
    ) -> RecordState | None:
        """Return a record's state from all of its events, and what is left out of them; `said`
        is what we say of its activity with "satisfied", by default what we said before.
        """
        gone = self._gone.get(key, {})
        seqs: dict[tuple[str, int], tuple[int, int]] = {}
        events: list[Event] = []
        stored = self._projections.events_of(self._generation, key)
        for one in (*stored, *self._fresh.get(key, ())):
            place = (one.seq, one.event.ordinal)
            if one.voided is None and place not in gone:
                seqs[one.event.statement, one.event.ordinal] = place
                events.append(one.event)
        if said is None:
            scope = Scope(key.persona, key.registration)
            kept = self._projections.satisfied(self._generation, scope).values()
            said = [event for told in kept for event in told if event.activity == key.activity]
        events += said
        self._left_out[key] = {seqs[one] for one in left_out(in_order(events)) if one in seqs}
        return state_of(events) if events else None

    def _satisfy(self) -> None:
        """Say what is satisfied of courses, and fold that into the records of their parts."""
        by_scope: defaultdict[Scope, set[str]] = defaultdict(set)
        for scope, course in self._courses:
            by_scope[scope].add(course)
        for scope, courses in by_scope.items():
            kept = self._projections.satisfied(self._generation, scope)
            told = dict(kept)
            for course in sorted(courses):
                said = tuple(self._say(scope, course))
                if said != kept.get(course, ()):
                    self._said[scope, course] = said
                    told[course] = said
            changed = {
                event.activity: event
                for course in courses
                if (scope, course) in self._said
                for event in (*kept.get(course, ()), *told[course])
            }
            for activity, event in changed.items():
                key = RecordKey(scope.persona, activity, scope.registration)
                said = tuple(e for some in told.values() for e in some if e.activity == activity)
                self._records[key] = self._read_whole(key, said)
                self._touch(scope.persona, event)

    def _say(self, scope: Scope, course: str) -> list[Event]:
        structure = self._structures.course(course)
        if structure is None:
            return []
        units = {unit.id for unit in structure.units()}
        keys = set(self._projections.about(self._generation, scope, units))
        keys |= {
            key
            for key, state in self._records.items()
            if (key.persona, key.registration) == scope and units & _facts(key, state).names
        }
        kept = self._projections.states(self._generation, keys - self._records.keys())
        states = {
            key.activity: state
            for key in keys
            if (state := self._records.get(key, kept.get(key))) is not None
        }
        return satisfied_events(structure, states, scope.registration or None)

    def _touch(self, persona: str, event: Event) -> None:
        self._touched.add((persona, event.activity))
        if event.course is not None:
            self._touched.add((persona, event.course))

    def _due(self, units: Mapping[str, Collection[str]]) -> set[tuple[str, str]]:
        return {
            (persona, unit)
            for persona, activity in self._touched
            for unit in units.get(activity, ())
        }


def _added(state: RecordState, fresh: Iterable[StoredEvent]) -> bool:
    """Add events to a state, in place; False where all of the record's have to be read."""
    for one in fresh:
        if not state.takes(one.event):
            return False
        state.add(one.event)
    return True


def _facts(key: RecordKey, state: RecordState | None) -> _Facts:
    if state is None:
        return NO_FACTS
    return _Facts(
        frozenset((key.activity, *state.published_as)),
        state.first,
        state.passed,
        state.completed,
        state.waived,
        state.best and state.best[1],
    )
