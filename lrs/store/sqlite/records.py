"""Personas, events and learner records in SQLite."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import msgspec

from lrs.store.records import Persona, Projection, RecordKey
from lrs.store.sqlite.database import Database, Transaction
from schemas.events import Event
from schemas.records import LearnerRecord

PROJECTION = "records"

_event = msgspec.json.Decoder(Event).decode
_record = msgspec.json.Decoder(LearnerRecord).decode


class SqliteRecords:
    """Fulfils `lrs.store.records.Records`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def checkpoint(self) -> int:
        """Return the seq up to which statements are in the records."""
        row = (
            self._database.read()
            .execute("SELECT seq FROM projection WHERE name = ?", (PROJECTION,))
            .fetchone()
        )
        return int(row[0]) if row else 0

    def personas_of(self, identifiers: Iterable[str]) -> dict[str, str]:
        """Return the persona of each identifier that is known."""
        rows = self._database.read().execute(
            "SELECT identifier, persona FROM identifier "
            "WHERE identifier IN (SELECT value FROM json_each(?))",
            (json.dumps(list(identifiers)),),
        )
        return dict(rows.fetchall())

    def events_of(self, key: RecordKey) -> list[tuple[int, Event]]:
        """Return the events of a record, each with its statement's seq."""
        rows = self._database.read().execute(
            "SELECT seq, body FROM event WHERE persona = ? AND activity = ? AND registration = ?",
            key,
        )
        return [(seq, _event(body)) for seq, body in rows]

    def events_of_statement(self, seq: int) -> list[tuple[str, Event]]:
        """Return the events taken from a statement, each with its persona."""
        rows = self._database.read().execute(
            "SELECT persona, body FROM event WHERE seq = ?", (seq,)
        )
        return [(persona, _event(body)) for persona, body in rows]

    def events_about(self, persona: str, activities: Iterable[str]) -> list[Event]:
        """Return a persona's events of any of the activities, as activity or as course."""
        wanted = json.dumps(sorted(activities))
        rows = self._database.read().execute(
            "SELECT body FROM event WHERE persona = ?1 "
            "AND activity IN (SELECT value FROM json_each(?2)) "
            "UNION SELECT body FROM event WHERE persona = ?1 "
            "AND course IN (SELECT value FROM json_each(?2))",
            (persona, wanted),
        )
        return [_event(row[0]) for row in rows]

    def apply(self, projection: Projection) -> bool:
        """Write a projection whole; False, with nothing written, where another came before."""
        events = [
            (
                seq,
                event.ordinal,
                persona,
                event.activity,
                event.registration or "",
                event.course,
                msgspec.json.encode(event),
            )
            for seq, persona, event in projection.events
        ]
        kept = [
            (*key, msgspec.json.encode(record))
            for key, record in projection.records.items()
            if record is not None
        ]
        gone = [key for key, record in projection.records.items() if record is None]

        def work(tx: Transaction) -> bool:
            if not self._advance(tx, projection):
                return False
            self._meet(tx, projection)
            tx.executemany("DELETE FROM event WHERE seq = ?", [(s,) for s in projection.voided])
            tx.executemany(
                "INSERT INTO event (seq, ordinal, persona, activity, registration, course, body) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                events,
            )
            tx.executemany(
                "INSERT INTO record (persona, activity, registration, body) VALUES (?, ?, ?, ?) "
                "ON CONFLICT DO UPDATE SET body = excluded.body",
                kept,
            )
            tx.executemany(
                "DELETE FROM record WHERE persona = ? AND activity = ? AND registration = ?", gone
            )
            tx.executemany(
                "INSERT INTO unrecognised (verb, adapter, count) VALUES (?, ?, ?) "
                "ON CONFLICT DO UPDATE SET count = count + excluded.count",
                [(*key, count) for key, count in projection.unrecognised.items()],
            )
            mark_due(tx, projection.due)
            return True

        return self._database.write(work)

    def persona(self, persona: str) -> Persona | None:
        """Return the persona."""
        found = self._personas("WHERE id = ?", (persona,))
        return found[0] if found else None

    def personas(self, after: str | None, limit: int) -> list[Persona]:
        """Return a page of personas in the order of their ids."""
        return self._personas("WHERE id > ? ORDER BY id LIMIT ?", (after or "", limit))

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
        rows = self._database.read().execute(
            "SELECT persona, body FROM record "
            "WHERE (persona, activity, registration) > (?, ?, ?) "
            "ORDER BY persona, activity, registration LIMIT ?",
            (*(after or ("", "", "")), limit),
        )
        return [(persona, _record(body)) for persona, body in rows]

    def records_of(
        self, persona: str, after: RecordKey | None, limit: int
    ) -> list[tuple[str, LearnerRecord]]:
        """Return a page of one persona's records in the order of their keys."""
        _, activity, registration = after or ("", "", "")
        rows = self._database.read().execute(
            "SELECT persona, body FROM record "
            "WHERE persona = ? AND (activity, registration) > (?, ?) "
            "ORDER BY activity, registration LIMIT ?",
            (persona, activity, registration, limit),
        )
        return [(found, _record(body)) for found, body in rows]

    def unrecognised(self) -> dict[tuple[str, str], int]:
        """Return how many statements gave no event, by verb and adapter."""
        rows = self._database.read().execute("SELECT verb, adapter, count FROM unrecognised")
        return {(verb, adapter): count for verb, adapter, count in rows}

    def _personas(self, where: str, values: tuple[Any, ...]) -> list[Persona]:
        rows = self._database.read().execute(
            "SELECT id, name, (SELECT json_group_array(identifier) FROM identifier "  # noqa: S608
            f"WHERE persona = id) FROM persona {where}",
            values,
        )
        return [
            Persona(id=found, name=name, identifiers=tuple(sorted(json.loads(identifiers))))
            for found, name, identifiers in rows
        ]

    def _advance(self, tx: Transaction, projection: Projection) -> bool:
        """Move the checkpoint, unless another process moved it since the statements were read."""
        if projection.after == 0:
            tx.execute(
                "INSERT INTO projection (name, seq) VALUES (?, 0) ON CONFLICT DO NOTHING",
                (PROJECTION,),
            )
        moved = tx.execute(
            "UPDATE projection SET seq = ? WHERE name = ? AND seq = ?",
            (projection.through, PROJECTION, projection.after),
        )
        return moved.rowcount == 1

    def _meet(self, tx: Transaction, projection: Projection) -> None:
        """Add the personas that are new and keep the latest name of each."""
        tx.executemany(
            "INSERT INTO persona (id, name, named_at) VALUES (?, ?, ?) ON CONFLICT DO UPDATE "
            "SET name = excluded.name, named_at = excluded.named_at "
            "WHERE excluded.name IS NOT NULL "
            "AND (name IS NULL OR (excluded.named_at, excluded.name) > (named_at, name))",
            [(met.persona, met.name, met.at) for met in projection.personas],
        )
        tx.executemany(
            "INSERT INTO identifier (identifier, persona) VALUES (?, ?) ON CONFLICT DO NOTHING",
            [(met.identifier, met.persona) for met in projection.personas],
        )


def mark_due(tx: Transaction, due: Iterable[tuple[str, str]]) -> None:
    """Mark personas to be evaluated for units."""
    tx.executemany(
        "INSERT INTO due_evaluation (persona, unit, marked) VALUES (?, ?, ?) "
        "ON CONFLICT DO UPDATE SET marked = excluded.marked",
        [(persona, unit, tx.instant) for persona, unit in due],
    )
