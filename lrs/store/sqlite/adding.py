"""How statements are added in SQLite: their rows, the terms under which they are found, what they
refer to and what they tell of activities.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from lrs.store.errors import StoreError
from lrs.store.sqlite.bitmaps import post
from lrs.store.sqlite.bodies import Bodies
from lrs.store.sqlite.database import Transaction
from lrs.store.statements import Conflict, NewStatement
from lrs.store.terms import term_of

CHAIN_LIMIT = 16
"""Statements referring to statements are followed this far."""

AT_ONCE = 500
"""Ids that are looked up with one query at the most."""

Compare = Callable[[dict[str, Any], dict[str, Any]], bool]
Keys = Callable[[bytes], frozenset[str]]
Merge = Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]


class Prepared(NamedTuple):
    """Statements, each with its packed body and its terms, and the dictionary they were packed
    with.
    """

    dictionary: int
    statements: Sequence[tuple[NewStatement, bytes, set[int]]]

    def part(self, begin: int, count: int) -> Prepared:
        """Return `count` of the statements from a place on."""
        return Prepared(self.dictionary, self.statements[begin : begin + count])


class Adding:
    """Adds statements in transactions. Safe from many threads.

    `same`, `keys` and `merge` are as in `lrs.store.sqlite.statements.SqliteStatements`.
    """

    def __init__(self, bodies: Bodies, *, same: Compare, keys: Keys, merge: Merge) -> None:
        self._bodies = bodies
        self._same = same
        self._keys = keys
        self._merge = merge

    def prepare(self, source: int, batch: Sequence[NewStatement]) -> Prepared:
        """Return a batch with the part of adding it done that needs no turn."""
        dictionary, packed = self._bodies.pack(new.body for new in batch)
        own = term_of(f"source:{source}")
        terms = [{own, *map(term_of, new.keys)} for new in batch]
        return Prepared(dictionary, list(zip(batch, packed, terms, strict=True)))

    def add(self, tx: Transaction, source: int, prepared: Prepared) -> int:
        """Add a prepared batch and return how many were new; what raises Conflict must leave the
        transaction. Raises StoreError where an erasure has emptied their dictionary meanwhile.
        """
        if not tx.execute(
            "SELECT length(content) FROM dictionary WHERE id = ?", (prepared.dictionary,)
        ).fetchone()[0]:
            raise StoreError("the dictionary of these statements was emptied since they came")
        added: list[tuple[int, NewStatement, set[int]]] = []
        for index, (new, packed, terms) in enumerate(prepared.statements):
            cursor = tx.execute(
                "INSERT INTO statement (id, stored, source, timed, dictionary, body) "
                "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
                (new.id, tx.instant, source, new.timestamp, prepared.dictionary, packed),
            )
            if cursor.rowcount == 0:
                self._check_same(tx, index, new)
                continue
            seq = cursor.lastrowid
            assert seq is not None  # noqa: S101 - an insert that took place has one
            if new.refers_to is not None:
                terms = terms | self._refer(tx, seq, new, new.refers_to)  # noqa: PLW2901
            added.append((seq, new, terms))
        # In the order of the index, each of its pages is found once.
        tx.executemany(
            "INSERT OR IGNORE INTO posting (term, seq) VALUES (?, ?)",
            sorted((term, seq) for seq, _, terms in added for term in terms),
        )
        self._tell_referring(tx, added)
        self._define(tx, [told for _, new, _ in added for told in new.definitions])
        tx.executemany(
            "INSERT INTO signature (seq, result) VALUES (?, ?)",
            [(seq, new.signature) for seq, new, _ in added if new.signature != "unsigned"],
        )
        return len(added)

    def _check_same(self, tx: Transaction, index: int, new: NewStatement) -> None:
        kept = self._bodies.whole(
            *tx.execute(
                "SELECT dictionary, body, stored, timed FROM statement WHERE id = ?", (new.id,)
            ).fetchone()
        )
        if not self._same(msgspec.json.decode(kept), msgspec.json.decode(new.body)):
            raise Conflict(index, new.id)

    def _refer(self, tx: Transaction, seq: int, new: NewStatement, target: bytes) -> set[int]:
        """Note to what the statement refers, and void that where it says so; return the terms
        under which it is found as well.

        xAPI 1.0.3 part three 2.1.3: a statement is found by the filters its target meets. One
        that voids another itself is not voided (1.0.3 part two 2.3.2).
        """
        tx.execute(
            "INSERT INTO reference (target, seq, voids) VALUES (?, ?, ?)",
            (target, seq, new.voids),
        )
        if new.voids:
            tx.execute(
                "UPDATE statement SET voided = 1 WHERE id = ? AND NOT EXISTS "
                "(SELECT 1 FROM reference r WHERE r.seq = statement.seq AND r.voids = 1)",
                (target,),
            )
        return self._terms_along(tx, target)

    def _tell_referring(
        self, tx: Transaction, added: Sequence[tuple[int, NewStatement, set[int]]]
    ) -> None:
        """Let those that came before the statement they refer to be found by its keys too, and
        have it voided where one of them says so.
        """
        for first in range(0, len(added), AT_ONCE):
            group = {new.id: (seq, new, terms) for seq, new, terms in added[first:][:AT_ONCE]}
            rows = tx.execute(
                "SELECT target, seq, voids FROM reference "  # noqa: S608
                f"WHERE target IN ({', '.join('?' * len(group))})",
                group,
            ).fetchall()
            referring: dict[bytes, list[tuple[int, int]]] = {}
            for target, seq, voids in rows:
                referring.setdefault(target, []).append((seq, voids))
            for target, found in referring.items():
                seq, new, terms = group[target]
                if any(voids for _, voids in found) and not new.voids:
                    tx.execute("UPDATE statement SET voided = 1 WHERE seq = ?", (seq,))
                self._post_to_referring(tx, [one for one, _ in found], terms)

    def _terms_along(self, tx: Transaction, target: bytes) -> set[int]:
        """Return the terms of the target, of its target, and so on."""
        terms: set[int] = set()
        for _ in range(CHAIN_LIMIT):
            row = tx.execute(
                "SELECT s.dictionary, s.body, r.target FROM statement s LEFT JOIN reference r "
                "ON r.seq = s.seq WHERE s.id = ?",
                (target,),
            ).fetchone()
            if row is None:
                break
            terms |= {term_of(key) for key in self._keys(self._bodies.unpack(*row[:2]))}
            if row[2] is None:
                break
            target = row[2]
        return terms

    def _post_to_referring(self, tx: Transaction, seqs: list[int], terms: set[int]) -> None:
        for _ in range(CHAIN_LIMIT):
            following: list[int] = []
            for seq in seqs:
                post(tx, seq, terms)
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

    def _define(self, tx: Transaction, told: Iterable[tuple[str, bytes]]) -> None:
        """Add to the definitions of activities what statements tell of them, in their order."""
        told = list(told)
        if not told:
            return
        rows = tx.execute(
            "SELECT id, definition FROM activity WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(sorted({activity for activity, _ in told})),),
        )
        kept: dict[str, bytes] = dict(rows.fetchall())
        changed: dict[str, bytes] = {}
        for activity, definition in told:
            known = changed.get(activity, kept.get(activity))
            if known is None:
                changed[activity] = definition
            elif known != definition:
                merged = self._merge(msgspec.json.decode(known), msgspec.json.decode(definition))
                if (whole := msgspec.json.encode(merged)) != known:
                    changed[activity] = whole
        tx.executemany(
            "INSERT INTO activity (id, definition) VALUES (?, ?) "
            "ON CONFLICT (id) DO UPDATE SET definition = excluded.definition",
            changed.items(),
        )
