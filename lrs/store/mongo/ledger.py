"""The ledger in MongoDB."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pymongo import DESCENDING, IndexModel, ReplaceOne

from lrs.store.ledger import Growth, LedgerKey, Opening, SignedCheckpoint, StoredLeaf
from lrs.store.mongo.database import MongoDatabase, Transaction, reported

INDEXES = {
    "ledger_leaf": [IndexModel([("fact", 1)], unique=True)],
    "ledger_opening": [
        IndexModel([("persona", 1)], partialFilterExpression={"persona": {"$exists": True}})
    ],
    "ledger_tile": [],
    "ledger_checkpoint": [IndexModel([("worth", 1), ("_id", 1)])],
    "ledger_key": [],
}

TIMESTAMPED, COSIGNED = 2, 1
"""What a checkpoint has to show for itself; its `worth` is the sum."""


class MongoLedger:
    """Fulfils `lrs.store.ledger.Ledger`.

    Leaves are in the order of facts because whoever appends reads these up to the watermark, before
    which none appears any more; appending is guarded, so that one tree grows from another.
    """

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    def append(self, growth: Growth) -> bool:
        """Write a growth whole; False, with nothing written, where another came before."""
        first = growth.size

        def work(tx: Transaction) -> bool:
            tx.guard("ledger")
            last = tx["ledger_leaf"].find_one({}, {"_id": 1}, sort=[("_id", DESCENDING)])
            if first != (last["_id"] + 1 if last else 0):
                return False
            leaves = list(enumerate(growth.leaves, first))
            if leaves:
                tx["ledger_leaf"].insert_many(
                    [
                        {"_id": index, "fact": leaf.fact, "entry": leaf.entry}
                        for index, leaf in leaves
                    ]
                )
                tx["ledger_opening"].insert_many(
                    [_opening(index, leaf.opening) for index, leaf in leaves]
                )
            tiles = [
                ReplaceOne({"_id": _tile(*place)}, {"hashes": hashes}, upsert=True)
                for place, hashes in growth.tiles.items()
            ]
            if tiles:
                tx["ledger_tile"].bulk_write(tiles)
            size = first + len(leaves)
            if tx["ledger_checkpoint"].find_one({"_id": size}, {"_id": 1}) is None:
                tx["ledger_checkpoint"].insert_one(
                    {
                        "_id": size,
                        "root": growth.root,
                        "at": tx.instant,
                        "note": growth.note,
                        "cosignatures": "",
                        "timestamp": None,
                        "worth": 0,
                    }
                )
            return True

        return self._database.write(work)

    def place(self) -> tuple[int, int]:
        """Return how many leaves there are, and the seq of the last fact among them."""
        with reported():
            last = self._database["ledger_leaf"].find_one(
                {}, {"fact": 1}, sort=[("_id", DESCENDING)]
            )
        return (last["_id"] + 1, last["fact"]) if last else (0, 0)

    def tile(self, level: int, index: int) -> bytes | None:
        """Return the hashes of a tile, as many as there are."""
        with reported():
            found = self._database["ledger_tile"].find_one({"_id": _tile(level, index)})
        return found["hashes"] if found else None

    def entries(self, start: int, limit: int) -> list[bytes]:
        """Return up to `limit` entries from the leaf `start` on."""
        with reported():
            found = self._database["ledger_leaf"].find({"_id": {"$gte": start}}, {"entry": 1})
            return [one["entry"] for one in found.sort("_id").limit(limit)]

    def of_facts(self, facts: Iterable[int]) -> dict[int, StoredLeaf]:
        """Return the leaf of each fact (seq) that has one."""
        with self._database.snapshot() as snapshot:
            leaves = list(snapshot["ledger_leaf"].find({"fact": {"$in": list(facts)}}))
            which = {"_id": {"$in": [leaf["_id"] for leaf in leaves]}}
            openings = {one["_id"]: one for one in snapshot["ledger_opening"].find(which)}
        return {leaf["fact"]: _leaf(leaf, openings.get(leaf["_id"])) for leaf in leaves}

    def checkpoint(self, at_least: int = 0) -> SignedCheckpoint | None:
        """Return the newest checkpoint, or the best of those of at least so many leaves."""
        order = [("_id", DESCENDING)]
        if at_least:
            order.insert(0, ("worth", DESCENDING))
        with reported():
            found = self._database["ledger_checkpoint"].find_one(
                {"_id": {"$gte": at_least}}, sort=order
            )
        return SignedCheckpoint(size=found["_id"], **_but(found, "_id", "worth")) if found else None

    def resign(self, checkpoint: SignedCheckpoint, note: str) -> None:
        """Replace a checkpoint's note by one of the same text with other signatures."""
        self._database.write(
            lambda tx: tx["ledger_checkpoint"].update_one(
                {"_id": checkpoint.size}, {"$set": {"note": note}}
            )
        )

    def add_cosignature(self, size: int, line: str) -> None:
        """Add a witness's signature line to a checkpoint."""

        def work(tx: Transaction) -> None:
            found = tx["ledger_checkpoint"].find_one({"_id": size})
            if found is not None and line not in found["cosignatures"]:
                _show(tx, {**found, "cosignatures": found["cosignatures"] + line})

        self._database.write(work)

    def add_timestamp(self, size: int, token: bytes) -> None:
        """Put a time-stamp token on a checkpoint."""

        def work(tx: Transaction) -> None:
            found = tx["ledger_checkpoint"].find_one({"_id": size})
            if found is not None:
                _show(tx, {**found, "timestamp": token})

        self._database.write(work)

    def known_keys(self) -> list[LedgerKey]:
        """Return all keys there ever were, the oldest first."""
        with reported():
            found = self._database["ledger_key"].find().sort([("since", 1), ("_id", 1)])
            return [LedgerKey(key=one["_id"], **_but(one, "_id")) for one in found]

    def add_key(self, key: LedgerKey, others_until: int) -> bool:
        """Add a key; those without an end sign until `others_until`."""

        def work(tx: Transaction) -> bool:
            tx.guard("ledger_key")
            if key.introduction is None and tx["ledger_key"].find_one({}) is not None:
                return False
            tx["ledger_key"].update_many({"until": None}, {"$set": {"until": others_until}})
            tx["ledger_key"].insert_one({"_id": key.key, **_but(vars(key), "key")})
            return True

        return self._database.write(work)

    def destroy_keys(self, now: int) -> None:
        """Forget the private part of keys whose time is over."""
        self._database.write(
            lambda tx: tx["ledger_key"].update_many(
                {"until": {"$lte": now}}, {"$set": {"sealed": None}}
            )
        )


def _show(tx: Transaction, checkpoint: Mapping[str, Any]) -> None:
    """Write a checkpoint with what it has to show for itself now."""
    worth = TIMESTAMPED * (checkpoint["timestamp"] is not None)
    worth += COSIGNED * bool(checkpoint["cosignatures"])
    tx["ledger_checkpoint"].replace_one({"_id": checkpoint["_id"]}, {**checkpoint, "worth": worth})


def _tile(level: int, index: int) -> str:
    return f"{level}/{index}"


def _opening(index: int, opening: Opening) -> dict[str, Any]:
    fields = {"_id": index, "secret": opening.secret, "document": opening.document}
    return fields if opening.persona is None else {**fields, "persona": opening.persona}


def _leaf(leaf: Mapping[str, Any], opening: Mapping[str, Any] | None) -> StoredLeaf:
    opened = opening and Opening(
        persona=opening.get("persona"), secret=opening["secret"], document=opening["document"]
    )
    return StoredLeaf(
        index=leaf["_id"], fact=leaf["fact"], entry=leaf["entry"], opening=opened or None
    )


def _but(found: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name not in names}
