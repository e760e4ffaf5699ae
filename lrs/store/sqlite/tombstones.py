"""Tombstones: what stands in the place of a statement whose content is gone."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from lrs.store.sqlite.bodies import Bodies
from lrs.store.sqlite.database import Transaction
from lrs.store.terms import term_of

NOBODY = "https://erased.invalid"
"""RFC 2606: a name that leads nowhere. Tombstones are about it."""

DISPLAY = {
    "erased": {"en": "erased", "zh-CN": "已删除"},
    "expired": {"en": "expired", "zh-CN": "已过保存期"},
}


def is_tombstone(body: bytes) -> bool:
    """Tell whether a statement's JSON is that of a tombstone."""
    return NOBODY.encode() in body


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
        statement: dict[str, Any] = msgspec.json.decode(body)
        kept: dict[str, Any] = {
            name: value for name, value in statement.items() if name in ("authority", "version")
        }
        tombstone: dict[str, Any] = {
            "id": statement["id"],
            "actor": {"objectType": "Agent", "account": {"homePage": NOBODY, "name": nobody}},
            "verb": {"id": f"{NOBODY}/{why}", "display": DISPLAY[why]},
            "object": {"objectType": "Activity", "id": f"{NOBODY}/statement"},
            **kept,
        }
        named, (packed,) = self._bodies.pack([msgspec.json.encode(tombstone)])
        tx.execute(
            "UPDATE statement SET voided = 1, timed = 0, dictionary = ?, body = ? WHERE seq = ?",
            (named, packed, seq),
        )
        terms = [term_of(key) for key in self._keys(body) if not key.startswith("verb:")]
        places = [seq, *_referring(tx, uuid.UUID(statement["id"]).bytes)]
        tx.executemany(
            "DELETE FROM posting WHERE term = ? AND seq = ?",
            [(term, place) for term in terms for place in places],
        )


def _referring(tx: Transaction, statement_id: bytes) -> list[int]:
    rows = tx.execute("SELECT seq FROM reference WHERE target = ?", (statement_id,))
    return [row[0] for row in rows]
