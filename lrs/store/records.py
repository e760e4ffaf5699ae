"""The contract of the store of personas, events and learner records, as they are read.

All of it is a projection: made from statements, and made again at any time
(`lrs.store.projections`). Reads are of the generation that serves.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple, Protocol

import msgspec

from lrs.records.state import RecordState
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
    """One person as we know them; `identifiers` as `schemas.identifiers` writes them, sorted.

    One that is merged into another has the other's id as `merged_into`, and no identifiers.
    """

    id: str
    name: str | None
    identifiers: tuple[str, ...]
    merged_into: str | None = None


class Records(Protocol):
    """Personas, events and learner records. Safe from many threads."""

    def checkpoint(self) -> int:
        """Return the seq up to which statements are in the records."""
        ...

    def personas_of(self, identifiers: Iterable[str]) -> dict[str, str]:
        """Return the persona who now holds each identifier that is known."""
        ...

    def events_of_statement(self, seq: int) -> list[tuple[str, Event]]:
        """Return the events taken from an unvoided statement, each with its persona."""
        ...

    def events_about(self, persona: str, activities: Iterable[str]) -> list[Event]:
        """Return a persona's events of any of the activities, as activity or as course, among
        them what we worked out. Voided ones and those that cmi5's rules leave out are not there.
        """
        ...

    def timeline(
        self, persona: str, before: tuple[int, int, int] | None, limit: int
    ) -> list[tuple[tuple[int, int, int], Event]]:
        """Return a page of a persona's events, the latest first, each with its place (time in
        microseconds, seq, ordinal), before a place.
        """
        ...

    def persona(self, persona: str) -> Persona | None:
        """Return the persona."""
        ...

    def personas(self, after: str | None, limit: int) -> list[Persona]:
        """Return a page of personas that are not merged into others, in the order of their ids."""
        ...

    def personas_named(
        self, prefix: str, after: tuple[str, str] | None, limit: int
    ) -> list[Persona]:
        """Return a page of personas whose names begin so, in the order of name and id, after a
        name and id.
        """
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

    def courses_of(self, persona: str, after: str | None, limit: int) -> list[str]:
        """Return a page of the ids of the courses of a persona's events, in their order."""
        ...

    def states_within(self, persona: str, wholes: Collection[str]) -> dict[RecordKey, RecordState]:
        """Return the states of a persona's records of any of the activities, or within them."""
        ...

    def states_of(
        self, persona: str, after: tuple[str, str], limit: int
    ) -> dict[RecordKey, RecordState]:
        """Return a page of the states of a persona's records, after such a key."""
        ...

    def keys_of(
        self, personas: Collection[str], after: tuple[str, str], limit: int
    ) -> list[tuple[str, str]]:
        """Return a page of the activities and registrations of which any of the personas has
        events, voided ones too, after an activity and registration.
        """
        ...

    def events_through(
        self, personas: Collection[str], activity: str, registration: str, through: int
    ) -> list[Event]:
        """Return the events of any of the personas, of statements up to the seq `through`, that
        none of these voids.
        """
        ...

    def evidence(self, key: RecordKey, after: int | None, limit: int) -> list[tuple[int, str]]:
        """Return a page of the unvoided statements of a record, with their seqs and in that
        order, after a seq.
        """
        ...

    def unrecognised(self) -> dict[tuple[str, str], int]:
        """Return how many statements gave no event, by verb and adapter."""
        ...
