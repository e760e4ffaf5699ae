"""Documents in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pymongo import IndexModel

from lrs.store.documents import Change, Document, DocumentKey, DocumentScope
from lrs.store.mongo import queries
from lrs.store.mongo.database import MongoDatabase, Snapshot, Transaction, reported

PART = 8 * 1024 * 1024
"""Octets of content in one document of the database, which takes 16 MiB at the most."""

INDEXES = {
    "document": [
        IndexModel([("kind", 1), ("activity", 1), ("agent", 1), ("registration", 1), ("id", 1)]),
        IndexModel([("agent", 1)]),
        IndexModel([("updated", 1), ("_id", 1)]),
    ],
    "document_part": [],
}


class MongoDocuments:
    """Fulfils `lrs.store.documents.Documents`."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    def get(self, key: DocumentKey) -> Document | None:
        """Return the document."""
        with self._database.snapshot() as snapshot:
            return _read(snapshot, name_of(key))

    def change(self, key: DocumentKey, change: Change) -> None:
        """Replace a document by what `change` makes of it, with no other write in between."""
        name = name_of(key)

        def work(tx: Transaction) -> None:
            new = change(_read(tx, name))
            _delete(tx, {"_id": name})
            if new is None:
                return
            parts = [new.content[at : at + PART] for at in range(0, len(new.content), PART)]
            tx["document"].insert_one(
                {
                    "_id": name,
                    **key._asdict(),
                    "content_type": new.content_type,
                    "content": parts[0] if parts else b"",
                    "parts": len(parts[1:]),
                    "updated": tx.instant,
                }
            )
            for number, part in enumerate(parts[1:]):
                tx["document_part"].insert_one({"_id": {"of": name, "n": number}, "content": part})

        self._database.write(work)

    def ids(self, scope: DocumentScope, since: int | None) -> list[tuple[str, int]]:
        """Return the ids in a context, changed after `since`, each with its last change."""
        where = _within(scope)
        if since is not None:
            where["updated"] = {"$gt": since}
        last: dict[str, int] = {}
        with reported():
            for found in self._database["document"].find(where, {"id": 1, "updated": 1}):
                last[found["id"]] = max(found["updated"], last.get(found["id"], 0))
        return sorted(last.items())

    def delete_all(self, scope: DocumentScope) -> None:
        """Delete every document of a context."""
        self._database.write(lambda tx: _delete(tx, _within(scope)))


def name_of(key: DocumentKey) -> bytes:
    """Return the `_id` of the document with the key."""
    return queries.name_of(*key)


def _within(scope: DocumentScope) -> dict[str, Any]:
    where: dict[str, Any] = {
        "kind": scope.kind,
        "activity": scope.activity,
        "agent": scope.agent,
    }
    if scope.registration is not None:
        where["registration"] = scope.registration
    return where


def _read(within: Snapshot, name: bytes) -> Document | None:
    found = within["document"].find_one({"_id": name})
    if found is None:
        return None
    content: bytes = found["content"]
    for number in range(found["parts"]):
        part = within["document_part"].find_one({"_id": {"of": name, "n": number}})
        content += part["content"]
    return Document(content_type=found["content_type"], content=content, updated=found["updated"])


def _delete(tx: Transaction, where: Mapping[str, Any]) -> None:
    for found in list(tx["document"].find(where, {"parts": 1})):
        for number in range(found["parts"]):
            tx["document_part"].delete_one({"_id": {"of": found["_id"], "n": number}})
        tx["document"].delete_one({"_id": found["_id"]})
