"""Sessions of browsers in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pymongo import DESCENDING, IndexModel

from lrs.store.mongo.database import MongoDatabase, Transaction, reported
from lrs.store.mongo.facts import note_act
from lrs.store.people import LONGEST_LIFE, USE_NOTED_EVERY
from schemas.audit import Act
from schemas.people import Session
from schemas.times import moment_of

INDEXES = {
    "session": [
        IndexModel([("principal", 1), ("created", DESCENDING)]),
        IndexModel(
            [("used_moment", 1)],
            expireAfterSeconds=int(timedelta(microseconds=LONGEST_LIFE).total_seconds()),
        ),
    ]
}


class MongoSessions:
    """Fulfils `lrs.store.people.Sessions`."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    def start(self, hashed: bytes, principal: str, act: Act) -> None:
        """Start a session under the hash of its token."""

        def work(tx: Transaction) -> None:
            tx["session"].insert_one(
                {"_id": hashed, "principal": principal, "created": tx.instant, **_used(tx.instant)}
            )
            note_act(tx, act)

        self._database.write(work)

    def find(self, hashed: bytes, *, idle: int, life: int) -> Session | None:
        """Return the session unless it ended, lay idle for `idle` microseconds or is `life` old."""
        with reported():
            found = self._database["session"].find_one({"_id": hashed})
        now = self._database.now()
        if found is None or now - found["created"] >= life or now - found["used"] >= idle:
            return None
        if now - found["used"] >= USE_NOTED_EVERY:
            self._database.write(
                lambda tx: tx["session"].update_one({"_id": hashed}, {"$set": _used(tx.instant)})
            )
        return _session(found)

    def of(self, principal: str) -> list[Session]:
        """Return the sessions of a principal that have not ended, the latest first."""
        with reported():
            found = self._database["session"].find({"principal": principal})
            return [_session(one) for one in found.sort("created", DESCENDING)]

    def end(self, hashed: bytes, act: Act) -> None:
        """End a session."""

        def work(tx: Transaction) -> None:
            if tx["session"].delete_one({"_id": hashed}).deleted_count:
                note_act(tx, act)

        self._database.write(work)

    def end_all(self, principal: str, act: Act) -> int:
        """End every session of a principal; return how many there were."""

        def work(tx: Transaction) -> int:
            ended = end_sessions(tx, principal)
            note_act(tx, act)
            return ended

        return self._database.write(work)


def end_sessions(tx: Transaction, principal: str) -> int:
    """End every session of a principal; return how many there were."""
    return int(tx["session"].delete_many({"principal": principal}).deleted_count)


def _used(instant: int) -> dict[str, Any]:
    """When a session was used, and the same as a moment, which the server forgets it by."""
    return {"used": instant, "used_moment": moment_of(instant)}


def _session(found: Mapping[str, Any]) -> Session:
    return Session(
        hash=found["_id"],
        principal=found["principal"],
        created=found["created"],
        used=found["used"],
    )
