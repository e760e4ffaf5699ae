"""Reconciliations, their repairs, and receivers' catalogues in MongoDB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from pymongo import DESCENDING, IndexModel

from lrs.store.exchange import Claim
from lrs.store.mongo.claims import TURN, queue_withdrawal, remove, settle_claim, submit
from lrs.store.mongo.database import MongoDatabase, Transaction, reported
from lrs.store.mongo.exchange import claim_of
from lrs.store.mongo.queries import name_of
from lrs.store.reconciliations import Difference, Reconciliation, Summary
from schemas.claims import Receipt, RecognisedUnit

INDEXES = {
    "reconciliation": [IndexModel([("receiver", 1), ("_id", 1)])],
    "difference": [IndexModel([("reconciliation", 1), ("ordinal", 1)])],
    "recognised_unit": [IndexModel([("receiver", 1), ("code", 1)])],
}

_UNANSWERED = {"state": {"$in": ["queued", "sent"]}}

_unit = msgspec.json.Decoder(RecognisedUnit).decode


class MongoReconciliations:
    """Fulfils `lrs.store.reconciliations.Reconciliations`."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    def claims_of(self, receiver: str, after: str, limit: int) -> list[Claim]:
        """Return claims put to a receiver, in the order of their ids."""
        with reported():
            found = self._database["claim"].find({"receiver": receiver, "_id": {"$gt": after}})
            return [claim_of(one) for one in found.sort("_id").limit(limit)]

    def on_its_way(self, claim: str) -> bool:
        """Tell whether something of the claim is in the outbox and not on the shelf."""
        with self._database.snapshot() as snapshot:
            found = snapshot["claim"].find_one({"_id": claim}, {"receiver": 1})
            if found is None:
                return False
            of_claim = {"destination": found["receiver"], "subject": claim, "parked": False}
            return snapshot["outbox"].find_one(of_claim, {"_id": 1}) is not None

    def take_receipt(self, claim: str, receipt: Receipt) -> bool:
        """Put a verified receipt on a claim that has none, and end its delivery."""

        def work(tx: Transaction) -> bool:
            found = tx["claim"].find_one({"_id": claim, **_UNANSWERED}, {"receiver": 1})
            if found is None:
                return False
            of_claim = {"destination": found["receiver"], "subject": claim}
            remove(tx, {**of_claim, "kind": "submit"})
            settle_claim(tx, claim, receipt)
            return True

        return self._database.write(work)

    def queue_again(self, claim: str) -> bool:
        """Have a claim submitted again that is neither answered nor on its way."""

        def work(tx: Transaction) -> bool:
            found = tx["claim"].find_one_and_update({"_id": claim, **_UNANSWERED}, TURN)
            if found is None:
                return False
            of_claim = {"destination": found["receiver"], "subject": claim}
            if tx["outbox"].find_one(of_claim, {"_id": 1}) is not None:
                return False
            submit(tx, found)
            return True

        return self._database.write(work)

    def withdraw_there(self, claim: str, reason: str) -> None:
        """Have a claim withdrawn at its receiver that is withdrawn here."""
        self._database.write(
            lambda tx: queue_withdrawal(tx, tx["claim"].find_one({"_id": claim}), reason)
        )

    def keep(self, reconciliation: Reconciliation) -> int:
        """Keep a reconciliation and return its id."""

        def work(tx: Transaction) -> int:
            number = tx.next_number("reconciliation")
            summary = {
                "receiver": reconciliation.receiver,
                "started": reconciliation.started,
                "finished": reconciliation.finished,
                "compared": reconciliation.compared,
                "differences": len(reconciliation.differences),
                "repaired": reconciliation.repaired,
                "error": reconciliation.error,
            }
            tx["reconciliation"].insert_one({"_id": number, **summary})
            if reconciliation.differences:
                tx["difference"].insert_many(
                    [
                        {
                            "_id": f"{number}/{ordinal}",
                            "reconciliation": number,
                            "ordinal": ordinal,
                            **msgspec.to_builtins(difference),
                        }
                        for ordinal, difference in enumerate(reconciliation.differences)
                    ]
                )
            return number

        return self._database.write(work)

    def page(self, before: int | None, limit: int, receiver: str | None = None) -> list[Summary]:
        """Return a page, the latest first."""
        where: dict[str, Any] = {}
        if before is not None:
            where["_id"] = {"$lt": before}
        if receiver is not None:
            where["receiver"] = receiver
        with reported():
            found = self._database["reconciliation"].find(where).sort("_id", DESCENDING)
            return [
                msgspec.convert({**one, "id": one["_id"]}, Summary) for one in found.limit(limit)
            ]

    def differences(self, reconciliation: int, after: int, limit: int) -> list[Difference]:
        """Return differences of a reconciliation from the ordinal `after` on (from 0)."""
        with reported():
            found = self._database["difference"].find(
                {"reconciliation": reconciliation, "ordinal": {"$gte": after}}, {"_id": 0}
            )
            return [msgspec.convert(one, Difference) for one in found.sort("ordinal").limit(limit)]

    def last(self, receiver: str) -> int | None:
        """Return when the receiver was last reconciled with (microseconds), None for never."""
        with reported():
            found = self._database["reconciliation"].find_one(
                {"receiver": receiver, "error": None}, sort=[("_id", DESCENDING)]
            )
        return found["started"] if found else None

    def put_catalogue(self, receiver: str, units: Sequence[RecognisedUnit]) -> None:
        """Keep the receiver's catalogue in place of the one before."""

        def work(tx: Transaction) -> None:
            # Of two catalogues that come at the same time one stands, not what both have.
            tx.guard(f"catalogue:{receiver}")
            tx["recognised_unit"].delete_many({"receiver": receiver})
            bodies = {one.code: msgspec.json.encode(one) for one in units}
            if bodies:
                tx["recognised_unit"].insert_many(
                    [
                        {
                            "_id": name_of(receiver, code),
                            "receiver": receiver,
                            "code": code,
                            "body": body,
                        }
                        for code, body in bodies.items()
                    ]
                )

        self._database.write(work)

    def catalogue(self, receiver: str, after: str, limit: int) -> list[RecognisedUnit]:
        """Return recognised units, in the order of their codes."""
        with reported():
            found = self._database["recognised_unit"].find(
                {"receiver": receiver, "code": {"$gt": after}}
            )
            return [_unit(one["body"]) for one in found.sort("code").limit(limit)]
