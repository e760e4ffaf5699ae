"""Small values that an installation keeps for itself, in MongoDB."""

from __future__ import annotations

from pymongo import IndexModel

from lrs.store.mongo.database import MongoDatabase, Transaction, reported

INDEXES: dict[str, list[IndexModel]] = {"setting": []}


class MongoSettings:
    """Fulfils `lrs.store.settings.StoreSettings`."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    def get(self, name: str) -> bytes | None:
        """Return the value, None where there is none."""
        with reported():
            found = self._database["setting"].find_one({"_id": name})
        return found["value"] if found else None

    def keep(self, name: str, value: bytes) -> bytes:
        """Write the value unless there is one; return the one that stands."""

        def work(tx: Transaction) -> bytes:
            found = tx["setting"].find_one({"_id": name})
            if found is None:
                tx["setting"].insert_one({"_id": name, "value": value})
                return value
            kept: bytes = found["value"]
            return kept

        return self._database.write(work)
