"""Rosters in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from pymongo import IndexModel, ReplaceOne, UpdateOne

from lrs.store.mongo.database import MongoDatabase, Transaction, reported
from lrs.store.mongo.lanes import first_after
from lrs.store.mongo.queries import beyond, bulk, name_of
from schemas.rosters import RosterChange, RosterEntry, RosterNoun, noun_of

INDEXES = {
    "roster_entry": [
        IndexModel([("seq", 1)]),
        IndexModel([("roster", 1), ("noun", 1), ("ended", 1), ("id", 1)]),
        IndexModel([("roster", 1), ("noun", 1), ("ended", 1), ("import", 1)]),
    ]
}

ENDED_AT_ONCE = 500
"""Entries that are ended in one transaction."""

_entry: msgspec.json.Decoder[RosterEntry] = msgspec.json.Decoder(RosterEntry)


class MongoRosters:
    """Fulfils `lrs.store.rosters.Rosters`."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    def put(self, roster: str, import_id: str, entries: Sequence[RosterEntry]) -> list[bool]:
        """Bring entries up to date, whole; tell of each whether it was new or changed."""
        wanted = [_document(roster, import_id, entry) for entry in entries]

        def work(tx: Transaction) -> list[bool]:
            ids = [one["_id"] for one in wanted]
            known = {one["_id"]: one for one in tx["roster_entry"].find({"_id": {"$in": ids}})}
            changed, operations = [], list[Any]()
            for one in wanted:
                name = {"_id": one["_id"]}
                kept = known.get(one["_id"])
                changed.append(kept is None or kept["body"] != one["body"] or kept["ended"])
                if changed[-1]:
                    new = {**one, "seq": tx.next_seq(), "at": tx.instant}
                    operations.append(ReplaceOne(name, new, upsert=True))
                    known[one["_id"]] = new
                else:
                    operations.append(UpdateOne(name, {"$set": {"import": import_id}}))
            bulk(tx, "roster_entry", operations)
            return changed

        return self._database.write(work)

    def end(self, roster: str, noun: RosterNoun, ids: Sequence[str]) -> int:
        """End entries that the roster says are deleted; return how many there were."""
        return self._end({"roster": roster, "noun": noun, "id": {"$in": list(ids)}})

    def end_others(self, roster: str, noun: RosterNoun, import_id: str) -> int:
        """End the entries of a noun that the import did not bring."""
        return self._end({"roster": roster, "noun": noun, "import": {"$ne": import_id}})

    def following(self, seq: int, limit: int) -> list[RosterChange]:
        """Return up to `limit` changes of all rosters after the seq, oldest first."""
        with reported():
            end = first_after(self._database.lanes.through())
            found = self._database["roster_entry"].find({"seq": {"$gt": seq, "$lt": end}})
            return [_change(one) for one in found.sort("seq").limit(limit)]

    def entries(
        self, roster: str, noun: RosterNoun, after: str | None, limit: int
    ) -> list[RosterChange]:
        """Return a page of a roster's entries that have not ended, in the order of their ids."""
        place = None if after is None else [after]
        where = {"roster": roster, "noun": noun, "ended": False, **beyond(["id"], place)}
        with reported():
            found = self._database["roster_entry"].find(where)
            return [_change(one) for one in found.sort("id").limit(limit)]

    def entry(self, roster: str, noun: RosterNoun, entry_id: str) -> RosterChange | None:
        """Return an entry, an ended one too."""
        name = name_of(roster, noun, entry_id)
        with reported():
            found = self._database["roster_entry"].find_one({"_id": name})
        return _change(found) if found else None

    def names(self) -> list[str]:
        """Return the names of the rosters."""
        with reported():
            return sorted(self._database["roster_entry"].distinct("roster"))

    def _end(self, where: Mapping[str, Any]) -> int:
        """End the entries that meet a condition, a piece in each transaction."""

        def work(tx: Transaction) -> int:
            entries = tx["roster_entry"]
            found = entries.find({**where, "ended": False}, {"_id": 1}).limit(ENDED_AT_ONCE)
            operations = [
                UpdateOne(
                    {"_id": one["_id"]},
                    {"$set": {"ended": True, "seq": tx.next_seq(), "at": tx.instant}},
                )
                for one in found
            ]
            bulk(tx, "roster_entry", operations)
            return len(operations)

        ended = 0
        while piece := self._database.write(work):
            ended += piece
        return ended


def _document(roster: str, import_id: str, entry: RosterEntry) -> dict[str, Any]:
    noun = noun_of(entry)
    return {
        "_id": name_of(roster, noun, entry.id),
        "roster": roster,
        "noun": noun,
        "id": entry.id,
        "import": import_id,
        "ended": False,
        "body": msgspec.json.encode(entry),
    }


def _change(found: Mapping[str, Any]) -> RosterChange:
    return RosterChange(
        seq=found["seq"],
        at=found["at"],
        roster=found["roster"],
        ended=found["ended"],
        entry=_entry.decode(found["body"]),
    )
