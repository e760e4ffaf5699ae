"""Reconciliations, their repairs, and receivers' catalogues in SQLite."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from lrs.store.exchange import Claim
from lrs.store.reconciliations import Difference, Reconciliation, Summary
from lrs.store.sqlite.claims import queue_withdrawal, settle_claim, submit_again
from lrs.store.sqlite.database import Database, Transaction
from lrs.store.sqlite.exchange import CLAIM, claim_of
from schemas.claims import Receipt, RecognisedUnit

_SUMMARY = "id, receiver, started, finished, compared, differences, repaired, error"

_unit = msgspec.json.Decoder(RecognisedUnit).decode


class SqliteReconciliations:
    """Fulfils `lrs.store.reconciliations.Reconciliations`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claims_of(self, receiver: str, after: str, limit: int) -> list[Claim]:
        """Return claims put to a receiver, in the order of their ids."""
        rows = self._database.read().execute(
            f"SELECT {CLAIM} FROM claim c WHERE c.receiver = ? AND c.id > ? "  # noqa: S608
            "ORDER BY c.id LIMIT ?",
            (receiver, after, limit),
        )
        return [claim_of(row) for row in rows]

    def on_its_way(self, claim: str) -> bool:
        """Tell whether something of the claim is in the outbox and not on the shelf."""
        row = self._database.read().execute(
            "SELECT 1 FROM claim c JOIN outbox o ON o.destination = c.receiver "
            "AND o.subject = c.id WHERE c.id = ? AND +o.parked = 0 LIMIT 1",
            (claim,),
        )
        return row.fetchone() is not None

    def take_receipt(self, claim: str, receipt: Receipt) -> bool:
        """Put a verified receipt on a claim that has none, and end its delivery."""

        def work(tx: Transaction) -> bool:
            row = tx.execute(
                "SELECT receiver FROM claim WHERE id = ? AND state IN ('queued', 'sent')", (claim,)
            ).fetchone()
            if row is None:
                return False
            tx.execute(
                "DELETE FROM outbox WHERE destination = ? AND subject = ? AND kind = 'submit'",
                (row[0], claim),
            )
            settle_claim(tx, claim, receipt)
            return True

        return self._database.write(work)

    def queue_again(self, claim: str) -> bool:
        """Have a claim submitted again that is neither answered nor on its way."""

        def work(tx: Transaction) -> bool:
            row = tx.execute(
                "SELECT receiver FROM claim c WHERE id = ? AND state IN ('queued', 'sent') "
                "AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.destination = c.receiver "
                "AND o.subject = c.id)",
                (claim,),
            ).fetchone()
            if row is not None:
                submit_again(tx, claim, row[0])
            return row is not None

        return self._database.write(work)

    def withdraw_there(self, claim: str, reason: str) -> None:
        """Have a claim withdrawn at its receiver that is withdrawn here."""

        def work(tx: Transaction) -> None:
            (receiver,) = tx.execute("SELECT receiver FROM claim WHERE id = ?", (claim,)).fetchone()
            queue_withdrawal(tx, claim, receiver, reason)

        self._database.write(work)

    def keep(self, reconciliation: Reconciliation) -> int:
        """Keep a reconciliation and return its id."""

        def work(tx: Transaction) -> int:
            number: int = tx.execute(
                "INSERT INTO reconciliation (receiver, started, finished, compared, differences, "
                "repaired, error) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
                (
                    reconciliation.receiver,
                    reconciliation.started,
                    reconciliation.finished,
                    reconciliation.compared,
                    len(reconciliation.differences),
                    reconciliation.repaired,
                    reconciliation.error,
                ),
            ).fetchone()[0]
            tx.executemany(
                "INSERT INTO difference (reconciliation, ordinal, claim, kind, ours, theirs, "
                "repair) VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (number, ordinal, one.claim, one.kind, one.ours, one.theirs, one.repair)
                    for ordinal, one in enumerate(reconciliation.differences)
                ],
            )
            return number

        return self._database.write(work)

    def page(self, before: int | None, limit: int, receiver: str | None = None) -> list[Summary]:
        """Return a page, the latest first."""
        where: list[str] = ["1"]
        values: list[int | str] = []
        if before is not None:
            where.append("id < ?")
            values.append(before)
        if receiver is not None:
            where.append("receiver = ?")
            values.append(receiver)
        rows = self._database.read().execute(
            f"SELECT {_SUMMARY} FROM reconciliation WHERE {' AND '.join(where)} "  # noqa: S608
            "ORDER BY id DESC LIMIT ?",
            (*values, limit),
        )
        names = _SUMMARY.split(", ")
        return [Summary(**dict(zip(names, row, strict=True))) for row in rows]

    def differences(self, reconciliation: int, after: int, limit: int) -> list[Difference]:
        """Return differences of a reconciliation from the ordinal `after` on (from 0)."""
        rows = self._database.read().execute(
            "SELECT claim, kind, ours, theirs, repair FROM difference "
            "WHERE reconciliation = ? AND ordinal >= ? ORDER BY ordinal LIMIT ?",
            (reconciliation, after, limit),
        )
        return [
            Difference(claim=row[0], kind=row[1], ours=row[2], theirs=row[3], repair=row[4])
            for row in rows
        ]

    def last(self, receiver: str) -> int | None:
        """Return when the receiver was last reconciled with (microseconds), None for never."""
        row = (
            self._database.read()
            .execute(
                "SELECT started FROM reconciliation WHERE receiver = ? AND error IS NULL "
                "ORDER BY id DESC LIMIT 1",
                (receiver,),
            )
            .fetchone()
        )
        return row[0] if row else None

    def put_catalogue(self, receiver: str, units: Sequence[RecognisedUnit]) -> None:
        """Keep the receiver's catalogue in place of the one before."""

        def work(tx: Transaction) -> None:
            tx.execute("DELETE FROM recognised_unit WHERE receiver = ?", (receiver,))
            tx.executemany(
                "INSERT INTO recognised_unit (receiver, code, seen, body) VALUES (?, ?, ?, ?) "
                "ON CONFLICT DO UPDATE SET body = excluded.body",
                [(receiver, one.code, tx.instant, msgspec.json.encode(one)) for one in units],
            )

        self._database.write(work)

    def catalogue(self, receiver: str, after: str, limit: int) -> list[RecognisedUnit]:
        """Return recognised units, in the order of their codes."""
        rows = self._database.read().execute(
            "SELECT body FROM recognised_unit WHERE receiver = ? AND code > ? "
            "ORDER BY code LIMIT ?",
            (receiver, after, limit),
        )
        return [_unit(row[0]) for row in rows]
