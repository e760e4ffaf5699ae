"""What rosters say of persons in MongoDB: under which identifiers they know whom, and where.

Whoever changes it guards "rosters": what other persons are given is read, and not written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, combinations, groupby, islice
from typing import Any

from pymongo import IndexModel

from lrs.store.mongo.database import Snapshot, Transaction
from lrs.store.mongo.queries import name_of
from schemas.identity import Suggestion

INDEXES = {
    "employment": [
        IndexModel([("several", 1), ("organisation", 1), ("name", 1), ("base", 1)]),
        IndexModel([("base", 1)]),
        IndexModel([("roster", 1), ("person", 1)]),
    ],
    "roster_identifier": [
        IndexModel([("roster", 1), ("identifier", 1)]),
        IndexModel([("roster", 1), ("person", 1)]),
        IndexModel([("identifier", 1)]),
    ],
}

PAIRS = 200
"""Suggestions that are looked at at once."""


def claim(tx: Transaction, roster: str, person: str, identifiers: Sequence[str]) -> None:
    """Keep which identifiers the roster gives to the person."""
    claims = [
        {
            "_id": name_of(roster, identifier, person),
            "roster": roster,
            "identifier": identifier,
            "person": person,
        }
        for identifier in dict.fromkeys(identifiers)
    ]
    _keep(tx, "roster_identifier", roster, person, claims)


def shared(tx: Transaction, roster: str, person: str, identifiers: Sequence[str]) -> set[str]:
    """Return which of the identifiers the roster gives to other persons as well."""
    found = tx["roster_identifier"].find(
        {"roster": roster, "identifier": {"$in": list(identifiers)}, "person": {"$ne": person}}
    )
    return {one["identifier"] for one in found}


def employ(
    tx: Transaction,
    roster: str,
    person: str,
    base: str | None,
    *,
    name: str,
    organisations: Sequence[tuple[str, str]],
) -> None:
    """Keep who employs the person, who is `base`; `several` tells that others there have the name
    too.
    """
    employments = []
    for organisation, title in dict(reversed(organisations)).items() if base else ():
        here = {"several": {"$in": [False, True]}, "organisation": organisation, "name": name}
        namesake = tx["employment"].find_one({**here, "base": {"$ne": base}}, {"_id": 1})
        if namesake is not None:
            tx["employment"].update_many({**here, "several": False}, {"$set": {"several": True}})
        employments.append(
            {
                "_id": name_of(organisation, name, base or "", roster, person),
                "organisation": organisation,
                "name": name,
                "base": base,
                "roster": roster,
                "person": person,
                "organisation_name": title,
                "several": namesake is not None,
            }
        )
    _keep(tx, "employment", roster, person, employments)


def listed(tx: Transaction, roster: str, person: str) -> set[tuple[str, str]]:
    """Return the organisations that a roster lists a person in, each with the persona."""
    found = tx["employment"].find({"roster": roster, "person": person})
    return {(one["organisation"], one["base"]) for one in found}


def suggested(
    snapshot: Snapshot, after: tuple[str, str, str, str] | None, limit: int
) -> list[Suggestion]:
    """Return a page of personas of one name and employer of whom no link was ever proposed."""
    namesakes = _namesakes(snapshot, after)
    found: list[Suggestion] = []
    while len(found) < limit and (pairs := list(islice(namesakes, PAIRS))):
        found += _open(snapshot, pairs)
    return found[:limit]


def _keep(
    tx: Transaction,
    collection: str,
    roster: str,
    person: str,
    documents: Sequence[Mapping[str, Any]],
) -> None:
    """Let the roster's documents of the person be these; what is the same is not written."""
    wanted = {one["_id"]: one for one in documents}
    kept = {one["_id"]: one for one in tx[collection].find({"roster": roster, "person": person})}
    gone = [name for name, one in kept.items() if one != wanted.get(name)]
    if gone:
        tx[collection].delete_many({"_id": {"$in": gone}})
    new = [one for name, one in wanted.items() if one != kept.get(name)]
    if new:
        tx[collection].insert_many(new)


def _namesakes(snapshot: Snapshot, after: tuple[str, str, str, str] | None) -> Iterator[Suggestion]:
    """Yield all pairs of one name and employer after a place, in their order."""
    place = after or ("", "", "", "")
    where = {
        "several": True,
        "organisation": {"$gte": place[0]},
        "$or": [{"organisation": {"$gt": place[0]}}, {"name": {"$gte": place[1]}}],
    }
    found = snapshot["employment"].find(where)
    order = found.sort([("organisation", 1), ("name", 1), ("base", 1)])
    for (organisation, name), group in groupby(
        order, lambda one: (one["organisation"], one["name"])
    ):
        titles: dict[str, str] = {}
        for one in group:
            titles[one["base"]] = max(titles.get(one["base"], ""), one["organisation_name"])
        for persona, other in combinations(titles, 2):
            if name and (organisation, name, persona, other) > place:
                yield Suggestion(
                    organisation=organisation,
                    name=name,
                    persona=persona,
                    other=other,
                    organisation_name=titles[persona],
                )


def _open(snapshot: Snapshot, pairs: Sequence[Suggestion]) -> list[Suggestion]:
    """Return those of whom neither is merged and no link was ever proposed."""
    personas = {"$in": sorted({*chain(*((one.persona, one.other) for one in pairs))})}
    there = {
        one["_id"]
        for one in snapshot["persona"].find({"_id": personas, "merged_into": None}, {"_id": 1})
    }
    linked = {
        frozenset((one["persona"], one["other"]))
        for one in snapshot["identity_link"].find(
            {"persona": personas, "other": personas}, {"persona": 1, "other": 1}
        )
    }
    return [
        one
        for one in pairs
        if {one.persona, one.other} <= there and frozenset((one.persona, one.other)) not in linked
    ]
