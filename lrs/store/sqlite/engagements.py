"""Engagements in SQLite."""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec

from lrs.store.sqlite.database import Database, Transaction
from lrs.store.sqlite.facts import note_act
from schemas.audit import Act
from schemas.engagements import Engagement

_engagement = msgspec.json.Decoder(Engagement).decode


class SqliteEngagements:
    """Fulfils `lrs.store.engagements.Engagements`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, engagement: Engagement, act: Act) -> Engagement:
        """Add an engagement with the act; returns it with its time."""

        def work(tx: Transaction) -> Engagement:
            made = msgspec.structs.replace(engagement, created=tx.instant)
            tx.execute(
                "INSERT INTO engagement (id, auditor, created, body) VALUES (?, ?, ?, ?)",
                (made.id, made.auditor, made.created, msgspec.json.encode(made)),
            )
            note_act(tx, act)
            return made

        return self._database.write(work)

    def get(self, engagement: str) -> Engagement | None:
        """Return the engagement."""
        row = (
            self._database.read()
            .execute("SELECT body FROM engagement WHERE id = ?", (engagement,))
            .fetchone()
        )
        return _engagement(row[0]) if row else None

    def page(
        self, after: tuple[int, str] | None, limit: int, auditor: str | None = None
    ) -> list[Engagement]:
        """Return a page of engagements, of all auditors or of one, the newest first."""
        where: list[str] = ["1"]
        values: list[str | int] = []
        if auditor is not None:
            where.append("auditor = ?")
            values.append(auditor)
        if after is not None:
            where.append("(created, id) < (?, ?)")
            values += after
        rows = self._database.read().execute(
            f"SELECT body FROM engagement WHERE {' AND '.join(where)} "  # noqa: S608
            "ORDER BY created DESC, id DESC LIMIT ?",
            (*values, limit),
        )
        return [_engagement(row[0]) for row in rows]

    def end(self, engagement: str, act: Act) -> bool:
        """End an engagement now, with the act; False where it has ended or there is none."""

        def work(tx: Transaction) -> bool:
            row = tx.execute("SELECT body FROM engagement WHERE id = ?", (engagement,)).fetchone()
            known = _engagement(row[0]) if row else None
            if known is None or not known.in_force(tx.instant):
                return False
            ended = msgspec.structs.replace(known, ended=tx.instant)
            tx.execute(
                "UPDATE engagement SET body = ? WHERE id = ?",
                (msgspec.json.encode(ended), engagement),
            )
            note_act(tx, act)
            return True

        return self._database.write(work)

    def population(self, engagement: Engagement, unit: str | None, size: int) -> Iterator[str]:
        """Yield the ids of the claims within the scope that are among so many leaves."""
        units = engagement.units if unit is None else (unit,)
        rows = self._database.read().execute(
            "SELECT c.id FROM fact f JOIN ledger_leaf l ON l.fact = f.seq "
            "JOIN claim c ON c.id = f.subject JOIN achievement a ON a.id = c.achievement "
            "WHERE f.kind = 'claimed' AND f.at >= ? AND f.at < ? AND l.leaf < ? "
            "AND (? = '[]' OR a.unit IN (SELECT value FROM json_each(?)))",
            (
                engagement.since,
                engagement.until,
                size,
                json.dumps(units),
                json.dumps(units),
            ),
        )
        return (row[0] for row in rows)
