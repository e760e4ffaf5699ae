"""The outbox in SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from lrs.store.circuit import Circuit, after_answer, after_failure, after_lease, slots
from lrs.store.outbox import Delivery, OutboxItem
from lrs.store.sqlite.claims import set_withdrawn, settle_claim
from lrs.store.sqlite.database import Database, Transaction
from lrs.store.sqlite.facts import note_act
from schemas.audit import Act
from schemas.claims import ClaimPayload, Receipt

_ITEM = "id, kind, destination, subject, queued, due, attempts, parked, error"
_CIRCUIT = "failures, closed_off, next_slot, interval"

_payload = msgspec.json.Decoder(ClaimPayload).decode


class SqliteOutbox:
    """Fulfils `lrs.store.outbox.Outbox`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def lease(
        self,
        limit: int,
        seconds: float,
        *,
        most: int | None = None,
        under_way: Mapping[str, int] = MappingProxyType({}),
    ) -> list[Delivery]:
        """Take up to `limit` deliveries that are due; others leave them alone for `seconds`."""
        lease = int(seconds * 1e6)

        def work(tx: Transaction) -> list[Delivery]:
            taken: list[Delivery] = []
            for name, circuit in _open(tx, tx.instant):
                room = limit - len(taken)
                if most is not None:
                    room = min(room, most - under_way.get(name, 0))
                free = slots(circuit, tx.instant, room)
                found = _take(tx, name, free, lease) if free > 0 else []
                if found:
                    _put_circuit(tx, name, after_lease(circuit, tx.instant, lease))
                    taken += found
                if len(taken) == limit:
                    break
            return taken

        # Look before asking for the turn to write, which an idle worker would do all day.
        full = {name for name, count in under_way.items() if most is not None and count >= most}
        waiting = _open(self._database.read(), self._database.now())
        if limit < 1 or all(name in full for name, _ in waiting):
            return []
        return self._database.write(work)

    def renew(self, deliveries: Collection[Delivery], seconds: float) -> None:
        """Hold the leases for another `seconds`, those that are lost excepted."""
        self._database.write(
            lambda tx: tx.executemany(
                "UPDATE outbox SET due = ? WHERE id = ? AND lease = ? AND parked = 0",
                [(tx.instant + int(seconds * 1e6), one.id, one.lease) for one in deliveries],
            )
        )

    def settle(self, delivery: Delivery, receipt: Receipt) -> bool:
        """Put the verified receipt on the claim and take the delivery out."""

        def work(tx: Transaction) -> bool:
            if not _take_out(tx, delivery):
                return False
            settle_claim(tx, delivery.subject, receipt)
            return True

        return self._database.write(work)

    def found(self, delivery: Delivery, account: str) -> bool:
        """Keep the learner's account at the receiver and have its claims made."""

        def work(tx: Transaction) -> bool:
            if not _take_out(tx, delivery):
                return False
            tx.execute(
                "INSERT INTO learner_account (receiver, persona, account) VALUES (?, ?, ?) "
                "ON CONFLICT DO UPDATE SET account = excluded.account",
                (delivery.destination, delivery.subject, account),
            )
            tx.execute(
                "INSERT INTO due_evaluation (persona, unit, marked) "
                "SELECT persona, unit, ? FROM achievement WHERE persona = ? AND state = 'verified' "
                "ON CONFLICT DO UPDATE SET marked = excluded.marked",
                (tx.instant, delivery.subject),
            )
            return True

        return self._database.write(work)

    def delivered(self, delivery: Delivery) -> bool:
        """Take a notification out."""
        return self._database.write(lambda tx: _take_out(tx, delivery))

    def postpone(
        self, delivery: Delivery, seconds: float, error: str, retry_after: float | None = None
    ) -> bool:
        """Make the delivery due again after `seconds`, and count the destination's failure."""

        def work(tx: Transaction) -> bool:
            postponed = tx.execute(
                "UPDATE outbox SET due = ?, lease = lease + 1, attempts = attempts + 1, error = ? "
                "WHERE id = ? AND lease = ?",
                (tx.instant + int(seconds * 1e6), error, delivery.id, delivery.lease),
            )
            if not postponed.rowcount:
                return False
            circuit = _circuit(tx, delivery.destination)
            failed = after_failure(circuit, tx.instant, retry_after)
            _put_circuit(tx, delivery.destination, failed)
            return True

        return self._database.write(work)

    def park(self, delivery: Delivery, error: str) -> bool:
        """Put the delivery on the shelf until a person has looked at it."""

        def work(tx: Transaction) -> bool:
            parked = tx.execute(
                "UPDATE outbox SET parked = 1, lease = lease + 1, attempts = attempts + 1, "
                "error = ? WHERE id = ? AND lease = ?",
                (error, delivery.id, delivery.lease),
            )
            if not parked.rowcount:
                return False
            _answered(tx, delivery.destination)
            if delivery.claim is not None:
                tx.execute(
                    "UPDATE claim SET reason = ?, changed = ? WHERE id = ?",
                    (error, tx.instant, delivery.subject),
                )
            return True

        return self._database.write(work)

    def items(
        self, after: int | None, limit: int, *, parked: bool | None = None
    ) -> list[OutboxItem]:
        """Return a page, the oldest first."""
        where, values = "id > ?", [after or 0]
        if parked is not None:
            where += " AND parked = ?"
            values.append(int(parked))
        rows = self._database.read().execute(
            f"SELECT {_ITEM} FROM outbox WHERE {where} ORDER BY id LIMIT ?",  # noqa: S608
            (*values, limit),
        )
        return [_item(row) for row in rows]

    def towards(self, destination: str, limit: int, *, parked: bool) -> list[OutboxItem]:
        """Return what is on its way to a destination, or on the shelf, the latest due first."""
        rows = self._database.read().execute(
            f"SELECT {_ITEM} FROM outbox WHERE destination = ? AND parked = ?"  # noqa: S608
            " ORDER BY due DESC LIMIT ?",
            (destination, int(parked), limit),
        )
        return [_item(row) for row in rows]

    def set_aside(self, destinations: Collection[str]) -> set[str]:
        """Return those of the destinations that have anything on the shelf."""
        rows = self._database.read().execute(
            "SELECT value FROM json_each(?) WHERE EXISTS "
            "(SELECT 1 FROM outbox WHERE destination = value AND parked = 1)",
            (json.dumps(list(destinations)),),
        )
        return {row[0] for row in rows}

    def retry(self, items: Sequence[int], act: Act) -> int:
        """Make parked deliveries due again, with their attempts forgotten; return how many."""

        def work(tx: Transaction) -> int:
            count = 0
            for item in items:
                count += tx.execute(
                    "UPDATE outbox SET parked = 0, attempts = 0, due = ?, lease = lease + 1 "
                    "WHERE id = ? AND parked = 1",
                    (tx.instant, item),
                ).rowcount
            if count:
                note_act(tx, act)
            return count

        return self._database.write(work)

    def discard(self, item: int, act: Act) -> bool:
        """Take a parked delivery out for good."""

        def work(tx: Transaction) -> bool:
            row = tx.execute(
                "DELETE FROM outbox WHERE id = ? AND parked = 1 RETURNING kind, subject", (item,)
            ).fetchone()
            if row is None:
                return False
            note_act(tx, act)
            if row[0] == "submit":
                tx.execute("UPDATE claim SET discarded = 1 WHERE id = ?", (row[1],))
                set_withdrawn(tx, row[1], act.reason or "discarded")
            return True

        return self._database.write(work)

    def circuits(self) -> Mapping[str, Circuit]:
        """Return the state of every destination by name."""
        rows = self._database.read().execute(f"SELECT name, {_CIRCUIT} FROM destination")  # noqa: S608
        return {row[0]: _circuit_of(row[1:]) for row in rows}


def _open(reader: sqlite3.Connection | Transaction, now: int) -> list[tuple[str, Circuit]]:
    """Return the destinations that may be sent to and that something is due for."""
    rows = reader.execute(
        f"SELECT name, {_CIRCUIT} FROM destination d "  # noqa: S608
        "WHERE closed_off <= ?1 AND next_slot <= ?1 AND EXISTS (SELECT 1 FROM outbox o "
        "WHERE o.destination = d.name AND o.parked = 0 AND o.due <= ?1)",
        (now,),
    )
    return [(row[0], _circuit_of(row[1:])) for row in rows]


def _take(tx: Transaction, destination: str, limit: int, lease: int) -> list[Delivery]:
    # The + keeps SQLite from looking through all that waits for what stands before in the line.
    rows = tx.execute(
        "SELECT o.id, o.lease + 1, o.kind, o.subject, o.attempts, c.payload, o.body "
        "FROM outbox o LEFT JOIN claim c ON c.id = o.subject AND o.kind IN ('submit', 'withdraw') "
        "WHERE o.destination = ?1 AND o.parked = 0 AND o.due <= ?2 "
        "AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.destination = ?1 "
        "AND e.line = o.line AND e.id < o.id AND +e.parked = 0) "
        "ORDER BY o.due LIMIT ?3",
        (destination, tx.instant, limit),
    ).fetchall()
    tx.executemany(
        "UPDATE outbox SET due = ?, lease = ? WHERE id = ?",
        [(tx.instant + lease, row[1], row[0]) for row in rows],
    )
    tx.executemany(
        "UPDATE claim SET state = 'sent', changed = ? WHERE id = ? AND state = 'queued'",
        [(tx.instant, row[3]) for row in rows if row[2] == "submit"],
    )
    return [
        Delivery(
            id=row[0],
            lease=row[1],
            kind=row[2],
            destination=destination,
            subject=row[3],
            attempts=row[4],
            claim=_payload(row[5]) if row[5] is not None else None,
            body=row[6],
        )
        for row in rows
    ]


def _take_out(tx: Transaction, delivery: Delivery) -> bool:
    """End the lease with the delivery done; False where it is another's by now."""
    gone = tx.execute(
        "DELETE FROM outbox WHERE id = ? AND lease = ?", (delivery.id, delivery.lease)
    )
    if gone.rowcount:
        _answered(tx, delivery.destination)
    return gone.rowcount > 0


def _answered(tx: Transaction, destination: str) -> None:
    circuit = _circuit(tx, destination)
    if circuit != after_answer(circuit):
        _put_circuit(tx, destination, after_answer(circuit))


def _circuit(tx: Transaction, destination: str) -> Circuit:
    row = tx.execute(
        f"SELECT {_CIRCUIT} FROM destination WHERE name = ?",  # noqa: S608
        (destination,),
    ).fetchone()
    return _circuit_of(row) if row else Circuit()


def _circuit_of(row: Sequence[Any]) -> Circuit:
    return Circuit(failures=row[0], closed_off=row[1], next_slot=row[2], interval=row[3])


def _put_circuit(tx: Transaction, destination: str, circuit: Circuit) -> None:
    tx.execute(
        "UPDATE destination SET failures = ?, closed_off = ?, next_slot = ? WHERE name = ?",
        (circuit.failures, circuit.closed_off, circuit.next_slot, destination),
    )


def put_destination(tx: Transaction, name: str, interval: int) -> None:
    """Make a destination known, or change its rate (microseconds between two, 0 for no limit)."""
    tx.execute(
        "INSERT INTO destination (name, interval) VALUES (?, ?) "
        "ON CONFLICT DO UPDATE SET interval = excluded.interval",
        (name, interval),
    )


def _item(row: Sequence[Any]) -> OutboxItem:
    return OutboxItem(
        id=row[0],
        kind=row[1],
        destination=row[2],
        subject=row[3],
        queued=row[4],
        due=row[5],
        attempts=row[6],
        parked=bool(row[7]),
        error=row[8],
    )
