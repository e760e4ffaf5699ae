"""Webhooks in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from pymongo import IndexModel

from lrs.store.mongo.claims import Queued, enqueue, put_destination, remove_destination
from lrs.store.mongo.database import MongoDatabase, Transaction, reported
from lrs.store.mongo.facts import facts_between, last_settled, note_act
from lrs.store.outbox import WEBHOOK
from schemas.audit import Act
from schemas.facts import Fact
from schemas.webhooks import ORGANISATION_KINDS, Webhook, notification_of

INDEXES = {
    "webhook": [
        IndexModel([("active", 1), ("place", 1)]),
        IndexModel([("organisation", 1), ("_id", 1)]),
    ]
}


class MongoWebhooks:
    """Fulfils `lrs.store.webhooks.Webhooks`.

    The `place` of a subscription is the seq up to which its subscriber was told.
    """

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    def add(self, webhook: Webhook, sealed_secrets: bytes, act: Act) -> None:
        """Add a subscription, told of what happens from now on."""
        place = last_settled(self._database)

        def work(tx: Transaction) -> None:
            subscription = msgspec.to_builtins(webhook)
            subscription["_id"] = subscription.pop("id")
            tx["webhook"].insert_one({**subscription, "place": place, "secrets": sealed_secrets})
            put_destination(tx, WEBHOOK + webhook.id, 0)
            note_act(tx, act)

        self._database.write(work)

    def page(self, after: str | None, limit: int, organisation: str | None = None) -> list[Webhook]:
        """Return a page, in the order of ids, of all or of an organisation's."""
        where: dict[str, Any] = {"_id": {"$gt": after or ""}}
        if organisation is not None:
            where["organisation"] = organisation
        with reported():
            found = self._database["webhook"].find(where).sort("_id").limit(limit)
            return [_webhook(one) for one in found]

    def webhook(self, webhook: str) -> Webhook | None:
        """Return the subscription."""
        with reported():
            found = self._database["webhook"].find_one({"_id": webhook})
        return _webhook(found) if found else None

    def secrets(self, webhook: str) -> bytes | None:
        """Return the sealed secrets of a subscription."""
        with reported():
            found = self._database["webhook"].find_one({"_id": webhook}, {"secrets": 1})
        return found["secrets"] if found else None

    def set_secrets(self, webhook: str, sealed_secrets: bytes, act: Act) -> None:
        """Keep other secrets for a subscription."""

        def work(tx: Transaction) -> None:
            tx["webhook"].update_one({"_id": webhook}, {"$set": {"secrets": sealed_secrets}})
            note_act(tx, act)

        self._database.write(work)

    def end(self, webhook: str) -> None:
        """Tell a subscriber nothing any more: it said that it is gone."""
        # Who puts something into the outbox writes the subscription, too: after this nobody does.
        self._database.write(
            lambda tx: tx["webhook"].update_one({"_id": webhook}, {"$set": {"active": False}})
        )
        remove_destination(self._database, WEBHOOK + webhook)

    def remove(self, webhook: str, act: Act) -> bool:
        """Forget a subscription and what it was to be told; False where there is none."""

        def work(tx: Transaction) -> bool:
            if not tx["webhook"].delete_one({"_id": webhook}).deleted_count:
                return False
            tx["destination"].delete_one({"_id": WEBHOOK + webhook})
            note_act(tx, act)
            return True

        gone = self._database.write(work)
        remove_destination(self._database, WEBHOOK + webhook)
        return gone

    def fan_out(self, limit: int) -> bool:
        """Put up to `limit` facts for each subscription into the outbox, each fact once."""
        through = last_settled(self._database)
        with reported():
            behind = self._database["webhook"].find({"active": True, "place": {"$lt": through}})
            ids = [one["_id"] for one in behind]
        for one in ids:
            self._database.write(partial(_tell, webhook=one, through=through, limit=limit))
        return bool(ids)


def _tell(tx: Transaction, webhook: str, through: int, limit: int) -> None:
    """Queue what one subscriber was not told yet."""
    found = tx["webhook"].find_one({"_id": webhook, "active": True})
    facts = facts_between(tx, found["place"], through, limit) if found else []
    if found is None or not facts:
        return
    wanted = [fact for fact in facts if fact.kind in found["kinds"]]
    if found["organisation"] is not None:
        wanted = _seen_by(tx, found["organisation"], wanted)
    enqueue(tx, WEBHOOK + webhook, [_notification(fact) for fact in wanted])
    tx["webhook"].update_one({"_id": webhook}, {"$set": {"place": facts[-1].seq}})


def _seen_by(tx: Transaction, organisation: str, facts: Sequence[Fact]) -> list[Fact]:
    """Return the facts about achievements of those whom the organisation may see now."""
    about = [fact for fact in facts if fact.kind in ORGANISATION_KINDS]
    personas = list({fact.body.get("persona", "") for fact in about})
    where = {"organisation": organisation, "persona": {"$in": personas}, "level": {"$ne": None}}
    seen = {one["persona"] for one in tx["view"].find(where, {"persona": 1})}
    return [fact for fact in about if fact.body.get("persona") in seen]


def _notification(fact: Fact) -> Queued:
    told = msgspec.json.encode(notification_of(fact))
    return Queued("notify", fact.subject, fact.subject, told)


def _webhook(found: Mapping[str, Any]) -> Webhook:
    return msgspec.convert({**found, "id": found["_id"]}, Webhook)
