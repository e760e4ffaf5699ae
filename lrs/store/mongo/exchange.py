"""Receivers and claims in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from pymongo import DESCENDING, IndexModel

from lrs.store.exchange import Claim, KnownReceiver
from lrs.store.mongo.claims import put_destination
from lrs.store.mongo.database import MongoDatabase, Transaction, reported
from lrs.store.mongo.queries import beyond, name_of
from schemas.claims import ClaimPayload, Receipt

INDEXES = {
    "receiver": [],
    "learner_account": [IndexModel([("persona", 1)])],
    "claim": [
        # At most one of an achievement is open at a receiver, whatever else goes wrong.
        IndexModel(
            [("achievement", 1), ("receiver", 1)],
            unique=True,
            partialFilterExpression={"open": True},
            name="open",
        ),
        IndexModel([("achievement", 1), ("receiver", 1), ("state", 1)]),
        IndexModel([("changed", 1), ("_id", 1)]),
        IndexModel([("persona", 1), ("changed", 1), ("_id", 1)]),
        IndexModel([("receiver", 1), ("_id", 1)]),
    ],
}

_payload = msgspec.json.Decoder(ClaimPayload).decode
_receipt = msgspec.json.Decoder(Receipt).decode


class MongoExchange:
    """Fulfils `lrs.store.exchange.Exchange`."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    def put_receiver(self, receiver: KnownReceiver) -> None:
        """Add a receiver or change the one of that name."""

        def work(tx: Transaction) -> None:
            put = {
                "adapter": receiver.adapter,
                "url": receiver.url,
                "client_id": receiver.client_id,
                "institution": receiver.institution,
                "settings": msgspec.json.encode(receiver.settings),
            }
            tx["receiver"].replace_one({"_id": receiver.name}, put, upsert=True)
            put_destination(tx, receiver.name, receiver.interval)

        self._database.write(work)

    def receivers(self) -> Mapping[str, KnownReceiver]:
        """Return the receivers by name."""
        with reported():
            found = list(self._database["receiver"].find().sort("_id"))
        return {
            one["_id"]: KnownReceiver(
                name=one["_id"],
                adapter=one["adapter"],
                url=one["url"],
                client_id=one["client_id"],
                institution=one["institution"],
                settings=msgspec.json.decode(one["settings"]),
            )
            for one in found
        }

    def account(self, receiver: str, persona: str) -> str | None:
        """Return the learner's account at a receiver that looks learners up, None before that."""
        with reported():
            found = self._database["learner_account"].find_one({"_id": name_of(receiver, persona)})
        return found["account"] if found else None

    def claims(
        self, after: tuple[int, str] | None, limit: int, persona: str | None = None
    ) -> list[Claim]:
        """Return a page of claims, those that changed last first."""
        where = beyond(("changed", "_id"), after, descending=True)
        if persona is not None:
            where["persona"] = persona
        with reported():
            found = self._database["claim"].find(where)
            latest = found.sort([("changed", DESCENDING), ("_id", DESCENDING)]).limit(limit)
            return [claim_of(one) for one in latest]

    def claim(self, claim: str) -> Claim | None:
        """Return the claim."""
        with reported():
            found = self._database["claim"].find_one({"_id": claim})
        return claim_of(found) if found else None


def claim_of(found: Mapping[str, Any]) -> Claim:
    """Return the claim of a document."""
    receipt, withdrawal = found["receipt"], found["withdrawal"]
    return Claim(
        id=found["_id"],
        achievement=found["achievement"],
        receiver=found["receiver"],
        state=found["state"],
        changed=found["changed"],
        payload=_payload(found["payload"]),
        receipt=_receipt(receipt) if receipt is not None else None,
        withdrawal=_receipt(withdrawal) if withdrawal is not None else None,
        reason=found["reason"],
    )
