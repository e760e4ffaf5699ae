"""The contract of the store of projections: how events and records come into being.

A generation is all events and records made from statements by one run of the projector. One
serves those who read; a rebuild makes another beside it, which then takes its place at once.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, Protocol

from lrs.records.state import RecordState
from lrs.store.records import RecordKey
from schemas.events import Event

ALWAYS: Final = -(1 << 62)
"""The time from which on whoever was first met under an identifier holds it."""


class Checkpoint(NamedTuple):
    """How far a generation is: the seq of the last statement that is in, and the epoch, which
    grows with every change of identities and courses.
    """

    generation: int
    seq: int
    epoch: int


class Holding(NamedTuple):
    """That an identifier is a persona's from a time of events on (microseconds): `base` held it,
    and is now merged into `persona`, or is the same.
    """

    since: int
    base: str
    persona: str


@dataclass(frozen=True, kw_only=True)
class PersonaNamed:
    """A persona met in an event: its identifier, and the name it had at a time (microseconds)."""

    persona: str
    identifier: str
    name: str | None
    at: int


class StoredEvent(NamedTuple):
    """An event with its statement's seq, its persona and the seq of the statement that voids it."""

    seq: int
    persona: str
    event: Event
    voided: int | None = None


class Scope(NamedTuple):
    """In what a course is satisfied: by one persona in one registration (empty for none)."""

    persona: str
    registration: str


class Rework(NamedTuple):
    """What has to be worked out anew: all events of a persona, what is satisfied of a course, or
    a record some of whose events are gone (its subject is `record_subject` of its key).

    `place` is how far it is, empty at the beginning.
    """

    kind: Literal["persona", "course", "record"]
    subject: str
    place: tuple[str, ...]


def record_subject(key: RecordKey) -> str:
    """Return what a rework of the record is known by."""
    return json.dumps(key, ensure_ascii=False)


def belongings_of(state: RecordState) -> dict[str, bool]:
    """Return the activities that a record belongs to: its courses (True), and the publisher's ids
    of what it is about, or is within (False).
    """
    return {whole: whole in state.courses for whole in state.courses | state.published_as}


@dataclass(frozen=True, kw_only=True)
class Projection:
    """What a run of statements after a checkpoint up to `through` changes, or a piece of rework.

    `voided` gives for the seq of each statement that is voided that of the first that voids it;
    `moved` are events that go to another persona; `records` holds the state of each record that
    changes, None where no event is left; `known` the activities that those of them belong to
    (`belongings_of`) that are there already, which saves looking for them; `left_out` the events
    (seq, ordinal) of records that were read whole which count for nothing; `satisfied` what we say
    of a course, whole; `due` the personas to be evaluated for units; `reworked` a piece of rework
    and how far it now is, None where it is done.
    """

    since: Checkpoint
    through: int
    personas: Sequence[PersonaNamed] = ()
    events: Sequence[StoredEvent] = ()
    voided: Mapping[int, int] = field(default_factory=dict)
    moved: Sequence[StoredEvent] = ()
    records: Mapping[RecordKey, RecordState | None] = field(default_factory=dict)
    known: Mapping[RecordKey, Mapping[str, bool]] = field(default_factory=dict)
    left_out: Mapping[RecordKey, Collection[tuple[int, int]]] = field(default_factory=dict)
    satisfied: Mapping[tuple[Scope, str], Sequence[Event]] = field(default_factory=dict)
    unrecognised: Mapping[tuple[str, str], int] = field(default_factory=dict)
    due: Collection[tuple[str, str]] = ()
    reworked: tuple[Rework, tuple[str, ...] | None] | None = None


class Projections(Protocol):
    """Generations of events and records. Safe from many threads and processes."""

    def checkpoint(self, generation: int | None = None) -> Checkpoint | None:
        """Return how far the generation is, by default the one that serves; None where it is not
        there or retired.
        """
        ...

    def begin(self) -> Checkpoint:
        """Begin to build a generation, or go on with the one that was begun."""
        ...

    def switch(self, since: Checkpoint) -> bool:
        """Let the generation that was built serve, where it is at the checkpoint and as far as the
        one that serves; False, with nothing changed, where it is not or has rework left.
        """
        ...

    def discard(self) -> bool:
        """Give up the generation that is being built; False where there is none."""
        ...

    def sweep(self, limit: int) -> bool:
        """Remove up to about `limit` rows of retired generations; False where there are none."""
        ...

    def holdings(self, identifiers: Collection[str]) -> dict[str, tuple[Holding, ...]]:
        """Return who holds each of the identifiers that are known, the earliest first."""
        ...

    def states(self, generation: int, keys: Collection[RecordKey]) -> dict[RecordKey, RecordState]:
        """Return the states of the records that there are."""
        ...

    def events_of(self, generation: int, key: RecordKey) -> list[StoredEvent]:
        """Return the events of a record, voided ones too."""
        ...

    def events_of_statement(self, generation: int, seq: int) -> list[StoredEvent]:
        """Return the events taken from a statement."""
        ...

    def keys_of(
        self, generation: int, persona: str, after: tuple[str, ...], limit: int
    ) -> list[RecordKey]:
        """Return a page of the keys under which a persona has events, voided ones too, after an
        activity and registration.
        """
        ...

    def about(self, generation: int, scope: Scope, wholes: Collection[str]) -> list[RecordKey]:
        """Return the keys of a scope's records that are of the activities, or belong to them."""
        ...

    def scopes(
        self, generation: int, whole: str, after: tuple[str, ...], limit: int
    ) -> list[Scope]:
        """Return a page of the scopes with records that are of an activity or belong to it."""
        ...

    def satisfied(self, generation: int, scope: Scope) -> dict[str, tuple[Event, ...]]:
        """Return what we say of courses in a scope, by course."""
        ...

    def said_of(
        self, generation: int, course: str, after: tuple[str, ...], limit: int
    ) -> list[Scope]:
        """Return a page of the scopes in which we say something of a course."""
        ...

    def rework(self, generation: int) -> Rework | None:
        """Return a piece of rework that waits."""
        ...

    def apply(self, projection: Projection) -> bool:
        """Write a projection whole; False, with nothing written, where another came before."""
        ...
