"""Generations of events and records in SQLite: how they come into being."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec

from lrs.records.state import RecordState, decode_state, encode_state
from lrs.store.projections import (
    ALWAYS,
    Checkpoint,
    Holding,
    Projection,
    Rework,
    Scope,
    StoredEvent,
    record_subject,
)
from lrs.store.records import RecordKey
from lrs.store.sqlite.database import Database, Transaction
from schemas.events import Event
from schemas.times import instant_of

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
        found = {}
        with self._database.snapshot() as connection:
            for key in keys:
                row = connection.execute(
                    "SELECT state FROM record "
                    "WHERE generation = ? AND persona = ? AND activity = ? AND registration = ?",
                    (generation, *key),
                ).fetchone()
                if row is not None:
                    found[key] = decode_state(row[0])
        return found

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
        generation = projection.since.generation
        events = [_event_row(generation, one) for one in projection.events]
        # In the order of their keys, each page is found once.
        kept = sorted(
            (generation, *key, encode_state(state))
            for key, state in projection.records.items()
            if state is not None
        )
        wholes = [
            (generation, key.persona, whole, key.activity, key.registration, whole in state.courses)
            for key, state in projection.records.items()
            if state is not None
            for whole in state.courses | state.published_as
        ]
        wholes.sort()

        def work(tx: Transaction) -> bool:
            if not _advance(tx, projection):
                return False
            _meet(tx, projection)
            tx.executemany(
                "INSERT INTO event (generation, seq, ordinal, persona, activity, "
                "registration, at, voided, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                events,
            )
            _change_events(tx, projection)
            _put_records(tx, generation, kept)
            _drop_records(tx, projection)
            tx.executemany(
                "INSERT INTO belonging "
                "(generation, persona, whole, activity, registration, course) "
                "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET course = excluded.course "
                "WHERE course != excluded.course",
                wholes,
            )
            _say_satisfied(tx, projection)
            tx.executemany(
                "INSERT INTO unrecognised (generation, verb, adapter, count) VALUES (?, ?, ?, ?) "
                "ON CONFLICT DO UPDATE SET count = count + excluded.count",
                [(generation, *key, count) for key, count in projection.unrecognised.items()],
            )
            _mark(tx, projection)
            _rework(tx, projection)
            return True

        return self._database.write(work)

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


def mark_due(tx: Transaction, due: Iterable[tuple[str, str]]) -> None:
    """Mark personas to be evaluated for units."""
    tx.executemany(
        "INSERT INTO due_evaluation (persona, unit, marked) VALUES (?, ?, ?) "
        "ON CONFLICT DO UPDATE SET marked = excluded.marked",
        [(persona, unit, tx.instant) for persona, unit in due],
    )


def mark_due_by_activity(tx: Transaction, unit: str, activities: Collection[str]) -> None:
    """Mark the personas that have records of any of the activities, or within, for a unit."""
    tx.execute(
        "INSERT INTO due_evaluation (persona, unit, marked) "
        "SELECT persona, ?1, ?2 FROM record "
        "WHERE generation = (SELECT id FROM generation WHERE state = 'serving') "
        "AND activity IN (SELECT value FROM json_each(?3)) UNION "
        "SELECT persona, ?1, ?2 FROM belonging "
        "WHERE generation = (SELECT id FROM generation WHERE state = 'serving') "
        "AND whole IN (SELECT value FROM json_each(?3)) "
        "ON CONFLICT DO UPDATE SET marked = excluded.marked",
        (unit, tx.instant, json.dumps(sorted(activities))),
    )


def _touch(tx: Transaction, kind: str, subjects: Iterable[str]) -> None:
    tx.execute("UPDATE generation SET epoch = epoch + 1 WHERE state != 'retired'")
    tx.executemany(
        "INSERT INTO rework (generation, kind, subject, place) "
        "SELECT id, ?, ?, ? FROM generation WHERE state != 'retired' "
        "ON CONFLICT DO UPDATE SET place = excluded.place",
        [(kind, subject, msgspec.msgpack.encode(())) for subject in subjects],
    )


def _event_row(generation: int, stored: StoredEvent) -> tuple[Any, ...]:
    event = stored.event
    return (
        generation,
        stored.seq,
        event.ordinal,
        stored.persona,
        event.activity,
        event.registration or "",
        instant_of(event.time),
        stored.voided,
        _write_event(event),
    )


def _advance(tx: Transaction, projection: Projection) -> bool:
    """Move the checkpoint, unless it or the epoch moved since the statements were read."""
    moved = tx.execute(
        "UPDATE generation SET seq = ? "
        "WHERE id = ? AND seq = ? AND epoch = ? AND state != 'retired'",
        (projection.through, *projection.since),
    )
    return moved.rowcount == 1


def _meet(tx: Transaction, projection: Projection) -> None:
    """Add the personas that are new and keep the latest name of each."""
    tx.executemany(
        "INSERT INTO persona (id, name, named_at) VALUES (?, ?, ?) ON CONFLICT DO UPDATE "
        "SET name = excluded.name, named_at = excluded.named_at "
        "WHERE excluded.name IS NOT NULL "
        "AND (name IS NULL OR (excluded.named_at, excluded.name) > (named_at, name))",
        [(met.persona, met.name, met.at) for met in projection.personas],
    )
    tx.executemany(
        "INSERT INTO holding (identifier, since, base, persona) VALUES (?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        [(met.identifier, ALWAYS, met.persona, met.persona) for met in projection.personas],
    )


def _change_events(tx: Transaction, projection: Projection) -> None:
    """Void events, give them to other personas, and tell which are left out."""
    generation = projection.since.generation
    tx.executemany(
        "UPDATE event SET voided = ? WHERE generation = ? AND seq = ? AND voided IS NULL",
        [(by, generation, seq) for seq, by in projection.voided.items()],
    )
    tx.executemany(
        "UPDATE event SET persona = ? WHERE generation = ? AND seq = ? AND ordinal = ?",
        [
            (
                one.persona,
                generation,
                one.seq,
                one.event.ordinal,
            )
            for one in projection.moved
        ],
    )
    for key, out in projection.left_out.items():
        tx.execute(
            "UPDATE event INDEXED BY event_record SET left_out = 0 "
            "WHERE generation = ? AND persona = ? AND activity = ? AND registration = ? "
            "AND left_out = 1",
            (generation, *key),
        )
        tx.executemany(
            "UPDATE event SET left_out = 1 WHERE generation = ? AND seq = ? AND ordinal = ?",
            [(generation, *place) for place in out],
        )


def _put_records(tx: Transaction, generation: int, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write records and count those that are new."""
    added = tx.executemany(
        "INSERT INTO record (generation, persona, activity, registration, state) "
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        rows,
    ).rowcount
    if added < len(rows):
        tx.executemany(
            "UPDATE record SET state = ?5 WHERE generation = ?1 AND persona = ?2 "
            "AND activity = ?3 AND registration = ?4 AND state != ?5",
            rows,
        )
    if added > 0:
        tx.execute(
            "INSERT INTO figure (noun, key, count) VALUES ('record', ?, ?) "
            "ON CONFLICT DO UPDATE SET count = count + excluded.count",
            (str(generation), added),
        )


def _drop_records(tx: Transaction, projection: Projection) -> None:
    gone = [
        (projection.since.generation, *key)
        for key, state in projection.records.items()
        if state is None
    ]
    tx.executemany(
        "DELETE FROM record "
        "WHERE generation = ? AND persona = ? AND activity = ? AND registration = ?",
        gone,
    )
    reread = [(projection.since.generation, *key) for key in projection.left_out]
    for generation, persona, activity, registration in {*gone, *reread}:
        state = projection.records.get(RecordKey(persona, activity, registration))
        wholes = sorted(state.courses | state.published_as) if state else []
        tx.execute(
            "DELETE FROM belonging WHERE generation = ?1 AND persona = ?2 AND activity = ?3 "
            "AND registration = ?4 AND whole NOT IN (SELECT value FROM json_each(?5))",
            (generation, persona, activity, registration, json.dumps(wholes)),
        )


def _say_satisfied(tx: Transaction, projection: Projection) -> None:
    generation = projection.since.generation
    for (scope, course), events in projection.satisfied.items():
        tx.execute(
            "DELETE FROM satisfied "
            "WHERE generation = ? AND persona = ? AND registration = ? AND course = ?",
            (generation, *scope, course),
        )
        tx.executemany(
            "INSERT INTO satisfied (generation, persona, registration, course, activity, body) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            [(generation, *scope, course, event.activity, _write_event(event)) for event in events],
        )


def _mark(tx: Transaction, projection: Projection) -> None:
    """Mark who is due: now, or once the generation serves."""
    if not projection.due:
        return
    generation = projection.since.generation
    serving = tx.execute(
        "SELECT 1 FROM generation WHERE id = ? AND state = 'serving'", (generation,)
    ).fetchone()
    if serving is not None:
        mark_due(tx, projection.due)
        return
    tx.executemany(
        "INSERT OR IGNORE INTO due_in_generation (generation, persona, unit) VALUES (?, ?, ?)",
        [(generation, *due) for due in projection.due],
    )


def _rework(tx: Transaction, projection: Projection) -> None:
    if projection.reworked is None:
        return
    rework, place = projection.reworked
    key = (projection.since.generation, rework.kind, rework.subject)
    if place is None:
        tx.execute("DELETE FROM rework WHERE generation = ? AND kind = ? AND subject = ?", key)
        return
    tx.execute(
        "UPDATE rework SET place = ? WHERE generation = ? AND kind = ? AND subject = ?",
        (msgspec.msgpack.encode(place), *key),
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
