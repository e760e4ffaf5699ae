"""Bitmaps of long posting lists, made in steps behind the newest statements.

Two long lists that hardly meet would be walked entry by entry. So the sequence is divided into
pieces, and for each term that many statements of a piece have, a bitmap tells which. A piece in
which one of the terms has none is walked: its list is short there.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from pyroaring import BitMap

from lrs.store.sqlite.bodies import Bodies
from lrs.store.sqlite.database import Database, Transaction
from lrs.store.terms import term_of

PIECE = 262_144
"""Places of the sequence in a piece, four containers of a roaring bitmap. It is part of what is
stored. In smaller pieces a query reads more rows, in larger ones each step writes more.
"""

STEP = 8_192
"""Statements of which bitmaps are made in one step; it divides PIECE. Fewer would be walked by
queries and more often written.
"""

SAMPLED = 8
"""Every so many-th statement is looked at to find the terms that many have."""

SEEN = 4
"""A term that so many of a step's sampled statements have gets a bitmap."""


class Range(NamedTuple):
    """Places of the sequence, both ends included: `seqs` are those at which all terms are, in the
    order asked for; where it is None, posting lists tell, that of the first of `terms` driving.
    """

    low: int
    high: int
    terms: Sequence[int]
    seqs: Iterator[int] | None = None


def meetings(
    read: sqlite3.Connection, terms: Sequence[int], low: int, high: int, *, ascending: bool
) -> Iterator[Range]:
    """Cut the places from `low` to `high` into ranges, in the order asked for, by where bitmaps
    tell at which places all of the terms are. None is empty.
    """
    made = min(high, _made_through(read))
    newer = Range(max(low, made + 1), high, terms)
    have: dict[int, set[int]] = {}
    marks = ", ".join("?" * len(terms))
    for term, piece in read.execute(
        f"SELECT term, piece FROM posting_bitmap WHERE term IN ({marks}) "  # noqa: S608
        "AND piece BETWEEN ? AND ?",
        (*terms, low // PIECE, made // PIECE),
    ):
        have.setdefault(piece, set()).add(term)

    def lacking(piece: int) -> list[int]:
        return [term for term in terms if term not in have.get(piece, ())]

    pieces = range(low // PIECE, made // PIECE + 1) if low <= made else range(0)
    if not ascending and newer.low <= high:
        yield newer
    for short, group in groupby(pieces if ascending else reversed(pieces), lacking):
        alike = list(group)
        first = max(low, min(alike) * PIECE)
        last = min(made, max(alike) * PIECE + PIECE - 1)
        if short:
            yield Range(first, last, [*short, *(term for term in terms if term not in short)])
        else:
            yield from _met(read, terms, first, last, ascending=ascending)
    if ascending and newer.low <= high:
        yield newer


def _met(
    read: sqlite3.Connection, terms: Sequence[int], low: int, high: int, *, ascending: bool
) -> Iterator[Range]:
    """Return where all terms meet between two places, for each of whose pieces all have bitmaps."""
    bits = ", ".join(f"b{n}.bits" for n in range(len(terms)))
    others = "".join(
        f"CROSS JOIN posting_bitmap b{n} ON b{n}.piece = b0.piece AND b{n}.term = ? "
        for n in range(1, len(terms))
    )
    rows = read.execute(
        f"SELECT b0.piece, {bits} FROM posting_bitmap b0 {others}"  # noqa: S608 - no values
        "WHERE b0.term = ? AND b0.piece BETWEEN ? AND ? "
        f"ORDER BY b0.piece {'ASC' if ascending else 'DESC'}",
        (*terms[1:], terms[0], low // PIECE, high // PIECE),
    )
    for piece, *packed in rows:
        first = piece * PIECE
        begin, end = max(low, first), min(high, first + PIECE - 1)
        met = _intersection(packed)
        if met and end - begin + 1 < PIECE:
            met &= BitMap(range(begin - first, end - first + 1))
        places = met.to_array()
        in_order = places if ascending else reversed(places)
        yield Range(begin, end, terms, map(first.__add__, in_order))


def _intersection(packed: Iterable[bytes]) -> BitMap:
    first, *others = map(BitMap.deserialize, packed)
    for other in others:
        if not first.intersect(other):  # quicker than making what is empty
            return BitMap()
        first &= other
    return first


def post(tx: Transaction, seq: int, terms: Iterable[int]) -> None:
    """Let a statement that was added before be found by more terms."""
    terms = list(terms)
    tx.executemany(
        "INSERT OR IGNORE INTO posting (term, seq) VALUES (?, ?)", [(term, seq) for term in terms]
    )
    _change(tx, seq, terms, BitMap.add)


def unpost(tx: Transaction, seq: int, terms: Iterable[int]) -> None:
    """Let a statement be found by some terms no more."""
    terms = list(terms)
    tx.executemany(
        "DELETE FROM posting WHERE term = ? AND seq = ?", [(term, seq) for term in terms]
    )
    _change(tx, seq, terms, BitMap.discard)


def _change(
    tx: Transaction, seq: int, terms: Sequence[int], change: Callable[[BitMap, int], None]
) -> None:
    if seq > _made_through(tx):
        return
    piece, place = divmod(seq, PIECE)
    for term in terms:
        row = tx.execute(
            "SELECT rowid, bits FROM posting_bitmap WHERE term = ? AND piece = ?", (term, piece)
        ).fetchone()
        if row is None:
            continue
        bits = BitMap.deserialize(row[1])
        change(bits, place)
        if bits:
            tx.execute(
                "UPDATE posting_bitmap SET bits = ? WHERE rowid = ?", (bits.serialize(), row[0])
            )
        else:
            tx.execute("DELETE FROM posting_bitmap WHERE rowid = ?", (row[0],))


def _made_through(read: sqlite3.Connection | Transaction) -> int:
    return int(read.execute("SELECT through FROM posting_bitmaps_made").fetchone()[0])


class Bitmaps:
    """Makes bitmaps. `keys` gives the search keys of a stored statement's body."""

    def __init__(
        self, database: Database, bodies: Bodies, keys: Callable[[bytes], frozenset[str]]
    ) -> None:
        self._database = database
        self._bodies = bodies
        self._keys = keys

    def step(self) -> bool:
        """Bring the bitmaps further; False where there is nothing to do now."""
        read = self._database.read()
        made = _made_through(read)
        newest = read.execute("SELECT max(seq) FROM statement").fetchone()[0] or 0
        if newest < made + STEP:
            return False
        terms = self._long_in(read, made + 1, made + STEP)
        return self._database.write(lambda tx: _make(tx, made, terms))

    def _long_in(self, read: sqlite3.Connection, first: int, last: int) -> set[int]:
        """Return the terms that many of the statements have, as a sample tells."""
        seen: Counter[int] = Counter()
        rows = read.execute(
            "SELECT source, dictionary, body FROM statement "
            "WHERE seq BETWEEN ? AND ? AND seq % ? = 0",
            (first, last, SAMPLED),
        )
        for source, dictionary, body in rows:
            seen[term_of(f"source:{source}")] += 1
            seen.update(map(term_of, self._keys(self._bodies.unpack(dictionary, body))))
        return {term for term, count in seen.items() if count >= SEEN}


def _make(tx: Transaction, made: int, terms: set[int]) -> bool:
    """Go on with the bitmaps of the piece, and begin those of terms that have none in it yet."""
    if _made_through(tx) != made:
        return True  # another process was there first
    through = made + STEP
    piece = through // PIECE
    first = piece * PIECE
    kept = dict(
        tx.execute("SELECT term, bits FROM posting_bitmap WHERE piece = ?", (piece,)).fetchall()
    )
    for term in sorted(kept.keys() | terms):
        since = made + 1 if term in kept else first
        rows = tx.execute(
            "SELECT seq - ? FROM posting WHERE term = ? AND seq BETWEEN ? AND ?",
            (first, term, since, through),
        )
        added = BitMap(row[0] for row in rows)
        if added:
            whole = added | BitMap.deserialize(kept[term]) if term in kept else added
            tx.execute(
                "INSERT INTO posting_bitmap (piece, term, bits) VALUES (?, ?, ?) "
                "ON CONFLICT (term, piece) DO UPDATE SET bits = excluded.bits",
                (piece, term, whole.serialize()),
            )
    tx.execute("UPDATE posting_bitmaps_made SET through = ?", (through,))
    return True
