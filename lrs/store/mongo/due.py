"""Personas and units that are due to be evaluated again, in MongoDB."""

from __future__ import annotations

from collections.abc import Iterable

from pymongo import IndexModel, UpdateOne

from lrs.store.mongo.database import Transaction

INDEXES = {
    "due_evaluation": [
        IndexModel([("persona", 1), ("unit", 1)], unique=True),
        IndexModel([("marked", 1)]),
    ]
}


def mark(tx: Transaction, due: Iterable[tuple[str, str]]) -> int:
    """Mark pairs of persona and unit as due from now on; return how many."""
    pairs = set(due)
    if pairs:
        tx["due_evaluation"].bulk_write(
            [
                UpdateOne(
                    {"persona": persona, "unit": unit},
                    {"$set": {"marked": tx.instant}},
                    upsert=True,
                )
                for persona, unit in sorted(pairs)
            ]
        )
    return len(pairs)


def mark_of_source(tx: Transaction, source: int) -> int:
    """Mark everything due whose evidence rests on the source, and return how much that is."""
    found = tx["achievement"].find({"sources": source}, {"persona": 1, "unit": 1})
    return mark(tx, {(one["persona"], one["unit"]) for one in found})
