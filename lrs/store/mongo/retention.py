"""Retention in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from pymongo import IndexModel

from lrs.store.mongo.database import MongoDatabase, Transaction, reported
from lrs.store.mongo.erasure import MongoErasure
from lrs.store.mongo.expiry import (
    AuditEvents,
    Documents,
    ImportRows,
    InactivePersonas,
    Quarantine,
    Retained,
    Sessions,
    Statements,
    WebhookDeliveries,
    too_much_waits,
)
from lrs.store.mongo.facts import note_act
from lrs.store.mongo.tombstones import Keys
from lrs.store.retention import Expiring, Removed
from schemas.audit import Act
from schemas.retention import DATA_CLASSES, DataClass, Policy, PolicyError

INDEXES: dict[str, list[IndexModel]] = {"retention": []}

_FRESH = {"place": None, "begun": None, "ended": None, "removed": 0, "kept": 0}


class MongoRetention:
    """Fulfils `lrs.store.retention.Retention`, but for attachments: that nobody hands the same
    content in while it goes takes a turn that all writers share, which there is none of here.
    """

    def __init__(self, database: MongoDatabase, *, keys: Keys, erasure: MongoErasure) -> None:
        self._database = database
        self._personas = InactivePersonas(erasure)
        self._classes: dict[str, Retained] = {
            "statements": Statements(keys),
            "documents": Documents(),
            "audit_events": AuditEvents(),
            "sessions": Sessions(),
            "import_rows": ImportRows(),
            "quarantine": Quarantine(),
            "webhook_deliveries": WebhookDeliveries(),
        }

    def policies(self) -> Mapping[DataClass, Policy]:
        """Return the policy of each class; one that was never set keeps for good."""
        found = {name: Policy(data_class=name) for name in DATA_CLASSES}
        with reported():
            for one in self._database["retention"].find():
                name = one["_id"]
                found[name] = msgspec.convert({**one, "data_class": name}, Policy)
        return found

    def put(self, data_class: DataClass, days: int | None, act: Act) -> None:
        """Set a policy, and note the act. Raises PolicyError for attachments."""
        if data_class == "attachments" and days is not None:
            raise PolicyError("attachments are kept for good where the store is in MongoDB")

        def work(tx: Transaction) -> None:
            tx["retention"].replace_one({"_id": data_class}, {"days": days, **_FRESH}, upsert=True)
            note_act(tx, act)

        self._database.write(work)

    def look(self, data_class: DataClass, before: int, place: str | None, limit: int) -> Expiring:
        """Return the next piece of what an application would remove; nothing is changed."""
        if data_class == "attachments":
            return Expiring(items=())
        with self._database.snapshot() as snapshot:
            if data_class == "inactive_personas":
                return self._personas.look(snapshot, before, place, limit)
            return self._classes[data_class].look(snapshot, before, place, limit)

    def remove(self, data_class: DataClass, before: int, limit: int, act: Act) -> Removed:
        """Remove a piece, going on where the last one ended."""

        def work(tx: Transaction) -> Removed:
            policy = tx["retention"].find_one({"_id": data_class})
            if policy is None:
                raise LookupError(f"no policy was ever set for {data_class}")
            if policy["begun"] is None or policy["ended"] is not None:
                policy |= {**_FRESH, "begun": tx.instant, "place": policy["place"]}
            place = policy["place"]
            found, attachments = self._remove(
                tx, data_class, before=before, place=place, limit=limit, act=act
            )
            # A statement is never looked at again once it was passed: it would stay for good.
            policy["place"] = found.place or (place if data_class == "statements" else None)
            policy["removed"] += len(found.items)
            policy["kept"] += found.kept
            if found.place is None:
                policy["ended"] = tx.instant
                if policy["removed"]:
                    so_much = {"removed": policy["removed"], "kept": policy["kept"]}
                    note_act(tx, msgspec.structs.replace(act, detail={**act.detail, **so_much}))
            tx["retention"].replace_one({"_id": data_class}, policy)
            return Removed(ended=found.place is None, attachments=attachments)

        return self._database.write(work)

    def _remove(
        self,
        tx: Transaction,
        data_class: DataClass,
        *,
        before: int,
        place: str | None,
        limit: int,
        act: Act,
    ) -> tuple[Expiring, tuple[str, ...]]:
        """Remove a piece; return it, and the contents that erased personas had attached."""
        if data_class == "attachments":
            return Expiring(items=()), ()
        if data_class == "inactive_personas":
            return self._personas.erase_next(tx, before, place, limit, act)
        if data_class == "statements" and too_much_waits(tx):
            return Expiring(items=(), place=place or "0"), ()
        rows = self._classes[data_class]
        found = rows.look(tx, before, place, limit)
        if found.items:
            rows.drop(tx, found.items)
        return found, ()
