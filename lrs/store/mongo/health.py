"""The health of the MongoDB store, and when it was last backed up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from pymongo import ASCENDING, DESCENDING, IndexModel

from lrs.store.copies import Progress
from lrs.store.errors import StoreError
from lrs.store.health import MOST_COUNTED, Part, Place, Waiting
from lrs.store.mongo.database import MongoDatabase, Snapshot, reported
from lrs.store.mongo.lanes import instant_at

INDEXES: dict[str, list[IndexModel]] = {"health_mark": []}


class MongoHealth:
    """Fulfils `lrs.store.health.Health`. What waits is counted along an index."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    def write(self) -> None:
        """Bring a mark to the disk."""
        _mark(self._database, "written")

    def waiting(self) -> Mapping[Part, Waiting]:
        """Return what waits for each part."""
        with self._database.snapshot() as snapshot:
            serving = snapshot["generation"].find_one({"state": "serving"}, {"seq": 1})
            leaf = _first(snapshot, "ledger_leaf", {}, "_id", DESCENDING)
            projected = {"s": {"$gt": serving["seq"] if serving else 0}}
            logged = {"_id": {"$gt": leaf["fact"] if leaf else 0}}
            return {
                "projection": _waiting(
                    snapshot, "statement", projected, "s", lambda one: instant_at(one["s"])
                ),
                "ledger": _waiting(snapshot, "fact", logged, "_id", lambda one: int(one["at"])),
                "evaluation": _waiting(
                    snapshot, "due_evaluation", {"marked": {"$lte": self._database.now()}}, "marked"
                ),
                "imports": _waiting(snapshot, "import", {"open": True}, "created"),
                "outbox": _waiting(snapshot, "outbox", {"parked": False}, "queued"),
            }

    def statements(self) -> int:
        """Return how many statements were ever stored."""
        with reported():
            return self._database["statement"].estimated_document_count()

    def place(self) -> Place:
        """Return the room that the database takes and has left, on all of its shards together."""
        with reported():
            told = self._database.command("dbStats")
        free = None
        if "fsTotalSize" in told:
            free = int(told["fsTotalSize"] - told["fsUsedSize"])
        return Place(used=int(told["storageSize"] + told["indexSize"]), log=0, free=free)


class MongoCopies:
    """Fulfils `lrs.store.copies.Copies`: MongoDB's own tools make copies, we keep when."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    def copy(self, target: Path, progress: Progress) -> NoReturn:
        """Raise StoreError: a copy through the driver would not be of one moment."""
        raise StoreError(
            "a store on MongoDB is copied with MongoDB's own tools: `mongodump --oplog`, or a "
            "snapshot of every member; copy the data folder as well, it has the root secret and "
            "all files"
        )

    def noted(self, instant: int) -> None:
        """Remember when the last backup was made."""
        _mark(self._database, "backup", instant)

    def last(self) -> int | None:
        """Return when the last backup was made."""
        with reported():
            found = self._database["health_mark"].find_one({"_id": "backup"})
        return found["at"] if found else None


def _mark(database: MongoDatabase, name: str, instant: int | None = None) -> None:
    database.write(
        lambda tx: tx["health_mark"].update_one(
            {"_id": name},
            {"$set": {"at": tx.instant if instant is None else instant}},
            upsert=True,
        )
    )


def _first(
    snapshot: Snapshot, collection: str, where: Mapping[str, Any], field: str, order: int
) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = snapshot[collection].find_one(where, sort=[(field, order)])
    return found


def _waiting(
    snapshot: Snapshot,
    collection: str,
    where: Mapping[str, Any],
    field: str,
    since: Callable[[Mapping[str, Any]], int] | None = None,
) -> Waiting:
    """Count what meets a condition; `since` tells of the first by a field since when it waits, by
    default the field itself.
    """
    oldest = _first(snapshot, collection, where, field, ASCENDING)
    if oldest is None:
        return Waiting(0, None)
    much = snapshot[collection].count_documents(where, limit=MOST_COUNTED)
    return Waiting(much, since(oldest) if since else int(oldest[field]))
