"""Collections, indexes and shard keys, made at start where they are missing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import IndexModel, MongoClient
from pymongo.database import Database
from pymongo.errors import OperationFailure

Indexes = Mapping[str, Sequence[IndexModel]]
"""The indexes of each collection beside that on `_id`."""

SHARDED: Mapping[str, Mapping[str, Any]] = {
    "statement": {"_id": "hashed"},
    "document": {"_id": "hashed"},
    "event": {"persona": 1, "_id": 1},
    "record": {"persona": 1, "_id": 1},
}
"""The collections that grow with the statements, each with its shard key. All others fit on one
machine and stay on the first shard, where transactions are cheapest."""

NAMESPACE_EXISTS = 48


def prepare(client: MongoClient[Any], database: Database[Any], indexes: Indexes) -> None:
    """Make what is missing; nothing is asked of the server where all was made before."""
    wanted = _fingerprint(indexes)
    made = database["schema"].find_one({"_id": "schema"})
    if made is not None and made["fingerprint"] == wanted:
        return
    for name, models in indexes.items():
        try:
            database.create_collection(name)
        except OperationFailure as failure:
            if failure.code != NAMESPACE_EXISTS:
                raise
        if models:
            database[name].create_indexes(list(models))
    for name in ("watermark", "fence", "guard", "counter"):
        if name not in database.list_collection_names():
            database.create_collection(name)
    if client.admin.command("hello").get("msg") == "isdbgrid":
        for name, key in SHARDED.items():
            client.admin.command("shardCollection", f"{database.name}.{name}", key=key)
    database["schema"].update_one({"_id": "schema"}, {"$set": {"fingerprint": wanted}}, upsert=True)


def _fingerprint(indexes: Indexes) -> str:
    described = [
        (name, [(list(one.document["key"].items()), str(one.document)) for one in models])
        for name, models in sorted(indexes.items())
    ]
    return hashlib.sha256(repr(described).encode()).hexdigest()
