"""Facts and audit events in SQLite."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from lrs.store.sqlite.database import Database, Transaction
from schemas.audit import Act, AuditEvent
from schemas.facts import Fact, FactKind


def note_fact(tx: Transaction, kind: FactKind, subject: str, body: Mapping[str, Any]) -> None:
    """Write a fact with the change it tells of."""
    tx.execute(
        "INSERT INTO fact (at, kind, subject, body) VALUES (?, ?, ?, ?)",
        (tx.instant, kind, subject, msgspec.json.encode(body)),
    )


def note_act(tx: Transaction, act: Act) -> None:
    """Write an audit event with the act it tells of."""
    tx.execute(
        "INSERT INTO audit_event (at, principal, action, subject, persona, reason, detail) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            tx.instant,
            act.principal,
            act.action,
            act.subject,
            act.persona,
            act.reason,
            msgspec.json.encode(act.detail),
        ),
    )


class SqliteFacts:
    """Fulfils `lrs.store.facts.Facts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def after(self, seq: int, limit: int) -> list[Fact]:
        """Return up to `limit` facts after the seq, oldest first."""
        return self._facts("seq > ? ORDER BY seq LIMIT ?", seq, limit)

    def about(self, subject: str) -> list[Fact]:
        """Return the facts about one thing, oldest first."""
        return self._facts("subject = ? ORDER BY seq", subject)

    def _facts(self, which: str, *values: str | int) -> list[Fact]:
        rows = self._database.read().execute(
            f"SELECT seq, at, kind, subject, body FROM fact WHERE {which}",  # noqa: S608
            values,
        )
        return [
            Fact(seq=seq, at=at, kind=kind, subject=subject, body=msgspec.json.decode(body))
            for seq, at, kind, subject, body in rows
        ]


class SqliteAudit:
    """Fulfils `lrs.store.facts.Audit`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, act: Act) -> None:
        """Note an act that changes nothing in the store."""
        self._database.write(lambda tx: note_act(tx, act))

    def page(
        self,
        before: int | None,
        limit: int,
        *,
        persona: str | None = None,
        principal: str | None = None,
    ) -> list[AuditEvent]:
        """Return a page of events before the seq, newest first, of a persona or a principal."""
        where, values = ["1"], []
        for condition, value in (
            ("seq < ?", before),
            ("persona = ?", persona),
            ("principal = ?", principal),
        ):
            if value is not None:
                where.append(condition)
                values.append(value)
        columns = "seq, at, principal, action, subject, persona, reason, detail"
        rows = self._database.read().execute(
            f"SELECT {columns} FROM audit_event WHERE {' AND '.join(where)} "  # noqa: S608
            "ORDER BY seq DESC LIMIT ?",
            (*values, limit),
        )
        return [
            AuditEvent(
                seq=row[0],
                at=row[1],
                act=Act(
                    principal=row[2],
                    action=row[3],
                    subject=row[4],
                    persona=row[5],
                    reason=row[6],
                    detail=msgspec.json.decode(row[7]),
                ),
            )
            for row in rows
        ]
