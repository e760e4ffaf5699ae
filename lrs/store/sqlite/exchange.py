"""Receivers, claims and the outbox in SQLite."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from lrs.store.exchange import Claim, Delivery, KnownReceiver
from lrs.store.sqlite.database import Database, Transaction
from lrs.store.sqlite.facts import note_fact
from schemas.claims import ClaimPayload, Receipt

_CLAIM = "c.id, c.achievement, c.receiver, c.state, c.changed, c.payload, c.receipt, c.reason"

_payload = msgspec.json.Decoder(ClaimPayload).decode
_receipt = msgspec.json.Decoder(Receipt).decode


class SqliteExchange:
    """Fulfils `lrs.store.exchange.Exchange`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put_receiver(self, receiver: KnownReceiver) -> None:
        """Add a receiver or change the one of that name."""
        settings = msgspec.json.encode(
            {"institution": receiver.institution, "settings": receiver.settings}
        )
        self._database.write(
            lambda tx: tx.execute(
                "INSERT INTO receiver (name, adapter, url, client_id, settings) "
                "VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
                "adapter = excluded.adapter, url = excluded.url, "
                "client_id = excluded.client_id, settings = excluded.settings",
                (receiver.name, receiver.adapter, receiver.url, receiver.client_id, settings),
            )
        )

    def receivers(self) -> Mapping[str, KnownReceiver]:
        """Return the receivers by name."""
        rows = self._database.read().execute(
            "SELECT name, adapter, url, client_id, settings FROM receiver ORDER BY name"
        )
        return {
            name: KnownReceiver(
                name=name,
                adapter=adapter,
                url=url,
                client_id=client_id,
                **msgspec.json.decode(settings),
            )
            for name, adapter, url, client_id, settings in rows
        }

    def lease(self, limit: int, seconds: float) -> list[Delivery]:
        """Take up to `limit` deliveries that are due; others leave them alone for `seconds`."""
        if not self._any_due():
            return []

        def work(tx: Transaction) -> list[Delivery]:
            rows = tx.execute(
                "SELECT o.id, o.claim, o.receiver, o.attempts, c.payload "
                "FROM outbox o JOIN claim c ON c.id = o.claim "
                "WHERE o.parked = 0 AND o.due <= ?1 AND o.leased_until <= ?1 "
                "ORDER BY o.due LIMIT ?2",
                (tx.instant, limit),
            ).fetchall()
            until = tx.instant + int(seconds * 1e6)
            tx.executemany(
                "UPDATE outbox SET leased_until = ? WHERE id = ?", [(until, row[0]) for row in rows]
            )
            tx.executemany(
                "UPDATE claim SET state = 'sent', changed = ? WHERE id = ? AND state = 'queued'",
                [(tx.instant, row[1]) for row in rows],
            )
            return [
                Delivery(
                    id=row[0],
                    claim=row[1],
                    receiver=row[2],
                    attempts=row[3],
                    payload=_payload(row[4]),
                )
                for row in rows
            ]

        return self._database.write(work)

    def settle(self, delivery: Delivery, receipt: Receipt) -> None:
        """Put the verified receipt on the claim and take the delivery out of the outbox."""

        def work(tx: Transaction) -> None:
            tx.execute(
                "UPDATE claim SET state = ?, changed = ?, receipt = ?, reason = ? WHERE id = ?",
                (
                    receipt.decision,
                    tx.instant,
                    msgspec.json.encode(receipt),
                    receipt.reason,
                    delivery.claim,
                ),
            )
            tx.execute("DELETE FROM outbox WHERE id = ?", (delivery.id,))
            note_fact(
                tx,
                receipt.decision,
                delivery.claim,
                {
                    "receiver": delivery.receiver,
                    "bank_id": receipt.bank_id,
                    "claim_hash": receipt.claim_hash,
                    "receipt_hash": hashlib.sha256(receipt.jws.encode()).hexdigest(),
                },
            )

        self._database.write(work)

    def postpone(self, delivery: Delivery, seconds: float, error: str) -> None:
        """Make the delivery due again after `seconds`."""
        self._database.write(
            lambda tx: tx.execute(
                "UPDATE outbox SET due = ?, leased_until = 0, attempts = attempts + 1, error = ? "
                "WHERE id = ?",
                (tx.instant + int(seconds * 1e6), error, delivery.id),
            )
        )

    def park(self, delivery: Delivery, error: str) -> None:
        """Put the delivery aside until a person has looked at it."""

        def work(tx: Transaction) -> None:
            tx.execute(
                "UPDATE outbox SET parked = 1, leased_until = 0, attempts = attempts + 1, "
                "error = ? WHERE id = ?",
                (error, delivery.id),
            )
            tx.execute(
                "UPDATE claim SET reason = ?, changed = ? WHERE id = ?",
                (error, tx.instant, delivery.claim),
            )

        self._database.write(work)

    def claims(
        self, after: tuple[int, str] | None, limit: int, persona: str | None = None
    ) -> list[Claim]:
        """Return a page of claims, those that changed last first."""
        source, where = "claim c", ["1"]
        values: list[str | int] = []
        if persona is not None:
            source = "achievement a JOIN claim c ON c.achievement = a.id"
            where.append("a.persona = ?")
            values.append(persona)
        if after is not None:
            where.append("(c.changed, c.id) < (?, ?)")
            values += list(after)
        rows = self._database.read().execute(
            f"SELECT {_CLAIM} FROM {source} WHERE {' AND '.join(where)} "  # noqa: S608
            "ORDER BY c.changed DESC, c.id DESC LIMIT ?",
            (*values, limit),
        )
        return [_claim(row) for row in rows]

    def claim(self, claim: str) -> Claim | None:
        """Return the claim."""
        row = (
            self._database.read()
            .execute(f"SELECT {_CLAIM} FROM claim c WHERE c.id = ?", (claim,))  # noqa: S608
            .fetchone()
        )
        return _claim(row) if row else None

    def _any_due(self) -> bool:
        """Look before asking for the turn to write, which an idle worker would do all day."""
        now = self._database.now()
        row = self._database.read().execute(
            "SELECT 1 FROM outbox WHERE parked = 0 AND due <= ?1 AND leased_until <= ?1 LIMIT 1",
            (now,),
        )
        return row.fetchone() is not None


def _claim(row: tuple[Any, ...]) -> Claim:
    return Claim(
        id=row[0],
        achievement=row[1],
        receiver=row[2],
        state=row[3],
        changed=row[4],
        payload=_payload(row[5]),
        receipt=_receipt(row[6]) if row[6] is not None else None,
        reason=row[7],
    )
