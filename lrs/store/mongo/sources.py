"""Sources and their credentials in MongoDB."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from pymongo import IndexModel

from lrs.store.mongo.database import MongoDatabase, Transaction, reported
from lrs.store.mongo.due import carry_out, sweep_achievements
from lrs.store.mongo.facts import note_act
from lrs.store.sources import USE_NOTED_EVERY
from schemas.audit import Act
from schemas.sources import Provenance, Scope, Source, SourceSecret

INDEXES = {"source": [IndexModel([("key", 1)], unique=True)]}


class MongoSources:
    """Fulfils `lrs.store.sources.Sources`. A source's secrets are in its document."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    def add(
        self,
        *,
        key: str,
        name: str,
        provenance: Provenance,
        scopes: Sequence[Scope],
        secret_hash: bytes | None,
        limits: Source | None = None,
        act: Act | None = None,
    ) -> Source:
        """Add a source, or return the one that has the key already, unchanged."""

        def work(tx: Transaction) -> None:
            if tx["source"].find_one({"key": key}, {"_id": 1}) is not None:
                return
            added = Source(
                id=tx.next_number("source"),
                key=key,
                name=name,
                provenance=provenance,
                scopes=tuple(scopes),
                created=tx.instant,
            )
            if limits is not None:
                added = _limited(added, limits)
            secrets = [] if secret_hash is None else [_secret(tx, secret_hash)]
            tx["source"].insert_one({**_document(added), "secrets": secrets})
            if act is not None:
                note_act(tx, act)

        self._database.write(work)
        found = self.with_key(key)
        if found is None:
            raise LookupError(f"the source {key!r} is revoked")
        return found[0]

    def set_secret(self, key: str, secret_hash: bytes) -> None:
        """Make this the only secret of the source with the key; nothing where it is already."""

        def work(tx: Transaction) -> None:
            found = tx["source"].find_one({"key": key})
            kept = [one for one in found["secrets"] if one["hash"] == secret_hash]
            _put_secrets(tx, key, kept or [_secret(tx, secret_hash)])

        self._database.write(work)

    def rotate(self, key: str, secret_hash: bytes, overlap: int, act: Act) -> bool:
        """Add a secret; those before it work for `overlap` microseconds more. False: no source."""

        def work(tx: Transaction) -> bool:
            found = tx["source"].find_one({"key": key, "revoked": None})
            if found is None:
                return False
            end = tx.instant + overlap
            for one in found["secrets"]:
                one["expires"] = min(one["expires"] or end, end)
            known = any(one["hash"] == secret_hash for one in found["secrets"])
            added = [] if known else [_secret(tx, secret_hash)]
            _put_secrets(tx, key, [*found["secrets"], *added])
            note_act(tx, act)
            return True

        return self._database.write(work)

    def change(self, key: str, work: Callable[[Source], Source], act: Act) -> Source | None:
        """Put `work` of the unrevoked source in its place; None where there is none."""

        def write(tx: Transaction) -> Source | None:
            found = tx["source"].find_one({"key": key, "revoked": None})
            if found is None:
                return None
            source = _source(found)
            changed = work(source)
            placed = _limited(
                msgspec.structs.replace(
                    source,
                    name=changed.name,
                    provenance=changed.provenance,
                    scopes=changed.scopes,
                ),
                changed,
            )
            tx["source"].update_one({"key": key}, {"$set": _document(placed)})
            note_act(tx, act)
            return changed

        return self._database.write(write)

    def revoke(self, key: str, act: Act, compromised: int | None = None) -> bool:
        """Revoke the source with the key; tell whether there was one to revoke."""

        def work(tx: Transaction) -> tuple[bool, int | None]:
            found = tx["source"].find_one({"key": key, "revoked": None}, {"_id": 1})
            if found is None:
                return False, None
            tx["source"].update_one(
                {"key": key}, {"$set": {"revoked": tx.instant, "compromised": compromised}}
            )
            note_act(tx, act)
            if compromised is None:
                return True, None
            return True, sweep_achievements(tx, {"sources": found["_id"]})

        revoked, sweep = self._database.write(work)
        if sweep is not None:
            carry_out(self._database, sweep)
        return revoked

    def with_key(self, key: str) -> tuple[Source, tuple[bytes, ...]] | None:
        """Return the source with the key, neither revoked nor expired, and the hashes of the
        secrets that work now.
        """
        now = self._database.now()
        with reported():
            found = self._database["source"].find_one({"key": key, "revoked": None})
        if found is None or not _works(found, now):
            return None
        return _source(found), tuple(one["hash"] for one in found["secrets"] if _works(one, now))

    def used(self, key: str, secret_hash: bytes) -> None:
        """Note that a secret was used, unless that was noted a minute ago."""
        now = self._database.now()
        with reported():
            self._database["source"].update_one(
                {
                    "key": key,
                    "secrets": {
                        "$elemMatch": {
                            "hash": secret_hash,
                            "$or": [
                                {"used": None},
                                {"used": {"$lte": now - USE_NOTED_EVERY}},
                            ],
                        }
                    },
                },
                {"$set": {"secrets.$.used": now}},
            )

    def find(self, key: str) -> Source | None:
        """Return the source with the key, also one that is revoked or expired."""
        with reported():
            found = self._database["source"].find_one({"key": key})
        return _source(found) if found else None

    def secrets(self, key: str) -> list[SourceSecret]:
        """Return what is known of the secrets of a source, the latest first."""
        with reported():
            found = self._database["source"].find_one({"key": key}, {"secrets": 1})
        known = [
            SourceSecret(created=one["created"], expires=one["expires"], used=one["used"])
            for one in (found["secrets"] if found else ())
        ]
        return sorted(known, key=lambda one: one.created, reverse=True)

    def page(self, after: str | None, limit: int) -> list[Source]:
        """Return a page of sources in the order of their keys, revoked ones included."""
        with reported():
            found = self._database["source"].find({"key": {"$gt": after or ""}})
            return [_source(one) for one in found.sort("key").limit(limit)]

    def all(self) -> dict[int, Source]:
        """Return every source by id, revoked ones included."""
        with reported():
            return {one["_id"]: _source(one) for one in self._database["source"].find().sort("_id")}


def _works(found: Mapping[str, Any], now: int) -> bool:
    return found["expires"] is None or found["expires"] > now


def _secret(tx: Transaction, secret_hash: bytes) -> dict[str, Any]:
    return {"hash": secret_hash, "created": tx.instant, "expires": None, "used": None}


def _put_secrets(tx: Transaction, key: str, secrets: Sequence[Mapping[str, Any]]) -> None:
    tx["source"].update_one({"key": key}, {"$set": {"secrets": secrets}})


def _limited(source: Source, limits: Source) -> Source:
    return msgspec.structs.replace(
        source,
        activities=limits.activities,
        home_pages=limits.home_pages,
        sets_authority=limits.sets_authority,
        organisation=limits.organisation,
        expires=limits.expires,
    )


def _document(source: Source) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(source)
    document["_id"] = document.pop("id")
    return document


def _source(found: Mapping[str, Any]) -> Source:
    return msgspec.convert({**found, "id": found["_id"]}, Source)
