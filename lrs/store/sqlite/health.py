"""The health of the SQLite store."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from lrs.store.health import MOST_COUNTED, Part, Place, Waiting
from lrs.store.sqlite.database import Database

_OLDEST_AND_COUNT: Mapping[Part, tuple[str, str]] = {
    "evaluation": (
        "SELECT min(marked) FROM due_evaluation WHERE marked <= :now",
        "SELECT 1 FROM due_evaluation WHERE marked <= :now",
    ),
    "imports": (
        "SELECT min(created) FROM import WHERE held = 1 AND state IN ('waiting', 'running')",
        "SELECT 1 FROM import WHERE held = 1 AND state IN ('waiting', 'running')",
    ),
    "outbox": (
        "SELECT min(queued) FROM outbox WHERE parked = 0",
        "SELECT 1 FROM outbox WHERE parked = 0",
    ),
}


class SqliteHealth:
    """Fulfils `lrs.store.health.Health`."""

    def __init__(self, database: Database, file: Path) -> None:
        self._database = database
        self._file = file

    def write(self) -> None:
        """Bring a mark to the disk."""
        self._database.write(
            lambda tx: tx.execute(
                "INSERT INTO health_mark (name, at) VALUES ('written', ?) "
                "ON CONFLICT DO UPDATE SET at = excluded.at",
                (tx.instant,),
            )
        )

    def waiting(self) -> Mapping[Part, Waiting]:
        """Return what waits for each part."""
        found: dict[Part, Waiting] = {
            "projection": self._behind(
                "SELECT seq FROM generation WHERE state = 'serving'", "statement", "stored"
            ),
            "ledger": self._behind(
                "SELECT fact FROM ledger_leaf ORDER BY leaf DESC LIMIT 1", "fact", "at"
            ),
        }
        for part, (oldest, rows) in _OLDEST_AND_COUNT.items():
            count = self._one(f"SELECT count(*) FROM ({rows} LIMIT {MOST_COUNTED})")  # noqa: S608
            found[part] = Waiting(count or 0, self._one(oldest))
        return found

    def statements(self) -> int:
        """Return how many statements were ever stored."""
        return self._one("SELECT max(seq) FROM statement") or 0

    def place(self) -> Place:
        """Return the room that the database takes and has left."""
        log = self._file.with_name(f"{self._file.name}-wal")
        return Place(
            used=self._file.stat().st_size,
            log=log.stat().st_size if log.exists() else 0,
            free=shutil.disk_usage(self._file.parent).free,
        )

    def _behind(self, place: str, table: str, time: str) -> Waiting:
        """How far who reads a table in order is behind its end."""
        reached = self._one(place) or 0
        row = (
            self._database.read()
            .execute(
                f"SELECT seq, {time} FROM {table} WHERE seq > ? ORDER BY seq LIMIT 1",  # noqa: S608
                (reached,),
            )
            .fetchone()
        )
        if row is None:
            return Waiting(0, None)
        last = self._one(f"SELECT max(seq) FROM {table}")  # noqa: S608
        return Waiting((last or reached) - reached, row[1])

    def _one(self, sql: str) -> int | None:
        row = self._database.read().execute(sql, {"now": self._database.now()}).fetchone()
        found: int | None = row[0] if row else None
        return found
