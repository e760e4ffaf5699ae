"""Statements in SQLite: bytes kept as they are, found by posting lists of search keys."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import zstandard

from lrs.store.errors import StoreError
from lrs.store.sqlite.adding import Adding, Compare, Keys, Merge
from lrs.store.sqlite.bitmaps import Bitmaps, meetings
from lrs.store.sqlite.bodies import SAMPLES, Bodies
from lrs.store.sqlite.database import Database, Transaction
from lrs.store.sqlite.repacking import Repacking
from lrs.store.statements import NewStatement, StatementQuery, StoredStatement
from lrs.store.terms import term_of

COLUMNS = (
    "s.seq, s.id, s.stored, s.source, s.voided, s.timed, s.dictionary, s.body, "
    "(SELECT result FROM signature g WHERE g.seq = s.seq)"
)

LAST_PLACE = 2**63 - 1

SAMPLE_SPAN = 200_000
"""A dictionary is trained on a sample of the newest statements, so many at the most."""

ESTIMATE_LIMIT = 100
"""So many of the newest entries of posting lists are looked at to tell which is the rarest."""


def last_stored_by(connection: sqlite3.Connection | Transaction, instant: int) -> int:
    """Return the seq of the last statement stored not after the instant, 0 for none.

    Found by halving, since `stored` grows with `seq`: no index to write for it.
    """
    low = 0
    high = (connection.execute("SELECT max(seq) FROM statement").fetchone()[0] or 0) + 1
    while high - low > 1:
        middle = (low + high) // 2
        row = connection.execute(
            "SELECT seq, stored FROM statement WHERE seq >= ? ORDER BY seq LIMIT 1", (middle,)
        ).fetchone()
        if row is None or row[1] > instant:
            high = middle
        else:
            low = row[0]
    return low


class SqliteStatements:
    """Fulfils `lrs.store.statements.Statements`.

    `same` tells whether two statements are the same for idempotence, `keys` gives the search
    keys of a stored statement's body, `merge` adds to an activity's definition: all are xAPI's,
    not the store's.
    """

    def __init__(self, database: Database, *, same: Compare, keys: Keys, merge: Merge) -> None:
        self._database = database
        self._bodies = Bodies(database)
        self.adding = Adding(self._bodies, same=same, keys=keys, merge=merge)
        self._bitmaps = Bitmaps(database, self._bodies, keys)

    def add(
        self,
        source: int,
        batch: Sequence[NewStatement],
        before_commit: Callable[[], None] | None = None,
    ) -> int:
        """Store a batch whole and return how many were new."""
        prepared = self.adding.prepare(source, batch)

        def work(tx: Transaction) -> int:
            added = self.adding.add(tx, source, prepared)
            if before_commit is not None:
                before_commit()
            return added

        return self._database.write(work)

    def get(self, statement_id: bytes) -> StoredStatement | None:
        """Return the statement with the id, voided or not."""
        row = (
            self._database.read()
            .execute(f"SELECT {COLUMNS} FROM statement s WHERE s.id = ?", (statement_id,))  # noqa: S608
            .fetchone()
        )
        return self._stored(row) if row else None

    def voided_by(self, statement_id: bytes) -> int | None:
        """Return the seq of the first statement that voids the one with the id."""
        row = (
            self._database.read()
            .execute(
                "SELECT min(seq) FROM reference WHERE target = ? AND voids = 1", (statement_id,)
            )
            .fetchone()
        )
        return None if row[0] is None else int(row[0])

    def find(self, query: StatementQuery) -> list[StoredStatement]:
        """Return a page of unvoided statements, newest first unless `ascending`."""
        terms, short = self._shortest_first({term_of(key) for key in query.keys})
        low, high = self._bounds(query)
        if short:
            rows = self._walk(terms, low, high, query.limit, ascending=query.ascending)
            return [self._stored(row) for row in rows]
        found: list[tuple[Any, ...]] = []
        with self._database.snapshot() as read:
            for part in meetings(read, terms, low, high, ascending=query.ascending):
                wanted = query.limit - len(found)
                if wanted == 0:
                    break
                if part.seqs is None:
                    found += self._walk(
                        part.terms, part.low, part.high, wanted, ascending=query.ascending
                    )
                else:
                    found += self._unvoided(part.seqs, wanted)
        return [self._stored(row) for row in found]

    def _walk(
        self, terms: Sequence[int], low: int, high: int, limit: int, *, ascending: bool
    ) -> Iterable[tuple[Any, ...]]:
        """Read rows of unvoided statements from posting lists, the first driving."""
        joins, seq = "", "s.seq"
        where = ["s.voided = 0"]
        if terms:
            seq = "p0.seq"
            joins = "posting p0 CROSS JOIN "
            where.append("s.seq = p0.seq")
        for number in range(1, len(terms)):
            joins += f"posting p{number} ON p{number}.seq = p0.seq CROSS JOIN "
        where += [f"p{number}.term = ?" for number in range(len(terms))]
        direction = "ASC" if ascending else "DESC"
        return self._database.read().execute(
            f"SELECT {COLUMNS} FROM {joins} statement s "  # noqa: S608
            f"WHERE {' AND '.join(where)} AND {seq} BETWEEN ? AND ? "
            f"ORDER BY {seq} {direction} LIMIT ?",
            (*terms, low, high, limit),
        )

    def _unvoided(self, seqs: Iterator[int], limit: int) -> list[tuple[Any, ...]]:
        """Read rows of the first `limit` of the statements that are not voided, in their order."""
        found: list[tuple[Any, ...]] = []
        while len(found) < limit and (some := list(islice(seqs, limit))):
            found += self._database.read().execute(
                f"SELECT {COLUMNS} FROM json_each(?) j CROSS JOIN statement s "  # noqa: S608
                "WHERE s.seq = j.value AND s.voided = 0 ORDER BY j.key LIMIT ?",
                (json.dumps(some), limit - len(found)),
            )
        return found

    def _shortest_first(self, terms: set[int]) -> tuple[list[int], bool]:
        """Order terms so that the rarest one drives a query: the shortest posting list, of long
        ones that whose newest entries reach back the farthest; and tell whether it is so short, or
        alone, that it is simply walked.
        """
        if len(terms) < 2:
            return list(terms), True
        newest = (
            "SELECT count(*), min(seq) FROM "
            "(SELECT seq FROM posting WHERE term = ? ORDER BY seq DESC LIMIT ?)"
        )
        read = self._database.read()
        reach = {
            term: read.execute(newest, (term, ESTIMATE_LIMIT)).fetchone() for term in sorted(terms)
        }
        first, *others = sorted(terms, key=lambda term: (reach[term][0], reach[term][1] or 0))
        return [first, *others], reach[first][0] < ESTIMATE_LIMIT

    def index(self) -> bool:
        """Make bitmaps of the posting lists of some more statements; False where there are none."""
        return self._bitmaps.step()

    def retrain(self) -> int:
        """Train a new dictionary on a sample of what is stored; return its id.

        Raises StoreError where there is too little to learn from.
        """
        last = self.last_seq()
        rows = self._database.read().execute(
            "SELECT dictionary, body FROM statement WHERE seq % ? = 0 AND seq > ?",
            (max(1, min(last, SAMPLE_SPAN) // SAMPLES), last - SAMPLE_SPAN),
        )
        try:
            return self._bodies.train([self._bodies.unpack(*row) for row in rows])
        except zstandard.ZstdError as error:
            raise StoreError(
                f"no dictionary can be made of {last} statements ({error}); try again with more"
            ) from None

    def repack(self, limit: int) -> bool:
        """Compress up to `limit` statements anew that are by what was made of erased ones."""
        return Repacking(self._database, self._bodies, self.retrain).step(limit)

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
        return [self._stored(row) for row in rows]

    def last_seq(self) -> int:
        """Return the seq of the newest statement, 0 where there is none."""
        found = self._database.read().execute("SELECT max(seq) FROM statement").fetchone()[0]
        return int(found or 0)

    def last_through(self, instant: int) -> int:
        """Return the seq of the last statement stored up to the instant (microseconds)."""
        return last_stored_by(self._database.read(), instant)

    def consistent_through(self) -> int:
        """Return an instant (microseconds) up to which every statement can already be read."""
        return self._database.consistent_through()

    def _bounds(self, query: StatementQuery) -> tuple[int, int]:
        """Turn times and the cursor into places, both included: `stored` grows with `seq`."""
        low, high = 0, LAST_PLACE
        connection = self._database.read()
        if query.since is not None:
            low = last_stored_by(connection, query.since) + 1
        if query.until is not None:
            high = last_stored_by(connection, query.until)
        if query.after is None:
            return low, high
        if query.ascending:
            return max(low, query.after + 1), high
        return low, min(high, query.after - 1)

    def each_referring(self, statement_id: bytes) -> Iterator[int]:
        """Yield the seqs of the statements that refer to the one with the id."""
        rows = self._database.read().execute(
            "SELECT seq FROM reference WHERE target = ? ORDER BY seq", (statement_id,)
        )
        return (row[0] for row in rows)

    def _stored(self, row: tuple[Any, ...]) -> StoredStatement:
        seq, statement_id, stored, source, voided, timed, dictionary, packed, signature = row
        return StoredStatement(
            seq=seq,
            id=statement_id,
            stored=stored,
            source=source,
            voided=bool(voided),
            body=self._bodies.whole(dictionary, packed, stored, timed),
            signature=signature or "unsigned",
        )
