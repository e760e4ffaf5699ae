"""Sealed values and identity documents in SQLite."""

from __future__ import annotations

from lrs.store.sqlite.database import Database, Transaction
from lrs.store.sqlite.facts import note_act
from schemas.audit import Act


class SqliteSealedValues:
    """Fulfils `lrs.store.sealed.SealedValues`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> bytes | None:
        """Return the value, None where there is none."""
        row = (
            self._database.read()
            .execute("SELECT sealed FROM sealed_value WHERE name = ?", (name,))
            .fetchone()
        )
        return row[0] if row else None

    def put(self, name: str, sealed: bytes) -> None:
        """Write the value, or another in its place."""
        self._database.write(
            lambda tx: tx.execute(
                "INSERT INTO sealed_value (name, sealed) VALUES (?, ?) "
                "ON CONFLICT DO UPDATE SET sealed = excluded.sealed",
                (name, sealed),
            )
        )


class SqliteIdentityDocuments:
    """Fulfils `lrs.store.identity_documents.IdentityDocuments`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, persona: str) -> bytes | None:
        """Return the sealed document of a persona, None where there is none."""
        row = (
            self._database.read()
            .execute("SELECT sealed FROM identity_document WHERE persona = ?", (persona,))
            .fetchone()
        )
        return row[0] if row else None

    def put(self, persona: str, sealed: bytes, act: Act) -> None:
        """Keep a document, and have look-ups that waited for it made again."""

        def work(tx: Transaction) -> None:
            tx.execute(
                "INSERT INTO identity_document (persona, changed, sealed) VALUES (?, ?, ?) "
                "ON CONFLICT DO UPDATE SET changed = excluded.changed, sealed = excluded.sealed",
                (persona, tx.instant, sealed),
            )
            tx.execute(
                "UPDATE outbox SET parked = 0, attempts = 0, due = ?, lease = lease + 1 "
                "WHERE destination IN (SELECT name FROM receiver) AND subject = ? "
                "AND kind = 'lookup' AND parked = 1",
                (tx.instant, persona),
            )
            note_act(tx, act)

        self._database.write(work)

    def remove(self, persona: str, act: Act) -> bool:
        """Forget a document; False where there is none."""

        def work(tx: Transaction) -> bool:
            gone = tx.execute("DELETE FROM identity_document WHERE persona = ?", (persona,))
            if gone.rowcount:
                note_act(tx, act)
            return gone.rowcount > 0

        return self._database.write(work)
