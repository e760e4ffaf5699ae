"""Statements in SQLite: bytes kept as they are, found by posting lists of search keys."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from lrs.store.sqlite.database import Database, Transaction
from lrs.store.statements import Conflict, NewStatement, StatementQuery, StoredStatement
from schemas.times import format_instant

CHAIN_LIMIT = 16
"""Statements referring to statements are followed this far."""

COLUMNS = (
    "s.seq, s.id, s.stored, s.source, s.voided, s.body, "
    "(SELECT result FROM signature g WHERE g.seq = s.seq)"
)

SELECTIVITY = (
    "registration",
    "agent",
    "related_agent",
    "activity",
    "related_activity",
    "verb",
    "source",
)
"""Roles of search keys, those with few statements a value first: the first given one drives."""

Compare = Callable[[dict[str, Any], dict[str, Any]], bool]
Keys = Callable[[bytes], frozenset[str]]
Merge = Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]
Prepared = tuple[NewStatement, set[int]]
"""A statement with the terms that it is found by."""


def term_of(key: str) -> int:
    """Return a search key's term: 64 bits of its hash, signed as SQLite's integers are.

    At a billion different keys the chance that any two share a term is 3 %, and what follows
    is one statement too many on a page, so terms are not looked up in a table of their own.
    """
    digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int(struct.unpack("<q", digest)[0])


class SqliteStatements:
    """Fulfils `lrs.store.statements.Statements`.

    `same` tells whether two statements are the same for idempotence, `keys` gives the search
    keys of a stored statement's body, `merge` adds to an activity's definition: all are xAPI's,
    not the store's.
    """

    def __init__(self, database: Database, *, same: Compare, keys: Keys, merge: Merge) -> None:
        self._database = database
        self._same = same
        self._keys = keys
        self._merge = merge

    def add(
        self,
        source: int,
        batch: Sequence[NewStatement],
        before_commit: Callable[[], None] | None = None,
    ) -> int:
        """Store a batch whole and return how many were new."""
        prepared = self.prepared(batch)

        def work(tx: Transaction) -> int:
            added = self.add_within(tx, source, prepared)
            if before_commit is not None:
                before_commit()
            return added

        return self._database.write(work)

    def prepared(self, batch: Sequence[NewStatement]) -> list[Prepared]:
        """Return each statement with its terms: the part of storing it that needs no turn."""
        return [(new, {term_of(key) for key in new.keys}) for new in batch]

    def get(self, statement_id: bytes) -> StoredStatement | None:
        """Return the statement with the id, voided or not."""
        row = (
            self._database.read()
            .execute(f"SELECT {COLUMNS} FROM statement s WHERE s.id = ?", (statement_id,))  # noqa: S608
            .fetchone()
        )
        return _stored(row) if row else None

    def find(self, query: StatementQuery) -> list[StoredStatement]:
        """Return a page of unvoided statements, newest first unless `ascending`."""
        keys = sorted(query.keys, key=lambda key: SELECTIVITY.index(key.partition(":")[0]))
        joins, values, seq = "", [], "s.seq"
        if keys:
            seq = "p0.seq"
            joins = "posting p0 CROSS JOIN "
            for number in range(1, len(keys)):
                joins += f"posting p{number} ON p{number}.seq = p0.seq CROSS JOIN "
        where = ["s.voided = 0"]
        for number, key in enumerate(keys):
            where.append(f"p{number}.term = ?")
            values.append(term_of(key))
        if keys:
            where.append("s.seq = p0.seq")
        bounds = self._bounds(query)
        where += [f"{seq} {sign} ?" for sign, _ in bounds]
        values += [value for _, value in bounds]
        direction = "ASC" if query.ascending else "DESC"
        sql = (
            f"SELECT {COLUMNS} FROM {joins} statement s WHERE {' AND '.join(where)} "  # noqa: S608
            f"ORDER BY {seq} {direction} LIMIT ?"
        )
        rows = self._database.read().execute(sql, (*values, query.limit))
        return [_stored(row) for row in rows]

    def definitions(self, activities: Iterable[str]) -> dict[str, bytes]:
        """Return the definition (JSON) of each of the activities that statements told of."""
        rows = self._database.read().execute(
            "SELECT id, definition FROM activity WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(activities)),),
        )
        return dict(rows.fetchall())

    def following(self, seq: int, limit: int) -> list[StoredStatement]:
        """Return up to `limit` statements after `seq`, oldest first, voided ones included."""
        rows = self._database.read().execute(
            f"SELECT {COLUMNS} FROM statement s WHERE s.seq > ? ORDER BY s.seq LIMIT ?",  # noqa: S608
            (seq, limit),
        )
        return [_stored(row) for row in rows]

    def last_seq(self) -> int:
        """Return the seq of the newest statement, 0 where there is none."""
        found = self._database.read().execute("SELECT max(seq) FROM statement").fetchone()[0]
        return int(found or 0)

    def consistent_through(self) -> int:
        """Return an instant (microseconds) up to which every statement can already be read."""
        return self._database.consistent_through()

    def _bounds(self, query: StatementQuery) -> list[tuple[str, int]]:
        """Turn times into places: `stored` grows with `seq`, so one index look-up each."""
        bounds = []
        connection = self._database.read()
        if query.after is not None:
            bounds.append((">" if query.ascending else "<", query.after))
        for sign, instant in ((">", query.since), ("<=", query.until)):
            if instant is not None:
                row = connection.execute(
                    "SELECT seq FROM statement WHERE stored <= ? "
                    "ORDER BY stored DESC, seq DESC LIMIT 1",
                    (instant,),
                ).fetchone()
                bounds.append((sign, row[0] if row else 0))
        return bounds

    def add_within(self, tx: Transaction, source: int, batch: Sequence[Prepared]) -> int:
        """Store a prepared batch in a transaction of another noun, as `add` does in one of its
        own: what raises Conflict must leave the transaction.
        """
        stored_text = format_instant(tx.instant).encode()
        added = 0
        for index, (new, terms) in enumerate(batch):
            body = b"%b,%b%b}" % (
                new.body[:-1],
                b"" if new.timestamp else b'"timestamp":"%b",' % stored_text,
                b'"stored":"%b"' % stored_text,
            )
            cursor = tx.execute(
                "INSERT INTO statement (id, stored, source, body) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (id) DO NOTHING",
                (new.id, tx.instant, source, body),
            )
            if cursor.rowcount == 0:
                self._check_same(tx, index, new)
                continue
            seq = cursor.lastrowid
            assert seq is not None  # noqa: S101 - an insert that took place has one
            added += 1
            self._link(tx, seq, source, new, terms)
            for activity, definition in new.definitions:
                self._define(tx, activity, definition)
            if new.signature != "unsigned":
                tx.execute(
                    "INSERT INTO signature (seq, result) VALUES (?, ?)", (seq, new.signature)
                )
        return added

    def _define(self, tx: Transaction, activity: str, told: bytes) -> None:
        row = tx.execute("SELECT definition FROM activity WHERE id = ?", (activity,)).fetchone()
        if row is not None:
            if row[0] == told:
                return
            merged = self._merge(msgspec.json.decode(row[0]), msgspec.json.decode(told))
            told = msgspec.json.encode(merged)
        if row is None or row[0] != told:
            tx.execute(
                "INSERT INTO activity (id, definition) VALUES (?, ?) "
                "ON CONFLICT (id) DO UPDATE SET definition = excluded.definition",
                (activity, told),
            )

    def _check_same(self, tx: Transaction, index: int, new: NewStatement) -> None:
        (kept,) = tx.execute("SELECT body FROM statement WHERE id = ?", (new.id,)).fetchone()
        if not self._same(msgspec.json.decode(kept), msgspec.json.decode(new.body)):
            raise Conflict(index, new.id)

    def _link(
        self, tx: Transaction, seq: int, source: int, new: NewStatement, terms: set[int]
    ) -> None:
        """Make the statement findable, by its target's keys too, and void what has to be.

        xAPI 1.0.3 part three 2.1.3: a statement is found by the filters its target meets.
        """
        if new.refers_to is not None:
            tx.execute(
                "INSERT INTO reference (target, seq, voids) VALUES (?, ?, ?)",
                (new.refers_to, seq, new.voids),
            )
            terms = terms | self._terms_along(tx, new.refers_to)
            if new.voids:
                self._void(tx, new.refers_to)
        self._post(tx, seq, {*terms, term_of(f"source:{source}")})
        referring = tx.execute(
            "SELECT seq, voids FROM reference WHERE target = ?", (new.id,)
        ).fetchall()
        if referring:
            if any(voids for _, voids in referring) and not new.voids:
                tx.execute("UPDATE statement SET voided = 1 WHERE seq = ?", (seq,))
            self._post_to_referring(tx, [seq for seq, _ in referring], terms)

    def _void(self, tx: Transaction, target: bytes) -> None:
        """Void the statement unless it voids another itself (1.0.3 part two 2.3.2)."""
        tx.execute(
            "UPDATE statement SET voided = 1 WHERE id = ? AND NOT EXISTS "
            "(SELECT 1 FROM reference r WHERE r.seq = statement.seq AND r.voids = 1)",
            (target,),
        )

    def _post(self, tx: Transaction, seq: int, terms: Iterable[int]) -> None:
        tx.executemany(
            "INSERT OR IGNORE INTO posting (term, seq) VALUES (?, ?)",
            [(term, seq) for term in terms],
        )

    def _terms_along(self, tx: Transaction, target: bytes) -> set[int]:
        """Return the terms of the target, of its target, and so on."""
        terms: set[int] = set()
        for _ in range(CHAIN_LIMIT):
            row = tx.execute(
                "SELECT s.body, r.target FROM statement s LEFT JOIN reference r "
                "ON r.seq = s.seq WHERE s.id = ?",
                (target,),
            ).fetchone()
            if row is None:
                break
            terms |= {term_of(key) for key in self._keys(row[0])}
            if row[1] is None:
                break
            target = row[1]
        return terms

    def _post_to_referring(self, tx: Transaction, seqs: list[int], terms: set[int]) -> None:
        """Let those that came before the statement they refer to be found by its keys too."""
        for _ in range(CHAIN_LIMIT):
            following: list[int] = []
            for seq in seqs:
                self._post(tx, seq, terms)
                following += [
                    row[0]
                    for row in tx.execute(
                        "SELECT r.seq FROM reference r JOIN statement s ON s.id = r.target "
                        "WHERE s.seq = ?",
                        (seq,),
                    )
                ]
            if not following:
                return
            seqs = following

    def each_referring(self, statement_id: bytes) -> Iterator[int]:
        """Yield the seqs of the statements that refer to the one with the id."""
        rows = self._database.read().execute(
            "SELECT seq FROM reference WHERE target = ? ORDER BY seq", (statement_id,)
        )
        return (row[0] for row in rows)


def _stored(row: sqlite3.Row | tuple[Any, ...]) -> StoredStatement:
    seq, statement_id, stored, source, voided, body, signature = row
    return StoredStatement(
        seq=seq,
        id=statement_id,
        stored=stored,
        source=source,
        voided=bool(voided),
        body=body,
        signature=signature or "unsigned",
    )
