"""Generations of events and records in SQLite: how they come into being."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any

import msgspec

from lrs.records.state import RecordState, decode_state
from lrs.store.projections import (
    Checkpoint,
    Holding,
    Projection,
    Rework,
    Scope,
    StoredEvent,
    record_subject,
)
from lrs.store.records import RecordKey
from lrs.store.sqlite.applying import Writing
from lrs.store.sqlite.database import Database, Transaction
from schemas.events import Event

_event = msgspec.json.Decoder(Event).decode
_write_event = msgspec.json.Encoder().encode
_place = msgspec.msgpack.Decoder(tuple[str, ...]).decode


class SqliteProjections:
    """Fulfils `lrs.store.projections.Projections`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def checkpoint(self, generation: int | None = None) -> Checkpoint | None:
        """Return how far the generation is, by default the one that serves."""
        which, values = (
            ("state = 'serving'", ())
            if generation is None
            else (
                "id = ? AND state != 'retired'",
                (generation,),
            )
        )
        row = (
            self._database.read()
            .execute(f"SELECT id, seq, epoch FROM generation WHERE {which}", values)  # noqa: S608
            .fetchone()
        )
        return Checkpoint(*row) if row else None

    def begin(self) -> Checkpoint:
        """Begin to build a generation, or go on with the one that was begun."""

        def work(tx: Transaction) -> Checkpoint:
            tx.execute(
                "INSERT INTO generation (id, state, seq, epoch) "
                "SELECT max(id) + 1, 'building', 0, 0 FROM generation WHERE true "
                "ON CONFLICT DO NOTHING"
            )
            row = tx.execute(
                "SELECT id, seq, epoch FROM generation WHERE state = 'building'"
            ).fetchone()
            return Checkpoint(*row)

        return self._database.write(work)

    def switch(self, since: Checkpoint) -> bool:
        """Let the generation that was built serve, where it is as far as the one that does."""

        def work(tx: Transaction) -> bool:
            ready = tx.execute(
                "SELECT 1 FROM generation WHERE id = ? AND seq = ? AND epoch = ? "
                "AND state = 'building' "
                "AND seq >= (SELECT seq FROM generation WHERE state = 'serving') "
                "AND NOT EXISTS (SELECT 1 FROM rework WHERE generation = generation.id)",
                since,
            ).fetchone()
            if ready is None:
                return False
            tx.execute("UPDATE generation SET state = 'retired' WHERE state = 'serving'")
            tx.execute("UPDATE generation SET state = 'serving' WHERE id = ?", (since.generation,))
            tx.execute(
                "INSERT INTO due_evaluation (persona, unit, marked) "
                "SELECT persona, unit, ? FROM due_in_generation WHERE generation = ? "
                "ON CONFLICT DO UPDATE SET marked = excluded.marked",
                (tx.instant, since.generation),
            )
            tx.execute("DELETE FROM due_in_generation WHERE generation = ?", (since.generation,))
            return True

        return self._database.write(work)

    def discard(self) -> bool:
        """Give up the generation that is being built."""
        return self._database.write(
            lambda tx: (
                tx.execute(
                    "UPDATE generation SET state = 'retired' WHERE state = 'building'"
                ).rowcount
                == 1
            )
        )

    def sweep(self, limit: int) -> bool:
        """Remove up to about `limit` rows of retired generations."""
        row = (
            self._database.read()
            .execute("SELECT id FROM generation WHERE state = 'retired' ORDER BY id LIMIT 1")
            .fetchone()
        )
        return row is not None and self._database.write(lambda tx: _sweep(tx, row[0], limit))

    def holdings(self, identifiers: Collection[str]) -> dict[str, tuple[Holding, ...]]:
        """Return who holds each of the identifiers that are known, the earliest first."""
        rows = self._database.read().execute(
            "SELECT identifier, since, base, persona FROM holding "
            "WHERE identifier IN (SELECT value FROM json_each(?)) ORDER BY identifier, since",
            (json.dumps(list(identifiers)),),
        )
        found: dict[str, tuple[Holding, ...]] = {}
        for identifier, *holding in rows:
            found[identifier] = (*found.get(identifier, ()), Holding(*holding))
        return found

    def states(self, generation: int, keys: Collection[RecordKey]) -> dict[RecordKey, RecordState]:
        """Return the states of the records that there are."""
        rows = self._database.read().execute(
            "SELECT persona, activity, registration, state FROM json_each(?) k CROSS JOIN record "
            "WHERE generation = ? AND persona = k.value ->> 0 AND activity = k.value ->> 1 "
            "AND registration = k.value ->> 2",
            # In their order, each page is found once.
            (json.dumps(sorted(keys)), generation),
        )
        return {RecordKey(*key): decode_state(state) for *key, state in rows}

    def events_of(self, generation: int, key: RecordKey) -> list[StoredEvent]:
        """Return the events of a record, voided ones too."""
        return self._events(
            "INDEXED BY event_record "
            "WHERE generation = ? AND persona = ? AND activity = ? AND registration = ?",
            (generation, *key),
        )

    def events_of_statement(self, generation: int, seq: int) -> list[StoredEvent]:
        """Return the events taken from a statement."""
        return self._events("WHERE generation = ? AND seq = ?", (generation, seq))

    def keys_of(
        self, generation: int, persona: str, after: tuple[str, ...], limit: int
    ) -> list[RecordKey]:
        """Return a page of the keys under which a persona has events."""
        rows = self._database.read().execute(
            "SELECT DISTINCT persona, activity, registration FROM event INDEXED BY event_record "
            "WHERE generation = ? AND persona = ? AND (activity, registration) > (?, ?) "
            "ORDER BY activity, registration LIMIT ?",
            (generation, persona, *(after or ("", "")), limit),
        )
        return [RecordKey(*row) for row in rows]

    def about(self, generation: int, scope: Scope, wholes: Collection[str]) -> list[RecordKey]:
        """Return the keys of a scope's records that are of the activities, or belong to them."""
        rows = self._database.read().execute(
            "SELECT persona, activity, registration FROM belonging "
            "WHERE generation = ?1 AND persona = ?2 "
            "AND whole IN (SELECT value FROM json_each(?4)) AND registration = ?3 UNION "
            "SELECT persona, activity, registration FROM record "
            "WHERE generation = ?1 AND persona = ?2 "
            "AND activity IN (SELECT value FROM json_each(?4)) AND registration = ?3",
            (generation, *scope, json.dumps(sorted(wholes))),
        )
        return [RecordKey(*row) for row in rows]

    def scopes(
        self, generation: int, whole: str, after: tuple[str, ...], limit: int
    ) -> list[Scope]:
        """Return a page of the scopes with records that are of an activity or belong to it."""
        values = (generation, whole, *(after or ("", "")), limit)
        rows = self._database.read().execute(
            "SELECT * FROM (SELECT DISTINCT persona, registration FROM belonging "
            "WHERE generation = ?1 AND whole = ?2 AND (persona, registration) > (?3, ?4) "
            "ORDER BY persona, registration LIMIT ?5) UNION "
            "SELECT * FROM (SELECT persona, registration FROM record "
            "WHERE generation = ?1 AND activity = ?2 AND (persona, registration) > (?3, ?4) "
            "ORDER BY persona, registration LIMIT ?5) ORDER BY persona, registration LIMIT ?5",
            values,
        )
        return [Scope(*row) for row in rows]

    def satisfied(self, generation: int, scope: Scope) -> dict[str, tuple[Event, ...]]:
        """Return what we say of courses in a scope, by course."""
        rows = self._database.read().execute(
            "SELECT course, body FROM satisfied "
            "WHERE generation = ? AND persona = ? AND registration = ? ORDER BY course, activity",
            (generation, *scope),
        )
        found: dict[str, tuple[Event, ...]] = {}
        for course, body in rows:
            found[course] = (*found.get(course, ()), _event(body))
        return found

    def said_of(
        self, generation: int, course: str, after: tuple[str, ...], limit: int
    ) -> list[Scope]:
        """Return a page of the scopes in which we say something of a course."""
        rows = self._database.read().execute(
            "SELECT DISTINCT persona, registration FROM satisfied WHERE generation = ? "
            "AND course = ? AND (persona, registration) > (?, ?) "
            "ORDER BY persona, registration LIMIT ?",
            (generation, course, *(after or ("", "")), limit),
        )
        return [Scope(*row) for row in rows]

    def rework(self, generation: int) -> Rework | None:
        """Return a piece of rework that waits."""
        row = (
            self._database.read()
            .execute(
                "SELECT kind, subject, place FROM rework WHERE generation = ? "
                "ORDER BY kind DESC, subject LIMIT 1",
                (generation,),
            )
            .fetchone()
        )
        return Rework(row[0], row[1], _place(row[2])) if row else None

    def apply(self, projection: Projection) -> bool:
        """Write a projection whole; False, with nothing written, where another came before."""
        return self._database.write(Writing(projection).write)

    def _events(self, where: str, values: tuple[Any, ...]) -> list[StoredEvent]:
        rows = self._database.read().execute(
            f"SELECT seq, persona, body, voided FROM event {where}",  # noqa: S608
            values,
        )
        return [
            StoredEvent(seq, persona, _event(body), voided) for seq, persona, body, voided in rows
        ]


def touch_identities(tx: Transaction, *personas: str) -> None:
    """Have all generations work out the events of personas anew, before anything else is in."""
    _touch(tx, "persona", personas)


def touch_courses(tx: Transaction, *courses: str) -> None:
    """Have all generations work out anew what is satisfied of courses."""
    _touch(tx, "course", courses)


def touch_records(tx: Transaction, keys: Iterable[RecordKey]) -> None:
    """Have all generations make records anew: some of their events are gone."""
    _touch(tx, "record", [record_subject(key) for key in keys])


def end_epoch(tx: Transaction) -> None:
    """Have all that is worked out now, from what is no longer so, refused."""
    tx.execute("UPDATE generation SET epoch = epoch + 1 WHERE state != 'retired'")


def epoch_lasts(tx: Transaction, epoch: int) -> bool:
    """Tell whether an epoch lasts; it does until the transaction is over."""
    serving = tx.execute("SELECT epoch FROM generation WHERE state = 'serving'").fetchone()
    return bool(serving == (epoch,))


def _touch(tx: Transaction, kind: str, subjects: Iterable[str]) -> None:
    end_epoch(tx)
    tx.executemany(
        "INSERT INTO rework (generation, kind, subject, place) "
        "SELECT id, ?, ?, ? FROM generation WHERE state != 'retired' "
        "ON CONFLICT DO UPDATE SET place = excluded.place",
        [(kind, subject, msgspec.msgpack.encode(())) for subject in subjects],
    )


def _sweep(tx: Transaction, generation: int, limit: int) -> bool:
    """Remove rows of the generation, and itself once it has none."""
    keys = {
        "event": "seq, ordinal",
        "record": "persona, activity, registration",
        "belonging": "persona, whole, activity, registration",
        "satisfied": "persona, registration, course, activity",
        "unrecognised": "verb, adapter",
        "rework": "kind, subject",
        "due_in_generation": "persona, unit",
    }
    for table, key in keys.items():
        removed = tx.execute(
            f"DELETE FROM {table} WHERE generation = ?1 AND ({key}) IN "  # noqa: S608
            f"(SELECT {key} FROM {table} WHERE generation = ?1 LIMIT ?2)",
            (generation, limit),
        )
        if removed.rowcount:
            return True
    tx.execute("DELETE FROM generation WHERE id = ?", (generation,))
    return True
