"""Personas and units that are due to be evaluated again, in MongoDB.

Where a change concerns more people than one transaction can mark, it leaves a sweep: a document
that says who is to be marked and how far that has come. Whoever made the change carries it out;
where they died over it, whoever asks what is due does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import product
from typing import Any

from pymongo import DeleteOne, IndexModel, UpdateOne

from lrs.store.achievements import DueEvaluation
from lrs.store.mongo.database import MongoDatabase, Snapshot, Transaction, reported
from lrs.store.mongo.queries import name_of

INDEXES = {
    "due_evaluation": [IndexModel([("marked", 1)])],
    "sweep": [],
}

STEP = 500
"""Personas or achievements that a sweep goes on by in one transaction."""

ABANDONED = 30_000_000
"""Microseconds after which a sweep that does not go on is carried on by others."""


def mark(tx: Transaction, due: Iterable[tuple[str, str]]) -> int:
    """Mark pairs of persona and unit as due from now on; return how many."""
    pairs = sorted(set(due))
    # A mark is told from a later one by its instant, which therefore is never given twice nor an
    # earlier one. An evaluation that was put off has an instant that is still to come.
    later = {"$max": [tx.instant, {"$add": ["$marked", 1]}]}
    marked = {"$cond": [{"$eq": ["$put_off", True]}, tx.instant, later]}
    if pairs:
        tx["due_evaluation"].bulk_write(
            [
                UpdateOne(
                    {"_id": name_of(persona, unit)},
                    [
                        {
                            "$set": {
                                "persona": {"$literal": persona},
                                "unit": {"$literal": unit},
                                "marked": marked,
                                "put_off": False,
                            }
                        }
                    ],
                    upsert=True,
                )
                for persona, unit in pairs
            ]
        )
    return len(pairs)


def put_off(tx: Transaction, due: Iterable[tuple[str, str, int]]) -> None:
    """Let a persona be evaluated for a unit at an instant, unless that is due anyway."""
    later = [
        UpdateOne(
            {"_id": name_of(persona, unit)},
            {
                "$setOnInsert": {
                    "persona": persona,
                    "unit": unit,
                    "marked": instant,
                    "put_off": True,
                }
            },
            upsert=True,
        )
        for persona, unit, instant in due
    ]
    if later:
        tx["due_evaluation"].bulk_write(later)


def settled(tx: Transaction, due: Iterable[DueEvaluation]) -> None:
    """Take marks away that were seen to, but those that were set anew since."""
    seen = [DeleteOne({"_id": name_of(one.persona, one.unit), "marked": one.marked}) for one in due]
    if seen:
        tx["due_evaluation"].bulk_write(seen)


def mark_of_persona(tx: Transaction, persona: str, state: str | None = None) -> None:
    """Mark a persona due for what it has achievements of, of any state or one."""
    where = {"persona": persona} if state is None else {"persona": persona, "state": state}
    mark(tx, ((persona, one["unit"]) for one in tx["achievement"].find(where, {"unit": 1})))


def due(database: MongoDatabase, limit: int) -> list[DueEvaluation]:
    """Return up to `limit` evaluations to be made, the oldest marks first."""
    now = database.now()
    with reported():
        abandoned = database["sweep"].find_one({"told": {"$lt": now - ABANDONED}}, {"_id": 1})
        if abandoned is not None:
            _go_on(database, abandoned["_id"])
        found = database["due_evaluation"].find({"marked": {"$lte": now}})
        return [
            DueEvaluation(one["persona"], one["unit"], one["marked"])
            for one in found.sort("marked").limit(limit)
        ]


def sweep_achievements(tx: Transaction, where: Mapping[str, Any]) -> int:
    """Leave a sweep over the achievements that meet a condition, each for its own unit."""
    return _leave(tx, {"where": where, "place": ""})


def sweep_personas(
    tx: Transaction,
    units: Collection[str],
    *,
    activities: Collection[str] = (),
    achieved: Collection[str] = (),
    versions: tuple[str, Collection[int]] = ("", ()),
) -> int:
    """Leave a sweep over personas with events of activities, or with an achievement of units or of
    some versions of one; each is marked for all of `units`.
    """
    concerned = {
        "activities": sorted(activities),
        "achieved": sorted(achieved),
        "versions": [versions[0], sorted(versions[1])],
    }
    return _leave(tx, {"units": sorted(set(units)), "concerned": concerned, "place": ""})


def carry_out(database: MongoDatabase, sweep: int) -> int:
    """Carry a sweep out that was left, and return how many it marked."""
    marked = 0
    while (so_far := _go_on(database, sweep)) is not None:
        marked = so_far
    return marked


def personas_concerned(
    snapshot: Snapshot,
    *,
    activities: Collection[str],
    achieved: Collection[str],
    versions: tuple[str, Collection[int]],
    after: str,
    limit: int,
) -> tuple[list[str], bool]:
    """Return the next personas after one, in order, and whether these were the last ones.

    They have records of activities or within, in the generation that serves, achievements of
    units, or of some versions of one. There may be fewer than `limit` though more are to come.
    """
    queries: list[tuple[str, dict[str, Any]]] = []
    serving = snapshot["generation"].find_one({"state": "serving"}, {"_id": 1})
    if serving is not None and activities:
        of_records = {"generation": serving["_id"], "within": {"$in": list(activities)}}
        queries.append(("record", of_records))
    if achieved:
        queries.append(("achievement", {"unit": {"$in": list(achieved)}}))
    if versions[1]:
        queries.append(
            ("achievement", {"unit": versions[0], "version": {"$in": list(versions[1])}})
        )
    found: set[str] = set()
    ends: list[str] = []
    for collection, where in queries:
        rows = snapshot[collection].find({**where, "persona": {"$gt": after}}, {"persona": 1})
        personas = [one["persona"] for one in rows.sort("persona").limit(limit)]
        found.update(personas)
        if len(personas) == limit:
            ends.append(personas[-1])
    # Behind where the first of the queries broke off, it may have some that the others have not.
    known = sorted(one for one in found if not ends or one <= min(ends))
    return known[:limit], not ends and len(known) <= limit


def _leave(tx: Transaction, sweep: Mapping[str, Any]) -> int:
    number = tx.next_seq()
    tx["sweep"].insert_one({"_id": number, **sweep, "marked": 0, "told": tx.instant})
    return number


def _go_on(database: MongoDatabase, number: int) -> int | None:
    """Take a sweep a step further; return how many it has marked, None where it is over."""

    def work(tx: Transaction) -> int | None:
        sweep = tx["sweep"].find_one({"_id": number})
        if sweep is None:
            return None
        pairs, place = _over_personas(tx, sweep) if "units" in sweep else _over_own(tx, sweep)
        marked = int(sweep["marked"]) + mark(tx, pairs)
        if place is None:
            tx["sweep"].delete_one({"_id": number})
        else:
            tx["sweep"].update_one(
                {"_id": number}, {"$set": {"place": place, "marked": marked, "told": tx.instant}}
            )
        return marked

    return database.write(work)


def _over_personas(
    tx: Transaction, sweep: Mapping[str, Any]
) -> tuple[Iterable[tuple[str, str]], str | None]:
    personas, last = personas_concerned(tx, **sweep["concerned"], after=sweep["place"], limit=STEP)
    return product(personas, sweep["units"]), None if last else personas[-1]


def _over_own(
    tx: Transaction, sweep: Mapping[str, Any]
) -> tuple[Iterable[tuple[str, str]], str | None]:
    where = {**sweep["where"], "_id": {"$gt": sweep["place"]}}
    rows = tx["achievement"].find(where, {"persona": 1, "unit": 1}).sort("_id").limit(STEP)
    found = list(rows)
    place = found[-1]["_id"] if len(found) == STEP else None
    return [(one["persona"], one["unit"]) for one in found], place
