"""Engagements in MongoDB."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import msgspec
from pymongo import DESCENDING, IndexModel

from lrs.store.mongo.database import MongoDatabase, Transaction, reported
from lrs.store.mongo.facts import note_act
from lrs.store.mongo.queries import beyond
from schemas.audit import Act
from schemas.engagements import Engagement

INDEXES = {
    "engagement": [
        IndexModel([("created", 1), ("_id", 1)]),
        IndexModel([("auditor", 1), ("created", 1), ("_id", 1)]),
    ]
}

CLAIMS_AT_ONCE = 1000
"""So many claims of a population are looked up in one go."""


class MongoEngagements:
    """Fulfils `lrs.store.engagements.Engagements`."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    def add(self, engagement: Engagement, act: Act) -> Engagement:
        """Add an engagement with the act; returns it with its time."""

        def work(tx: Transaction) -> Engagement:
            made = msgspec.structs.replace(engagement, created=tx.instant)
            document: dict[str, Any] = msgspec.to_builtins(made)
            tx["engagement"].insert_one({"_id": document.pop("id"), **document})
            note_act(tx, act)
            return made

        return self._database.write(work)

    def get(self, engagement: str) -> Engagement | None:
        """Return the engagement."""
        with reported():
            found = self._database["engagement"].find_one({"_id": engagement})
        return _engagement(found) if found else None

    def page(
        self, after: tuple[int, str] | None, limit: int, auditor: str | None = None
    ) -> list[Engagement]:
        """Return a page of engagements, of all auditors or of one, the newest first."""
        where = beyond(("created", "_id"), after, descending=True)
        if auditor is not None:
            where["auditor"] = auditor
        newest = [("created", DESCENDING), ("_id", DESCENDING)]
        with reported():
            found = self._database["engagement"].find(where).sort(newest).limit(limit)
            return [_engagement(one) for one in found]

    def end(self, engagement: str, act: Act) -> bool:
        """End an engagement now, with the act; False where it has ended or there is none."""

        def work(tx: Transaction) -> bool:
            found = tx["engagement"].find_one({"_id": engagement})
            if found is None or not _engagement(found).in_force(tx.instant):
                return False
            tx["engagement"].update_one({"_id": engagement}, {"$set": {"ended": tx.instant}})
            note_act(tx, act)
            return True

        return self._database.write(work)

    def population(self, engagement: Engagement, unit: str | None, size: int) -> Iterator[str]:
        """Yield the ids of the claims within the scope that are among so many leaves."""
        units = engagement.units if unit is None else (unit,)
        made = {"kind": "claimed", "at": {"$gte": engagement.since, "$lt": engagement.until}}
        of_units = {"unit": {"$in": list(units)}} if units else {}
        with reported():
            facts = self._database["fact"].find(made, {"subject": 1}).sort([("at", 1), ("_id", 1)])
            while some := list(islice(facts, CLAIMS_AT_ONCE)):
                leaves = {"fact": {"$in": [one["_id"] for one in some]}, "_id": {"$lt": size}}
                logged = {one["fact"] for one in self._database["ledger_leaf"].find(leaves)}
                claims = [one["subject"] for one in some if one["_id"] in logged]
                yield from self._of_units(claims, of_units)

    def _of_units(self, claims: list[str], of_units: Mapping[str, Any]) -> Iterator[str]:
        found = self._database["claim"].find({"_id": {"$in": claims}, **of_units}, {"_id": 1})
        there = {one["_id"] for one in found}
        return (claim for claim in claims if claim in there)


def _engagement(found: Mapping[str, Any]) -> Engagement:
    return msgspec.convert({**found, "id": found["_id"]}, Engagement)
