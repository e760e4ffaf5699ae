"""Rosters in SQLite."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from lrs.store.sqlite.database import Database, Transaction
from schemas.rosters import RosterChange, RosterEntry, RosterNoun, noun_of

_entry: msgspec.json.Decoder[RosterEntry] = msgspec.json.Decoder(RosterEntry)
_COLUMNS = "seq, at, roster, ended, body"


class SqliteRosters:
    """Fulfils `lrs.store.rosters.Rosters`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, roster: str, import_id: str, entries: Sequence[RosterEntry]) -> list[bool]:
        """Bring entries up to date, whole; tell of each whether it was new or changed."""

        def work(tx: Transaction) -> list[bool]:
            return [_put(tx, roster, import_id, entry) for entry in entries]

        return self._database.write(work)

    def end(self, roster: str, noun: RosterNoun, ids: Sequence[str]) -> int:
        """End entries that the roster says are deleted; return how many there were."""
        condition = "id IN (SELECT value FROM json_each(?))"
        return self._database.write(
            lambda tx: _end(tx, roster, noun, condition, json.dumps(list(ids)))
        )

    def end_others(self, roster: str, noun: RosterNoun, import_id: str) -> int:
        """End the entries of a noun that the import did not bring."""
        return self._database.write(lambda tx: _end(tx, roster, noun, "import != ?", import_id))

    def following(self, seq: int, limit: int) -> list[RosterChange]:
        """Return up to `limit` changes of all rosters after the seq, oldest first."""
        return self._changes("seq > ? ORDER BY seq LIMIT ?", seq, limit)

    def entries(
        self, roster: str, noun: RosterNoun, after: str | None, limit: int
    ) -> list[RosterChange]:
        """Return a page of a roster's entries that have not ended, in the order of their ids."""
        return self._changes(
            "roster = ? AND noun = ? AND id > ? AND ended = 0 ORDER BY id LIMIT ?",
            roster,
            noun,
            after or "",
            limit,
        )

    def entry(self, roster: str, noun: RosterNoun, entry_id: str) -> RosterChange | None:
        """Return an entry, an ended one too."""
        found = self._changes("roster = ? AND noun = ? AND id = ?", roster, noun, entry_id)
        return found[0] if found else None

    def names(self) -> list[str]:
        """Return the names of the rosters."""
        # One look-up for each name: a skip scan along the unique index.
        rows = self._database.read().execute(
            "WITH RECURSIVE name (roster) AS (SELECT min(roster) FROM roster_entry UNION ALL "
            "SELECT (SELECT min(roster) FROM roster_entry e WHERE e.roster > name.roster) "
            "FROM name WHERE name.roster IS NOT NULL) "
            "SELECT roster FROM name WHERE roster IS NOT NULL"
        )
        return [row[0] for row in rows]

    def _changes(self, which: str, *values: Any) -> list[RosterChange]:
        rows = self._database.read().execute(
            f"SELECT {_COLUMNS} FROM roster_entry WHERE {which}",  # noqa: S608
            values,
        )
        return [
            RosterChange(seq=seq, at=at, roster=roster, ended=bool(ended), entry=_entry.decode(raw))
            for seq, at, roster, ended, raw in rows
        ]


def _put(tx: Transaction, roster: str, import_id: str, entry: RosterEntry) -> bool:
    noun, body = noun_of(entry), msgspec.json.encode(entry)
    key = (roster, noun, entry.id)
    row = tx.execute(
        "SELECT body, ended FROM roster_entry WHERE roster = ? AND noun = ? AND id = ?", key
    ).fetchone()
    if row == (body, 0):
        tx.execute(
            "UPDATE roster_entry SET import = ? WHERE roster = ? AND noun = ? AND id = ?",
            (import_id, *key),
        )
        return False
    tx.execute(
        "REPLACE INTO roster_entry (at, roster, noun, id, import, ended, body) "
        "VALUES (?, ?, ?, ?, ?, 0, ?)",
        (tx.instant, *key, import_id, body),
    )
    return True


def _end(tx: Transaction, roster: str, noun: RosterNoun, condition: str, value: str) -> int:
    rows = tx.execute(
        "SELECT id, import, body FROM roster_entry "  # noqa: S608
        f"WHERE roster = ? AND noun = ? AND ended = 0 AND {condition}",
        (roster, noun, value),
    ).fetchall()
    tx.executemany(
        "REPLACE INTO roster_entry (at, roster, noun, id, import, ended, body) "
        "VALUES (?, ?, ?, ?, ?, 1, ?)",
        [(tx.instant, roster, noun, *row) for row in rows],
    )
    return len(rows)
