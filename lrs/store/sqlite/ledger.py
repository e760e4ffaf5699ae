"""The ledger in SQLite."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from lrs.store.ledger import Growth, LedgerKey, Opening, SignedCheckpoint, StoredLeaf
from lrs.store.sqlite.database import Database, Transaction

_CHECKPOINT = "SELECT size, root, at, note, cosignatures, timestamp FROM ledger_checkpoint"


class SqliteLedger:
    """Fulfils `lrs.store.ledger.Ledger`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, growth: Growth) -> bool:
        """Write a growth whole; False, with nothing written, where another came before."""
        first = growth.size

        def work(tx: Transaction) -> bool:
            (size,) = tx.execute("SELECT coalesce(max(leaf) + 1, 0) FROM ledger_leaf").fetchone()
            if size != first:
                return False
            leaves = list(enumerate(growth.leaves, first))
            tx.executemany(
                "INSERT INTO ledger_leaf (leaf, fact, entry) VALUES (?, ?, ?)",
                [(index, leaf.fact, leaf.entry) for index, leaf in leaves],
            )
            tx.executemany(
                "INSERT INTO ledger_opening (leaf, persona, secret, document) VALUES (?, ?, ?, ?)",
                [
                    (index, leaf.opening.persona, leaf.opening.secret, leaf.opening.document)
                    for index, leaf in leaves
                ],
            )
            tx.executemany(
                "INSERT INTO ledger_tile (level, number, hashes) VALUES (?, ?, ?) "
                "ON CONFLICT DO UPDATE SET hashes = excluded.hashes",
                [(*at, hashes) for at, hashes in growth.tiles.items()],
            )
            tx.execute(
                "INSERT INTO ledger_checkpoint (size, root, at, note) VALUES (?, ?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                (first + len(leaves), growth.root, tx.instant, growth.note),
            )
            return True

        return self._database.write(work)

    def place(self) -> tuple[int, int]:
        """Return how many leaves there are, and the seq of the last fact among them."""
        row = (
            self._database.read()
            .execute("SELECT leaf + 1, fact FROM ledger_leaf ORDER BY leaf DESC LIMIT 1")
            .fetchone()
        )
        return (row[0], row[1]) if row else (0, 0)

    def tile(self, level: int, index: int) -> bytes | None:
        """Return the hashes of a tile, as many as there are."""
        row = (
            self._database.read()
            .execute(
                "SELECT hashes FROM ledger_tile WHERE level = ? AND number = ?", (level, index)
            )
            .fetchone()
        )
        return row[0] if row else None

    def entries(self, start: int, limit: int) -> list[bytes]:
        """Return up to `limit` entries from the leaf `start` on."""
        rows = self._database.read().execute(
            "SELECT entry FROM ledger_leaf WHERE leaf >= ? ORDER BY leaf LIMIT ?", (start, limit)
        )
        return [row[0] for row in rows]

    def of_facts(self, facts: Iterable[int]) -> dict[int, StoredLeaf]:
        """Return the leaf of each fact (seq) that has one."""
        rows = self._database.read().execute(
            "SELECT l.leaf, l.fact, l.entry, o.persona, o.secret, o.document "
            "FROM ledger_leaf l LEFT JOIN ledger_opening o ON o.leaf = l.leaf "
            "WHERE l.fact IN (SELECT value FROM json_each(?))",
            (json.dumps(list(facts)),),
        )
        return {row[1]: _leaf(row) for row in rows}

    def checkpoint(self, at_least: int = 0) -> SignedCheckpoint | None:
        """Return the newest checkpoint, or the best of those of at least so many leaves."""
        order = "(timestamp IS NOT NULL) DESC, (cosignatures <> '') DESC, " if at_least else ""
        row = (
            self._database.read()
            .execute(
                f"{_CHECKPOINT} WHERE size >= ? ORDER BY {order}size DESC LIMIT 1", (at_least,)
            )
            .fetchone()
        )
        if row is None:
            return None
        size, root, at, note, cosignatures, timestamp = row
        return SignedCheckpoint(
            size=size,
            root=root,
            at=at,
            note=note,
            cosignatures=cosignatures,
            timestamp=timestamp,
        )

    def resign(self, checkpoint: SignedCheckpoint, note: str) -> None:
        """Replace a checkpoint's note by one of the same text with other signatures."""
        self._database.write(
            lambda tx: tx.execute(
                "UPDATE ledger_checkpoint SET note = ? WHERE size = ?", (note, checkpoint.size)
            )
        )

    def add_cosignature(self, size: int, line: str) -> None:
        """Add a witness's signature line to a checkpoint."""
        self._database.write(
            lambda tx: tx.execute(
                "UPDATE ledger_checkpoint SET cosignatures = cosignatures || ?1 "
                "WHERE size = ?2 AND instr(cosignatures, ?1) = 0",
                (line, size),
            )
        )

    def add_timestamp(self, size: int, token: bytes) -> None:
        """Put a time-stamp token on a checkpoint."""
        self._database.write(
            lambda tx: tx.execute(
                "UPDATE ledger_checkpoint SET timestamp = ? WHERE size = ?", (token, size)
            )
        )

    def known_keys(self) -> list[LedgerKey]:
        """Return all keys there ever were, the oldest first."""
        rows = self._database.read().execute(
            "SELECT key, since, until, sealed, introduction FROM ledger_key ORDER BY since, key"
        )
        return [
            LedgerKey(key=key, since=since, until=until, sealed=sealed, introduction=introduction)
            for key, since, until, sealed, introduction in rows
        ]

    def add_key(self, key: LedgerKey, others_until: int) -> bool:
        """Add a key; those without an end sign until `others_until`."""

        def work(tx: Transaction) -> bool:
            (known,) = tx.execute("SELECT count(*) FROM ledger_key").fetchone()
            if known and key.introduction is None:
                return False
            tx.execute("UPDATE ledger_key SET until = ? WHERE until IS NULL", (others_until,))
            tx.execute(
                "INSERT INTO ledger_key (key, since, until, sealed, introduction) "
                "VALUES (?, ?, ?, ?, ?)",
                (key.key, key.since, key.until, key.sealed, key.introduction),
            )
            return True

        return self._database.write(work)

    def destroy_keys(self, now: int) -> None:
        """Forget the private part of keys whose time is over."""
        self._database.write(
            lambda tx: tx.execute("UPDATE ledger_key SET sealed = NULL WHERE until <= ?", (now,))
        )


def _leaf(row: tuple[Any, ...]) -> StoredLeaf:
    index, fact, entry, persona, secret, document = row
    opening = None if secret is None else Opening(persona=persona, secret=secret, document=document)
    return StoredLeaf(index=index, fact=fact, entry=entry, opening=opening)
