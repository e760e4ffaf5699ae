"""Forgetting what dictionaries remember: they are made of fragments of statements."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from lrs.store.errors import StoreError
from lrs.store.sqlite.bodies import Bodies
from lrs.store.sqlite.database import Database, Transaction

STILL_USED = 60_000_000
"""Microseconds after which no process packs with a dictionary that was retired: each looks for
another every second. What is late all the same is refused (`lrs.store.sqlite.adding`)."""


def retire_dictionaries(tx: Transaction) -> None:
    """Let no dictionary be used any more that was made of statements. The first was not: it
    comes with the program.
    """
    tx.execute(
        "UPDATE dictionary SET retired = ? WHERE retired IS NULL "
        "AND id > (SELECT min(id) FROM dictionary)",
        (tx.instant,),
    )


class Repacking:
    """Packs anew what was packed with a retired dictionary, and then empties that."""

    def __init__(self, database: Database, bodies: Bodies, retrain: Callable[[], int]) -> None:
        self._database = database
        self._bodies = bodies
        self._retrain = retrain

    def step(self, limit: int) -> bool:
        """Pack up to `limit` statements anew; False where there is nothing to do now."""
        found = self._next()
        if found is None:
            return False
        dictionary, repacked = found
        if repacked == 0 and self._bodies.newest_is_first():
            with suppress(StoreError):  # too little to learn from: the first one serves
                self._retrain()
        return self._database.write(lambda tx: self._repack(tx, dictionary, repacked, limit))

    def _next(self) -> tuple[int, int] | None:
        row = (
            self._database.read()
            .execute(
                "SELECT id, repacked FROM dictionary "
                "WHERE retired NOT NULL AND length(content) > 0 ORDER BY id LIMIT 1"
            )
            .fetchone()
        )
        return (row[0], row[1]) if row else None

    def _repack(self, tx: Transaction, dictionary: int, after: int, limit: int) -> bool:
        rows = tx.execute(
            "SELECT seq, dictionary, body FROM statement WHERE seq > ? ORDER BY seq LIMIT ?",
            (after, limit),
        ).fetchall()
        old = [row for row in rows if row[1] == dictionary]
        tx.execute("PRAGMA secure_delete = ON")
        newest, packed = self._bodies.pack([self._bodies.unpack(row[1], row[2]) for row in old])
        tx.executemany(
            "UPDATE statement SET dictionary = ?, body = ? WHERE seq = ?",
            [(newest, body, row[0]) for body, row in zip(packed, old, strict=True)],
        )
        if rows:
            tx.execute("UPDATE dictionary SET repacked = ? WHERE id = ?", (rows[-1][0], dictionary))
        emptied = False
        if len(rows) < limit:
            emptied = bool(
                tx.execute(
                    "UPDATE dictionary SET content = x'' WHERE id = ? AND retired <= ?",
                    (dictionary, tx.instant - STILL_USED),
                ).rowcount
            )
        tx.execute("PRAGMA secure_delete = OFF")
        return emptied or len(rows) == limit
