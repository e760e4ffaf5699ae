"""Tombstones: what stands in the place of a statement whose content is gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from lrs.store.anonymous import tombstone
from lrs.store.sqlite.bitmaps import unpost
from lrs.store.sqlite.bodies import Bodies
from lrs.store.sqlite.database import Transaction
from lrs.store.terms import term_of


class Tombstones:
    """Puts tombstones in the places of statements. `keys` gives the search keys of a body."""

    def __init__(self, bodies: Bodies, keys: Callable[[bytes], frozenset[str]]) -> None:
        self._bodies = bodies
        self._keys = keys

    def bury(
        self,
        tx: Transaction,
        seq: int,
        body: bytes,
        nobody: str,
        why: Literal["erased", "expired"] = "erased",
    ) -> None:
        """Put a tombstone in a statement's place and let nothing find it by what it said."""
        named, (packed,) = self._bodies.pack([tombstone(body, nobody, why)])
        tx.execute(
            "UPDATE statement SET voided = 1, timed = 0, dictionary = ?, body = ? WHERE seq = ?",
            (named, packed, seq),
        )
        terms = [term_of(key) for key in self._keys(body) if not key.startswith("verb:")]
        (statement_id,) = tx.execute("SELECT id FROM statement WHERE seq = ?", (seq,)).fetchone()
        for place in (seq, *_referring(tx, statement_id)):
            unpost(tx, place, terms)


def _referring(tx: Transaction, statement_id: bytes) -> list[int]:
    rows = tx.execute("SELECT seq FROM reference WHERE target = ?", (statement_id,))
    return [row[0] for row in rows]
