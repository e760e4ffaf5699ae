"""The keys that we sign in with, in MongoDB."""

from __future__ import annotations

from pymongo import DESCENDING, IndexModel

from lrs.store.client_keys import FIRST_OF_OLD
from lrs.store.mongo.database import MongoDatabase, Transaction, reported

INDEXES = {"client_key": [IndexModel([("signs_from", DESCENDING)])]}


class MongoClientKeys:
    """Fulfils `lrs.store.client_keys.ClientKeys`."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    def first(self, kid: str, sealed: bytes) -> bytes:
        """Keep the first key unless there is one; return the one that signs."""

        def work(tx: Transaction) -> None:
            # Two that find none would both keep theirs, under names of their own.
            tx.guard("client_key")
            if tx["client_key"].find_one({}, {"_id": 1}) is None:
                old = tx["setting"].find_one({"_id": FIRST_OF_OLD})
                _keep(tx, kid, old["value"] if old else sealed, 0)

        if self.signing() is None:
            self._database.write(work)
        signing = self.signing()
        assert signing is not None  # noqa: S101 - the first key signs from the beginning
        return signing

    def add(self, kid: str, sealed: bytes, before: float, after: float) -> None:
        """Keep a key that signs in `before` seconds and publish those before it until `after`
        seconds later.
        """

        def work(tx: Transaction) -> None:
            tx.guard("client_key")
            signs_from = tx.instant + int(before * 1e6)
            end = signs_from + int(after * 1e6)
            for one in list(tx["client_key"].find()):
                until = min(one["published_until"] or end, end)
                if until <= tx.instant:
                    tx["client_key"].delete_one({"_id": one["_id"]})
                else:
                    tx["client_key"].update_one(
                        {"_id": one["_id"]}, {"$set": {"published_until": until}}
                    )
            _keep(tx, kid, sealed, signs_from)

        self._database.write(work)

    def signing(self) -> bytes | None:
        """Return the key that signs now, None where there is none yet."""
        with reported():
            found = self._database["client_key"].find_one(
                {"signs_from": {"$lte": self._database.now()}}, sort=[("signs_from", DESCENDING)]
            )
        return found["sealed"] if found else None

    def published(self) -> list[bytes]:
        """Return the keys that are published now, in the order in which they sign."""
        now = self._database.now()
        still = {"$or": [{"published_until": None}, {"published_until": {"$gt": now}}]}
        with reported():
            found = self._database["client_key"].find(still).sort("signs_from")
            return [one["sealed"] for one in found]


def _keep(tx: Transaction, kid: str, sealed: bytes, signs_from: int) -> None:
    tx["client_key"].insert_one(
        {"_id": kid, "sealed": sealed, "signs_from": signs_from, "published_until": None}
    )
