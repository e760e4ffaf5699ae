"""Personas, events and learner records in SQLite, as they are read."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from lrs.records.fold import record_of
from lrs.records.state import RecordState, decode_state
from lrs.store.records import Persona, RecordKey
from lrs.store.sqlite.database import Database
from schemas.events import Event
from schemas.records import EVIDENCE_LIMIT, LearnerRecord

SERVING = "generation = (SELECT id FROM generation WHERE state = 'serving')"
EVENTS = f"event INDEXED BY event_record WHERE {SERVING}"
"""Without the index named, SQLite would walk a whole generation along the primary key."""

_event = msgspec.json.Decoder(Event).decode


class SqliteRecords:
    """Fulfils `lrs.store.records.Records`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def checkpoint(self) -> int:
        """Return the seq up to which statements are in the records."""
        rows = self._database.read().execute("SELECT seq FROM generation WHERE state = 'serving'")
        return int(rows.fetchone()[0])

    def personas_of(self, identifiers: Iterable[str]) -> dict[str, str]:
        """Return the persona who now holds each identifier that is known."""
        rows = self._database.read().execute(
            "SELECT identifier, persona FROM holding "
            "WHERE identifier IN (SELECT value FROM json_each(?)) ORDER BY identifier, since",
            (json.dumps(list(identifiers)),),
        )
        return dict(rows.fetchall())

    def events_of_statement(self, seq: int) -> list[tuple[str, Event]]:
        """Return the events taken from an unvoided statement, each with its persona."""
        rows = self._database.read().execute(
            f"SELECT persona, body FROM event WHERE {SERVING} AND seq = ? AND voided IS NULL",  # noqa: S608
            (seq,),
        )
        return [(persona, _event(body)) for persona, body in rows]

    def events_about(self, persona: str, activities: Iterable[str]) -> list[Event]:
        """Return a persona's events of any of the activities, as activity or as course."""
        wanted = set(activities)
        rows = self._database.read().execute(
            # The records of the activities or within them, then their events, then what we say.
            f"WITH k AS (SELECT activity FROM belonging WHERE {SERVING} AND persona = ?1 "  # noqa: S608
            "AND whole IN (SELECT value FROM json_each(?2)) "
            "UNION SELECT value FROM json_each(?2)) "
            # CROSS JOIN keeps this order: it would rather read every event there is.
            f"SELECT e.body FROM k CROSS JOIN event e INDEXED BY event_record WHERE e.{SERVING} "
            "AND e.persona = ?1 AND e.activity = k.activity "
            "AND e.voided IS NULL AND e.left_out = 0 "
            f"UNION ALL SELECT body FROM satisfied WHERE {SERVING} AND persona = ?1",
            (persona, json.dumps(sorted(wanted))),
        )
        events = (_event(row[0]) for row in rows)
        return [event for event in events if event.activity in wanted or event.course in wanted]

    def timeline(
        self, persona: str, before: tuple[int, int, int] | None, limit: int
    ) -> list[tuple[tuple[int, int, int], Event]]:
        """Return a page of a persona's events, the latest first, each with its place."""
        where, values = "", tuple[int, ...]()
        if before is not None:
            where, values = "AND (at, seq, ordinal) < (?, ?, ?) ", before
        rows = self._database.read().execute(
            f"SELECT at, seq, ordinal, body FROM {EVENTS} AND persona = ? {where}"  # noqa: S608
            "AND voided IS NULL ORDER BY at DESC, seq DESC, ordinal DESC LIMIT ?",
            (persona, *values, limit),
        )
        return [((at, seq, ordinal), _event(body)) for at, seq, ordinal, body in rows]

    def persona(self, persona: str) -> Persona | None:
        """Return the persona."""
        found = self._personas("WHERE id = ?", (persona,))
        return found[0] if found else None

    def personas(self, after: str | None, limit: int) -> list[Persona]:
        """Return a page of personas that are not merged into others, in the order of their ids."""
        return self._personas(
            "WHERE id > ? AND merged_into IS NULL ORDER BY id LIMIT ?", (after or "", limit)
        )

    def personas_named(
        self, prefix: str, after: tuple[str, str] | None, limit: int
    ) -> list[Persona]:
        """Return a page of personas whose names begin so, in the order of name and id."""
        return self._personas(
            "WHERE merged_into IS NULL AND name >= ? AND name < ? AND (name, id) > (?, ?) "
            "ORDER BY name, id LIMIT ?",
            (prefix, prefix + "\U0010ffff", *(after or ("", "")), limit),
        )

    def names(self, personas: Iterable[str]) -> dict[str, str]:
        """Return the names of personas, without those that have none."""
        rows = self._database.read().execute(
            "SELECT id, name FROM persona WHERE name IS NOT NULL "
            "AND id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(personas)),),
        )
        return dict(rows.fetchall())

    def records(self, after: RecordKey | None, limit: int) -> list[tuple[str, LearnerRecord]]:
        """Return a page of all records, each with its persona, in the order of their keys."""
        return self._records(
            "(persona, activity, registration) > (?, ?, ?) "
            "ORDER BY persona, activity, registration LIMIT ?",
            (*(after or ("", "", "")), limit),
        )

    def records_of(
        self, persona: str, after: RecordKey | None, limit: int
    ) -> list[tuple[str, LearnerRecord]]:
        """Return a page of one persona's records in the order of their keys."""
        _, activity, registration = after or ("", "", "")
        return self._records(
            "persona = ? AND (activity, registration) > (?, ?) "
            "ORDER BY activity, registration LIMIT ?",
            (persona, activity, registration, limit),
        )

    def courses_of(self, persona: str, after: str | None, limit: int) -> list[str]:
        """Return a page of the ids of the courses of a persona's events, in their order."""
        rows = self._database.read().execute(
            f"SELECT DISTINCT whole FROM belonging WHERE {SERVING} AND persona = ? AND whole > ? "  # noqa: S608
            "AND course = 1 ORDER BY whole LIMIT ?",
            (persona, after or "", limit),
        )
        return [row[0] for row in rows]

    def states_within(self, persona: str, wholes: Collection[str]) -> dict[RecordKey, RecordState]:
        """Return the states of a persona's records of any of the activities, or within them."""
        rows = self._database.read().execute(
            f"SELECT persona, activity, registration, state FROM record WHERE {SERVING} "  # noqa: S608
            "AND persona = ?1 AND activity IN (SELECT value FROM json_each(?2) UNION "
            f"SELECT activity FROM belonging WHERE {SERVING} AND persona = ?1 "
            "AND whole IN (SELECT value FROM json_each(?2)))",
            (persona, json.dumps(sorted(wholes))),
        )
        return {RecordKey(*key): decode_state(state) for *key, state in rows}

    def states_of(
        self, persona: str, after: tuple[str, str], limit: int
    ) -> dict[RecordKey, RecordState]:
        """Return a page of the states of a persona's records."""
        rows = self._database.read().execute(
            f"SELECT persona, activity, registration, state FROM record WHERE {SERVING} "  # noqa: S608
            "AND persona = ? AND (activity, registration) > (?, ?) "
            "ORDER BY activity, registration LIMIT ?",
            (persona, *after, limit),
        )
        return {RecordKey(*key): decode_state(state) for *key, state in rows}

    def keys_of(
        self, personas: Collection[str], after: tuple[str, str], limit: int
    ) -> list[tuple[str, str]]:
        """Return a page of the activities and registrations of which personas have events."""
        rows = self._database.read().execute(
            f"SELECT DISTINCT activity, registration FROM {EVENTS} "  # noqa: S608
            "AND persona IN (SELECT value FROM json_each(?)) "
            "AND (activity, registration) > (?, ?) ORDER BY activity, registration LIMIT ?",
            (json.dumps(list(personas)), *after, limit),
        )
        return [(activity, registration) for activity, registration in rows]

    def events_through(
        self, personas: Collection[str], activity: str, registration: str, through: int
    ) -> list[Event]:
        """Return the events of personas as they were when a seq was the last."""
        rows = self._database.read().execute(
            f"SELECT body FROM {EVENTS} "  # noqa: S608
            "AND persona IN (SELECT value FROM json_each(?1)) AND activity = ?2 "
            "AND registration = ?3 AND seq <= ?4 AND (voided IS NULL OR voided > ?4)",
            (json.dumps(list(personas)), activity, registration, through),
        )
        return [_event(row[0]) for row in rows]

    def evidence(self, key: RecordKey, after: int | None, limit: int) -> list[tuple[int, str]]:
        """Return a page of the unvoided statements of a record, with their seqs."""
        rows = self._database.read().execute(
            f"SELECT DISTINCT seq, CAST(body AS TEXT) ->> 'statement' FROM {EVENTS} "  # noqa: S608
            "AND persona = ? AND activity = ? AND registration = ? AND seq > ? "
            "AND voided IS NULL ORDER BY seq LIMIT ?",
            (*key, after or 0, limit),
        )
        return [(seq, statement) for seq, statement in rows]

    def unrecognised(self) -> dict[tuple[str, str], int]:
        """Return how many statements gave no event, by verb and adapter."""
        rows = self._database.read().execute(
            f"SELECT verb, adapter, count FROM unrecognised WHERE {SERVING}"  # noqa: S608
        )
        return {(verb, adapter): count for verb, adapter, count in rows}

    def _records(self, where: str, values: tuple[Any, ...]) -> list[tuple[str, LearnerRecord]]:
        rows = self._database.read().execute(
            "SELECT persona, activity, registration, state, (SELECT json_group_array(statement) "  # noqa: S608
            "FROM (SELECT CAST(body AS TEXT) ->> 'statement' AS statement "
            "FROM event e INDEXED BY event_record "
            "WHERE e.generation = r.generation AND e.persona = r.persona "
            "AND e.activity = r.activity AND e.registration = r.registration "
            "AND e.voided IS NULL UNION "
            "SELECT CAST(body AS TEXT) ->> 'statement' FROM satisfied s "
            "WHERE s.generation = r.generation AND s.persona = r.persona "
            "AND s.registration = r.registration AND s.activity = r.activity LIMIT ?)) "
            f"FROM record r WHERE {SERVING} AND {where}",
            (EVIDENCE_LIMIT, *values),
        )
        return [
            (
                persona,
                replace(
                    record_of(activity, registration or None, decode_state(state)),
                    evidence=tuple(sorted(json.loads(evidence))),
                ),
            )
            for persona, activity, registration, state, evidence in rows
        ]

    def _personas(self, where: str, values: tuple[Any, ...]) -> list[Persona]:
        rows = self._database.read().execute(
            "SELECT id, name, merged_into, (SELECT json_group_array(identifier) FROM holding h "  # noqa: S608
            f"WHERE h.persona = p.id) FROM persona p {where}",
            values,
        )
        return [
            Persona(
                id=found,
                name=name,
                identifiers=tuple(sorted(set(json.loads(identifiers)))),
                merged_into=merged_into,
            )
            for found, name, merged_into, identifiers in rows
        ]
