"""Sessions of browsers in SQLite."""

from __future__ import annotations

from lrs.store.people import LONGEST_LIFE, USE_NOTED_EVERY
from lrs.store.sqlite.database import Database, Transaction
from lrs.store.sqlite.facts import note_act
from schemas.audit import Act
from schemas.people import Session


class SqliteSessions:
    """Fulfils `lrs.store.people.Sessions`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, hashed: bytes, principal: str, act: Act) -> None:
        """Start a session under the hash of its token."""

        def work(tx: Transaction) -> None:
            tx.execute("DELETE FROM session WHERE used < ?", (tx.instant - LONGEST_LIFE,))
            tx.execute(
                "INSERT INTO session VALUES (?1, ?2, ?3, ?3)", (hashed, principal, tx.instant)
            )
            note_act(tx, act)

        self._database.write(work)

    def find(self, hashed: bytes, *, idle: int, life: int) -> Session | None:
        """Return the session unless it ended, lay idle for `idle` microseconds or is `life` old."""
        row = (
            self._database.read()
            .execute("SELECT hash, principal, created, used FROM session WHERE hash = ?", (hashed,))
            .fetchone()
        )
        now = self._database.now()
        if row is None or now - row[2] >= life or now - row[3] >= idle:
            return None
        if now - row[3] >= USE_NOTED_EVERY:
            self._database.write(
                lambda tx: tx.execute(
                    "UPDATE session SET used = ? WHERE hash = ?", (tx.instant, hashed)
                )
            )
        return Session(hash=row[0], principal=row[1], created=row[2], used=row[3])

    def of(self, principal: str) -> list[Session]:
        """Return the sessions of a principal that have not ended, the latest first."""
        rows = self._database.read().execute(
            "SELECT hash, principal, created, used FROM session WHERE principal = ? "
            "ORDER BY created DESC",
            (principal,),
        )
        return [Session(hash=row[0], principal=row[1], created=row[2], used=row[3]) for row in rows]

    def end(self, hashed: bytes, act: Act) -> None:
        """End a session."""

        def work(tx: Transaction) -> None:
            if tx.execute("DELETE FROM session WHERE hash = ?", (hashed,)).rowcount:
                note_act(tx, act)

        self._database.write(work)

    def end_all(self, principal: str, act: Act) -> int:
        """End every session of a principal; return how many there were."""

        def work(tx: Transaction) -> int:
            ended = tx.execute("DELETE FROM session WHERE principal = ?", (principal,)).rowcount
            note_act(tx, act)
            return ended

        return self._database.write(work)
