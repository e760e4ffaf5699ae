"""Small values that an installation keeps for itself."""

from __future__ import annotations

from lrs.store.sqlite.database import Database, Transaction


class SqliteSettings:
    """Fulfils `lrs.store.settings.StoreSettings`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> bytes | None:
        """Return the value, or None where there is none."""
        row = (
            self._database.read()
            .execute("SELECT value FROM setting WHERE name = ?", (name,))
            .fetchone()
        )
        return row[0] if row else None

    def keep(self, name: str, value: bytes) -> bytes:
        """Write the value unless there is one; return the one that stands."""

        def work(tx: Transaction) -> bytes:
            tx.execute(
                "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (name, value),
            )
            found: bytes = tx.execute(
                "SELECT value FROM setting WHERE name = ?", (name,)
            ).fetchone()[0]
            return found

        return self._database.write(work)
