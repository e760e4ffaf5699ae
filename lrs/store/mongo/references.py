"""How statements that refer to others are found by their keys, and voided, in MongoDB."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from lrs.store.mongo.database import Snapshot, Transaction
from lrs.store.terms import term_of

CHAIN_LIMIT = 16
"""Statements referring to statements are followed this far."""

Keys = Callable[[bytes], frozenset[str]]


def link_to_target(tx: Transaction, document: dict[str, Any], keys: Keys) -> None:
    """Give a new statement's document the terms of what it refers to, and void that.

    xAPI 1.0.3 part three 2.1.3: a statement is found by the filters its target meets.
    """
    along, found = _terms_along(tx, document["r"], keys)
    if not found:
        return
    document["t"] = sorted({*document["t"], *along})
    document["l"] = True
    if document["x"]:
        void(tx, document["r"])


def link_from_referring(tx: Transaction, document: Mapping[str, Any], keys: Keys) -> None:
    """Give those that came before the statement they refer to its terms, and let them void it.

    The statement must have been inserted.
    """
    referring = list(tx["statement"].find({"r": document["_id"]}, {"x": 1}))
    if not referring:
        return
    if any(one["x"] for one in referring):
        void(tx, document["_id"])
    along = _terms_along(tx, document["_id"], keys)[0]
    _spread(tx, [one["_id"] for one in referring], sorted(along))


def loose_ends(snapshot: Snapshot, ids: Sequence[bytes]) -> list[bytes]:
    """Return which of the statements, or of those that refer to them, refer to a statement that
    is there and have not been linked to it: it was stored at the very same time.
    """
    statements = snapshot["statement"]
    where = {"$or": [{"_id": {"$in": ids}}, {"r": {"$in": ids}}], "l": False}
    loose = list(statements.find(where, {"r": 1}))
    if not loose:
        return []
    targets = {one["r"] for one in loose}
    there = {one["_id"] for one in statements.find({"_id": {"$in": list(targets)}}, {"_id": 1})}
    return [one["_id"] for one in loose if one["r"] in there]


def tie(tx: Transaction, statement_id: bytes, keys: Keys) -> None:
    """Link a loose end that is stored already."""
    document = tx["statement"].find_one({"_id": statement_id, "l": False})
    if document is None:
        return
    link_to_target(tx, document, keys)
    _spread(tx, [statement_id], document["t"])


def void(tx: Transaction, target: bytes) -> None:
    """Void the statement unless it voids another itself (1.0.3 part two 2.3.2)."""
    tx["statement"].update_one({"_id": target, "x": {"$ne": True}}, {"$set": {"v": True}})


def _terms_along(tx: Transaction, target: bytes, keys: Keys) -> tuple[set[int], bool]:
    """Return the terms of the target, of its target, and so on; and whether it is there."""
    terms: set[int] = set()
    for step in range(CHAIN_LIMIT):
        found = tx["statement"].find_one({"_id": target}, {"b": 1, "r": 1})
        if found is None:
            return terms, step > 0
        terms |= {term_of(key) for key in keys(found["b"])}
        if found.get("r") is None:
            return terms, True
        target = found["r"]
    return terms, True


def _spread(tx: Transaction, ids: Iterable[bytes], terms: Sequence[int]) -> None:
    """Give the statements terms, and those that refer to them, and so on."""
    following = list(ids)
    for _ in range(CHAIN_LIMIT):
        if not following:
            return
        tx["statement"].update_many(
            {"_id": {"$in": following}},
            {"$addToSet": {"t": {"$each": list(terms)}}, "$set": {"l": True}},
        )
        found = tx["statement"].find({"r": {"$in": following}}, {"_id": 1})
        following = [one["_id"] for one in found]
