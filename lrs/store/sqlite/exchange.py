"""Receivers and claims in SQLite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from lrs.store.exchange import Claim, KnownReceiver
from lrs.store.sqlite.database import Database, Transaction
from lrs.store.sqlite.outbox import put_destination
from schemas.claims import ClaimPayload, Receipt

CLAIM = (
    "c.id, c.achievement, c.receiver, c.state, c.changed, c.payload, c.receipt, c.withdrawal, "
    "c.reason"
)

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

        def work(tx: Transaction) -> None:
            tx.execute(
                "INSERT INTO receiver (name, adapter, url, client_id, settings) "
                "VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
                "adapter = excluded.adapter, url = excluded.url, "
                "client_id = excluded.client_id, settings = excluded.settings",
                (receiver.name, receiver.adapter, receiver.url, receiver.client_id, settings),
            )
            put_destination(tx, receiver.name, receiver.interval)

        self._database.write(work)

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

    def account(self, receiver: str, persona: str) -> str | None:
        """Return the learner's account at a receiver that looks learners up, None before that."""
        row = (
            self._database.read()
            .execute(
                "SELECT account FROM learner_account WHERE receiver = ? AND persona = ?",
                (receiver, persona),
            )
            .fetchone()
        )
        return row[0] if row else None

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
            f"SELECT {CLAIM} FROM {source} WHERE {' AND '.join(where)} "  # noqa: S608
            "ORDER BY c.changed DESC, c.id DESC LIMIT ?",
            (*values, limit),
        )
        return [claim_of(row) for row in rows]

    def claim(self, claim: str) -> Claim | None:
        """Return the claim."""
        row = (
            self._database.read()
            .execute(f"SELECT {CLAIM} FROM claim c WHERE c.id = ?", (claim,))  # noqa: S608
            .fetchone()
        )
        return claim_of(row) if row else None


def claim_of(row: tuple[Any, ...]) -> Claim:
    """Return the claim in a row of `CLAIM`."""
    return Claim(
        id=row[0],
        achievement=row[1],
        receiver=row[2],
        state=row[3],
        changed=row[4],
        payload=_payload(row[5]),
        receipt=_receipt(row[6]) if row[6] is not None else None,
        withdrawal=_receipt(row[7]) if row[7] is not None else None,
        reason=row[8],
    )
