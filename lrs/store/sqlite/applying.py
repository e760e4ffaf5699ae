"""Writing a projection in SQLite."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from lrs.records.state import encode_state
from lrs.store.projections import ALWAYS, Projection, StoredEvent, belongings_of
from lrs.store.records import RecordKey
from lrs.store.sqlite.database import Transaction
from lrs.store.sqlite.due import mark_due
from schemas.times import instant_of

_write_event = msgspec.json.Encoder().encode


class Writing:
    """A projection as rows, made before the turn to write."""

    def __init__(self, projection: Projection) -> None:
        self._projection = projection
        self._generation = generation = projection.since.generation
        self._events = [_event_row(generation, one) for one in projection.events]
        # In the order of their keys, each page is found once.
        rows = sorted(
            (generation, *key, encode_state(state))
            for key, state in projection.records.items()
            if state is not None
        )
        known = projection.known
        self._new = [row for row in rows if row[1:4] not in known]
        self._kept = [row for row in rows if row[1:4] in known]
        self._wholes = sorted(
            (generation, key.persona, whole, key.activity, key.registration, course)
            for key, state in projection.records.items()
            if state is not None
            for whole, course in belongings_of(state).items()
            if known.get(key, {}).get(whole) is not course
        )

    def write(self, tx: Transaction) -> bool:
        """Write it; False, with nothing written, where another came before."""
        projection = self._projection
        if not _advance(tx, projection):
            return False
        _meet(tx, projection)
        tx.executemany(
            "INSERT INTO event (generation, seq, ordinal, persona, activity, "
            "registration, at, voided, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            self._events,
        )
        _change_events(tx, projection)
        _add_records(tx, self._generation, self._new)
        _put_records(tx, self._kept)
        _drop_records(tx, projection)
        tx.executemany(
            "INSERT INTO belonging "
            "(generation, persona, whole, activity, registration, course) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET course = excluded.course "
            "WHERE course != excluded.course",
            self._wholes,
        )
        _say_satisfied(tx, projection)
        tx.executemany(
            "INSERT INTO unrecognised (generation, verb, adapter, count) VALUES (?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET count = count + excluded.count",
            [(self._generation, *key, count) for key, count in projection.unrecognised.items()],
        )
        _mark(tx, projection)
        _rework(tx, projection)
        return True


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


def _add_records(tx: Transaction, generation: int, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write records, most of which are new, and count those that are."""
    added = tx.executemany(
        "INSERT INTO record (generation, persona, activity, registration, state) "
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        rows,
    ).rowcount
    if added < len(rows):
        _put_records(tx, rows)
    if added > 0:
        tx.execute(
            "INSERT INTO figure (noun, key, count) VALUES ('record', ?, ?) "
            "ON CONFLICT DO UPDATE SET count = count + excluded.count",
            (str(generation), added),
        )


def _put_records(tx: Transaction, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write the states of records that are there."""
    tx.executemany(
        "UPDATE record SET state = ?5 WHERE generation = ?1 AND persona = ?2 "
        "AND activity = ?3 AND registration = ?4 AND state != ?5",
        rows,
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
