"""The figures that pages show, in MongoDB.

Each lane adds to documents of its own, so that changes of the same figure do not conflict; what is
shown is their sum.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from pymongo import IndexModel

from lrs.store.figures import Noun
from lrs.store.mongo.database import MongoDatabase, Transaction, reported
from schemas.times import instant_of, moment_of

INDEXES = {"figure": [IndexModel([("noun", 1), ("key", 1)])]}


def count(tx: Transaction, noun: Noun, key: str, by: int) -> None:
    """Let a figure change with what is counted."""
    if by:
        tx["figure"].update_one(
            {"_id": {"noun": noun, "key": key, "slot": tx.slot}},
            {"$inc": {"n": by}, "$setOnInsert": {"noun": noun, "key": key}},
            upsert=True,
        )


class MongoFigures:
    """Fulfils `lrs.store.figures.Figures`."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    def counts(self, noun: Noun) -> Mapping[str, int]:
        """Return how many there are by key, in the order of the keys; none that is zero."""
        sums: Counter[str] = Counter()
        with reported():
            for found in self._database["figure"].find({"noun": noun}):
                sums[found["key"]] += found["n"]
        return {key: sums[key] for key in sorted(sums) if sums[key]}

    def total(self, noun: Noun) -> int:
        """Return how many there are of all keys; of records, of those that serve."""
        if noun == "record":
            with reported():
                serving = self._database["generation"].find_one({"state": "serving"})
            return self.counts(noun).get(str(serving["_id"]), 0) if serving else 0
        return sum(self.counts(noun).values())

    def received_in(self, minutes: Sequence[int]) -> list[int]:
        """Return how many statements came in each of the minutes."""
        sums: Counter[int] = Counter()
        with reported():
            wanted = {"$in": [moment_of(minute) for minute in minutes]}
            for found in self._database["arrival"].find({"minute": wanted}):
                sums[instant_of(found["minute"])] += found["n"]
        return [sums[minute] for minute in minutes]
