"""Classes of data whose rows go by their age alone: how what is too old is found, and removed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from typing import Any, Protocol

from msgspec.structs import replace

from lrs.store.retention import KEPT_ACTS, Expiring
from lrs.store.sqlite.database import Transaction
from lrs.store.sqlite.imports import end_quarantine
from schemas.imports import Correction

Reader = sqlite3.Connection | Transaction


class Retained(Protocol):
    """One class of data."""

    def look(self, read: Reader, before: int, place: str | None, limit: int) -> Expiring:
        """As `lrs.store.retention.Retention.look`."""
        ...

    def drop(self, tx: Transaction, items: Sequence[str]) -> None:
        """Remove what was found in the same transaction."""
        ...


class Rows:
    """Rows of a table, by an index on their `time`; `which` is an SQL condition."""

    def __init__(self, table: str, key: str, time: str, which: str = "1") -> None:
        self._table, self._key, self._time, self._which = table, key, time, which

    def look(self, read: Reader, before: int, place: str | None, limit: int) -> Expiring:
        """Find rows that are too old, the oldest first."""
        at, key = json.loads(place) if place else (-1, -1)
        rows = read.execute(
            f"SELECT {self._time}, {self._key} FROM {self._table} "  # noqa: S608
            f"WHERE {self._which} AND {self._time} < ?1 AND {self._time} >= ?2 "
            f"AND ({self._time} > ?2 OR {self._key} > ?3) "
            f"ORDER BY {self._time}, {self._key} LIMIT ?4",
            (before, at, key, limit),
        ).fetchall()
        return Expiring(
            items=tuple(str(row[1]) for row in rows),
            place=json.dumps(rows[-1]) if len(rows) == limit else None,
        )

    def drop(self, tx: Transaction, items: Sequence[str]) -> None:
        """Delete the rows."""
        tx.execute(
            f"DELETE FROM {self._table} WHERE {self._key} IN "  # noqa: S608
            "(SELECT CAST(value AS INTEGER) FROM json_each(?))",
            (json.dumps(list(items)),),
        )


class Sessions:
    """Sessions of browsers, by when they were last used."""

    def look(self, read: Reader, before: int, place: str | None, limit: int) -> Expiring:
        """Find sessions that were not used for too long; `place` is not needed, they go."""
        used, hashed = json.loads(place) if place else (-1, "")
        rows = read.execute(
            "SELECT used, hex(hash) FROM session WHERE used < ?1 AND (used, hash) > (?2, ?3) "
            "ORDER BY used, hash LIMIT ?4",
            (before, used, bytes.fromhex(hashed), limit),
        ).fetchall()
        return Expiring(
            items=tuple(row[1] for row in rows),
            place=json.dumps(rows[-1]) if len(rows) == limit else None,
        )

    def drop(self, tx: Transaction, items: Sequence[str]) -> None:
        """End the sessions."""
        tx.executemany(
            "DELETE FROM session WHERE hash = ?", [(bytes.fromhex(one),) for one in items]
        )


class AuditEvents:
    """Audit events; their order is that of their times."""

    def look(self, read: Reader, before: int, place: str | None, limit: int) -> Expiring:
        """Find events that are too old and may go."""
        rows = read.execute(
            "SELECT seq, at, action FROM audit_event WHERE seq > ? ORDER BY seq LIMIT ?",
            (int(place or 0), limit),
        ).fetchall()
        old = [row for row in rows if row[1] < before]
        going = [str(row[0]) for row in old if not row[2].startswith(KEPT_ACTS)]
        return Expiring(
            items=tuple(going),
            kept=len(old) - len(going),
            place=str(old[-1][0]) if len(old) == limit else None,
        )

    def drop(self, tx: Transaction, items: Sequence[str]) -> None:
        """Delete the events."""
        tx.executemany("DELETE FROM audit_event WHERE seq = ?", [(int(one),) for one in items])


class ImportRows:
    """What rows of files said that were not taken as they were, once their import has ended."""

    def look(self, read: Reader, before: int, place: str | None, limit: int) -> Expiring:
        """Find rows of one import, the oldest with any first."""
        created, import_id, number = json.loads(place) if place else (-1, "", -1)
        found = read.execute(
            "SELECT created, id, state FROM import WHERE created >= ?1 AND created < ?3 "
            "AND (created > ?1 OR id >= ?2) ORDER BY created, id LIMIT 1",
            (created, import_id, before),
        ).fetchone()
        if found is None:
            return Expiring(items=())
        if found[1] != import_id:
            number = -1
        rows: list[Any] = []
        if found[2] in ("done", "failed"):
            rows = read.execute(
                "SELECT number FROM import_row WHERE import = ? AND number > ? "
                "AND body NOT NULL AND state <> 'quarantined' ORDER BY number LIMIT ?",
                (found[1], number, limit),
            ).fetchall()
        whole = len(rows) < limit
        then = [found[0], f"{found[1]}\0", -1] if whole else [found[0], found[1], rows[-1][0]]
        return Expiring(items=tuple(f"{found[1]}/{row[0]}" for row in rows), place=json.dumps(then))

    def drop(self, tx: Transaction, items: Sequence[str]) -> None:
        """Forget what the rows said; which statements they gave stays."""
        tx.executemany(
            "UPDATE import_row SET body = NULL WHERE import = ? AND number = ?", _places(items)
        )


class Quarantine:
    """Rows that waited too long for a person."""

    def look(self, read: Reader, before: int, place: str | None, limit: int) -> Expiring:
        """Find rows whose file was handed in too long ago."""
        import_id, number = json.loads(place) if place else ("", -1)
        rows = read.execute(
            "SELECT r.import, r.number, i.created FROM import_row r "
            "JOIN import i ON i.id = r.import "
            "WHERE r.state = 'quarantined' AND (r.import, r.number) > (?, ?) "
            "ORDER BY r.import, r.number LIMIT ?",
            (import_id, number, limit),
        ).fetchall()
        return Expiring(
            items=tuple(f"{row[0]}/{row[1]}" for row in rows if row[2] < before),
            place=json.dumps(rows[-1][:2]) if len(rows) == limit else None,
        )

    def drop(self, tx: Transaction, items: Sequence[str]) -> None:
        """End the rows' quarantine with nothing stored and nothing left of what they said."""
        end = Correction(by="retention", reason="kept in quarantine for as long as the policy says")
        for import_id, number in _places(items):
            end_quarantine(tx, import_id, number, replace(end, at=tx.instant))


def _places(items: Collection[str]) -> list[tuple[str, int]]:
    split = [one.rpartition("/") for one in items]
    return [(import_id, int(number)) for import_id, _, number in split]


ROWS: dict[str, Retained] = {
    "documents": Rows("document", "rowid", "updated"),
    "webhook_deliveries": Rows("outbox", "id", "queued", "kind = 'notify' AND parked = 1"),
    "sessions": Sessions(),
    "audit_events": AuditEvents(),
    "import_rows": ImportRows(),
    "quarantine": Quarantine(),
}
