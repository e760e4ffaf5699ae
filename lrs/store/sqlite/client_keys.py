"""The keys that we sign in with, in SQLite."""

from __future__ import annotations

from lrs.store.client_keys import FIRST_OF_OLD
from lrs.store.sqlite.database import Database, Transaction


class SqliteClientKeys:
    """Fulfils `lrs.store.client_keys.ClientKeys`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def first(self, kid: str, sealed: bytes) -> bytes:
        """Keep the first key unless there is one; return the one that signs."""

        def work(tx: Transaction) -> None:
            if tx.execute("SELECT 1 FROM client_key").fetchone() is not None:
                return
            old = tx.execute("SELECT value FROM setting WHERE name = ?", (FIRST_OF_OLD,)).fetchone()
            tx.execute(
                "INSERT INTO client_key (kid, sealed, signs_from) VALUES (?, ?, ?)",
                (kid, old[0] if old else sealed, 0),
            )

        self._database.write(work)
        signing = self.signing()
        assert signing is not None  # noqa: S101 - the first key signs from the beginning
        return signing

    def add(self, kid: str, sealed: bytes, before: float, after: float) -> None:
        """Keep a key that signs in `before` seconds and publish those before it until `after`
        seconds later.
        """

        def work(tx: Transaction) -> None:
            signs_from = tx.instant + int(before * 1e6)
            tx.execute(
                "UPDATE client_key SET published_until = min(coalesce(published_until, ?1), ?1)",
                (signs_from + int(after * 1e6),),
            )
            tx.execute("DELETE FROM client_key WHERE published_until <= ?", (tx.instant,))
            tx.execute(
                "INSERT INTO client_key (kid, sealed, signs_from) VALUES (?, ?, ?)",
                (kid, sealed, signs_from),
            )

        self._database.write(work)

    def signing(self) -> bytes | None:
        """Return the key that signs now, None where there is none yet."""
        row = (
            self._database.read()
            .execute(
                "SELECT sealed FROM client_key WHERE signs_from <= ? "
                "ORDER BY signs_from DESC LIMIT 1",
                (self._database.now(),),
            )
            .fetchone()
        )
        return row[0] if row else None

    def published(self) -> list[bytes]:
        """Return the keys that are published now, in the order in which they sign."""
        rows = self._database.read().execute(
            "SELECT sealed FROM client_key WHERE coalesce(published_until, ?1 + 1) > ?1 "
            "ORDER BY signs_from",
            (self._database.now(),),
        )
        return [row[0] for row in rows]
