"""Sealed values and identity documents in MongoDB."""

from __future__ import annotations

from pymongo import IndexModel

from lrs.store.mongo.database import MongoDatabase, Transaction, reported
from lrs.store.mongo.facts import note_act
from lrs.store.mongo.outbox import unpark
from schemas.audit import Act

INDEXES: dict[str, list[IndexModel]] = {"sealed_value": [], "identity_document": []}


class MongoSealedValues:
    """Fulfils `lrs.store.sealed.SealedValues`."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    def get(self, name: str) -> bytes | None:
        """Return the value, None where there is none."""
        with reported():
            found = self._database["sealed_value"].find_one({"_id": name})
        return found["sealed"] if found else None

    def put(self, name: str, sealed: bytes) -> None:
        """Write the value, or another in its place."""
        self._database.write(
            lambda tx: tx["sealed_value"].replace_one(
                {"_id": name}, {"sealed": sealed}, upsert=True
            )
        )


class MongoIdentityDocuments:
    """Fulfils `lrs.store.identity_documents.IdentityDocuments`."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    def get(self, persona: str) -> bytes | None:
        """Return the sealed document of a persona, None where there is none."""
        with reported():
            found = self._database["identity_document"].find_one({"_id": persona})
        return found["sealed"] if found else None

    def put(self, persona: str, sealed: bytes, act: Act) -> None:
        """Keep a document, and have look-ups that waited for it made again."""

        def work(tx: Transaction) -> None:
            tx["identity_document"].replace_one(
                {"_id": persona}, {"changed": tx.instant, "sealed": sealed}, upsert=True
            )
            unpark(tx, {"subject": persona, "kind": "lookup"})
            note_act(tx, act)

        self._database.write(work)

    def remove(self, persona: str, act: Act) -> bool:
        """Forget a document; False where there is none."""

        def work(tx: Transaction) -> bool:
            gone = bool(tx["identity_document"].delete_one({"_id": persona}).deleted_count)
            if gone:
                note_act(tx, act)
            return gone

        return self._database.write(work)
