"""OAuth clients in MongoDB."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from pymongo import DESCENDING, IndexModel

from lrs.store.mongo.database import MongoDatabase, Transaction, reported
from lrs.store.mongo.facts import note_act
from lrs.store.mongo.queries import name_of
from schemas.audit import Act
from schemas.clients import Client, SigningKey
from schemas.times import moment_of

SECOND = 1_000_000

INDEXES = {
    "client": [],
    "used_assertion": [IndexModel([("forget_moment", 1)], expireAfterSeconds=0)],
    "revoked_token": [IndexModel([("forget_moment", 1)], expireAfterSeconds=3600)],
    "signing_key": [],
}


class MongoClients:
    """Fulfils `lrs.store.clients.Clients`."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    def add(self, client: Client, secret_hash: bytes | None, act: Act) -> bool:
        """Add a client, `created` now; False where the id is taken."""

        def work(tx: Transaction) -> bool:
            if tx["client"].find_one({"_id": client.id}, {"_id": 1}) is not None:
                return False
            added = msgspec.structs.replace(client, created=tx.instant)
            tx["client"].insert_one(
                {"_id": client.id, **_fields(added), "secret_hash": secret_hash}
            )
            note_act(tx, act)
            return True

        return self._database.write(work)

    def client(self, client: str) -> Client | None:
        """Return the client with the id, also one that is revoked."""
        with reported():
            found = self._database["client"].find_one({"_id": client})
        return _client(found) if found else None

    def secret_hash(self, client: str) -> bytes | None:
        """Return the hash of the client's secret."""
        with reported():
            found = self._database["client"].find_one({"_id": client}, {"secret_hash": 1})
        return found["secret_hash"] if found else None

    def set_secret(self, client: str, secret_hash: bytes, act: Act) -> None:
        """Put another secret's hash in the place of the one before."""

        def work(tx: Transaction) -> None:
            tx["client"].update_one({"_id": client}, {"$set": {"secret_hash": secret_hash}})
            note_act(tx, act)

        self._database.write(work)

    def change(self, client: str, work: Callable[[Client], Client], act: Act) -> Client | None:
        """Put `work` of the client in its place; None where there is none."""

        def write(tx: Transaction) -> Client | None:
            found = tx["client"].find_one({"_id": client})
            if found is None:
                return None
            changed = work(_client(found))
            tx["client"].update_one({"_id": client}, {"$set": _fields(changed)})
            note_act(tx, act)
            return changed

        return self._database.write(write)

    def page(self, after: str | None, limit: int) -> list[Client]:
        """Return a page of clients in the order of their ids."""
        with reported():
            found = self._database["client"].find({"_id": {"$gt": after or ""}})
            return [_client(one) for one in found.sort("_id").limit(limit)]

    def use_assertion(self, client: str, jti: str, forget_at: int, now: int) -> bool:
        """Use up a client assertion until `forget_at` (seconds); False where it was used."""
        name = name_of(client, jti)

        def work(tx: Transaction) -> bool:
            used = tx["used_assertion"].find_one({"_id": name})
            if used is not None and used["forget_at"] >= now:
                return False
            tx["used_assertion"].replace_one({"_id": name}, _until(forget_at), upsert=True)
            return True

        return self._database.write(work)

    def revoke_token(self, jti: str, expires: int, act: Act) -> None:
        """Take an access token back that would work until `expires` (seconds)."""

        def work(tx: Transaction) -> None:
            tx["revoked_token"].replace_one({"_id": jti}, _until(expires), upsert=True)
            note_act(tx, act)

        self._database.write(work)

    def is_revoked(self, jti: str) -> bool:
        """Tell whether an access token was taken back."""
        with reported():
            return self._database["revoked_token"].find_one({"_id": jti}, {"_id": 1}) is not None

    def signing_keys(self) -> list[SigningKey]:
        """Return the keys, the latest first."""
        with reported():
            found = self._database["signing_key"].find().sort("_id", DESCENDING)
            return [SigningKey(sealed=one["sealed"], created=one["_id"]) for one in found]

    def add_signing_key(self, sealed: bytes, after: int, drop_before: int) -> list[SigningKey]:
        """Add a key unless one was made after `after`; forget those that a later one replaced
        before `drop_before`. Returns the keys, the latest first.
        """

        def work(tx: Transaction) -> None:
            tx.guard("signing_key")
            created = [one["_id"] for one in tx["signing_key"].find({}, {"_id": 1})]
            if created and max(created) > after:
                return
            replaced = max((one for one in created if one < drop_before), default=0)
            tx["signing_key"].delete_many({"_id": {"$lt": replaced}})
            tx["signing_key"].insert_one({"_id": tx.instant, "sealed": sealed})

        self._database.write(work)
        return self.signing_keys()


def _until(forget_at: int) -> dict[str, Any]:
    """Until when something is remembered, in seconds, and as a moment, which the server forgets
    it by.
    """
    return {"forget_at": forget_at, "forget_moment": moment_of(forget_at * SECOND)}


def _fields(client: Client) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(client)
    del fields["id"]
    return fields


def _client(found: Mapping[str, Any]) -> Client:
    return msgspec.convert({**found, "id": found["_id"]}, Client)
