"""Tombstones in MongoDB: what stands in the place of a statement whose content is gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from pymongo import UpdateMany, UpdateOne

from lrs.store.anonymous import tombstone
from lrs.store.mongo.database import Transaction
from lrs.store.mongo.queries import bulk
from lrs.store.terms import term_of

Keys = Callable[[bytes], frozenset[str]]


def bury(
    tx: Transaction,
    statements: Sequence[Mapping[str, Any]],
    keys: Keys,
    nobody: str,
    why: Literal["erased", "expired"] = "erased",
) -> None:
    """Put tombstones in the places of statements and let nothing find them, nor those that refer
    to them, by what they said. `keys` gives the search keys of a body.
    """
    ids = [one["_id"] for one in statements]
    referred_to = {one["r"] for one in tx["statement"].find({"r": {"$in": ids}}, {"r": 1})}
    writes: list[UpdateOne | UpdateMany] = []
    for one in statements:
        terms = [term_of(key) for key in keys(one["b"]) if not key.startswith("verb:")]
        unsaid = {"$pull": {"t": {"$in": terms}}}
        gone = {"$set": {"b": tombstone(one["b"], nobody, why), "k": False, "v": True}}
        writes.append(UpdateOne({"_id": one["_id"]}, {**gone, **unsaid}))
        if one["_id"] in referred_to:
            writes.append(UpdateMany({"r": one["_id"]}, unsaid))
    bulk(tx, "statement", writes)
