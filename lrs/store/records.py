"""The contract of the store of personas, events and learner records.

All of it is a projection: made from statements, and made again at any time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import msgspec

from schemas.events import Event
from schemas.records import LearnerRecord


class RecordKey(NamedTuple):
    """What a record is of; `registration` is empty where there is none."""

    persona: str
    activity: str
    registration: str

    @classmethod
    def of(cls, persona: str, event: Event) -> RecordKey:
        """Return the key of the record that a persona's event belongs to."""
        return cls(persona, event.activity, event.registration or "")


class Persona(msgspec.Struct, frozen=True, kw_only=True):
    """One person as we know them; `identifiers` as `schemas.identifiers` writes them, sorted."""

    id: str
    name: str | None
    identifiers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PersonaNamed:
    """A persona met in an event: its identifier, and the name it had at a time (microseconds)."""

    persona: str
    identifier: str
    name: str | None
    at: int


@dataclass(frozen=True, kw_only=True)
class Projection:
    """What a run of statements after the checkpoint `after` up to `through` changes.

    `voided` are the seqs of statements whose events go; `records` holds each record that
    changes, None where no event is left; `due` the personas to be evaluated for units.
    """

    after: int
    through: int
    personas: Sequence[PersonaNamed] = ()
    events: Sequence[tuple[int, str, Event]] = ()
    voided: Collection[int] = ()
    records: Mapping[RecordKey, LearnerRecord | None] = field(default_factory=dict)
    unrecognised: Mapping[tuple[str, str], int] = field(default_factory=dict)
    due: Collection[tuple[str, str]] = ()


class Records(Protocol):
    """Personas, events and learner records. Safe from many threads."""

    def checkpoint(self) -> int:
        """Return the seq up to which statements are in the records."""
        ...

    def personas_of(self, identifiers: Iterable[str]) -> dict[str, str]:
        """Return the persona of each identifier that is known."""
        ...

    def events_of(self, key: RecordKey) -> list[tuple[int, Event]]:
        """Return the events of a record, each with its statement's seq."""
        ...

    def events_of_statement(self, seq: int) -> list[tuple[str, Event]]:
        """Return the events taken from a statement, each with its persona."""
        ...

    def events_about(self, persona: str, activities: Iterable[str]) -> list[Event]:
        """Return a persona's events of any of the activities, as activity or as course."""
        ...

    def apply(self, projection: Projection) -> bool:
        """Write a projection whole; False, with nothing written, where another came before."""
        ...

    def persona(self, persona: str) -> Persona | None:
        """Return the persona."""
        ...

    def personas(self, after: str | None, limit: int) -> list[Persona]:
        """Return a page of personas in the order of their ids."""
        ...

    def names(self, personas: Iterable[str]) -> dict[str, str]:
        """Return the names of personas, without those that have none."""
        ...

    def records(self, after: RecordKey | None, limit: int) -> list[tuple[str, LearnerRecord]]:
        """Return a page of all records, each with its persona, in the order of their keys."""
        ...

    def records_of(
        self, persona: str, after: RecordKey | None, limit: int
    ) -> list[tuple[str, LearnerRecord]]:
        """Return a page of one persona's records in the order of their keys."""
        ...

    def unrecognised(self) -> dict[tuple[str, str], int]:
        """Return how many statements gave no event, by verb and adapter."""
        ...
