"""The outbox in MongoDB."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec
from pymongo import DESCENDING, IndexModel, UpdateOne

from lrs.store.circuit import Circuit, after_answer, after_failure, after_lease, slots
from lrs.store.mongo.claims import put_account, remove, set_withdrawn, settle_claim
from lrs.store.mongo.database import MongoDatabase, Snapshot, Transaction, reported
from lrs.store.mongo.due import mark_of_persona
from lrs.store.mongo.facts import note_act
from lrs.store.mongo.figures import count
from lrs.store.outbox import Delivery, OutboxItem
from schemas.audit import Act
from schemas.claims import ClaimPayload, Receipt

INDEXES = {
    "outbox": [
        IndexModel([("parked", 1), ("destination", 1), ("due", 1)]),
        IndexModel([("parked", 1), ("_id", 1)]),
        IndexModel([("parked", 1), ("queued", 1)]),
        IndexModel([("destination", 1), ("line", 1), ("place", 1)], unique=True),
        IndexModel([("subject", 1), ("destination", 1)]),
    ],
    "destination": [],
}

LOOKED_AT = 100
"""Deliveries looked at in one go for those that come first in their line."""

_payload = msgspec.json.Decoder(ClaimPayload).decode


class MongoOutbox:
    """Fulfils `lrs.store.outbox.Outbox`.

    A delivery is leased by writing its document: of two that take the same one at the same time,
    the later runs again and finds it taken.
    """

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    def lease(
        self,
        limit: int,
        seconds: float,
        *,
        most: int | None = None,
        under_way: Mapping[str, int] = MappingProxyType({}),
    ) -> list[Delivery]:
        """Take up to `limit` deliveries that are due; others leave them alone for `seconds`."""
        lease = int(seconds * 1e6)

        def work(tx: Transaction) -> list[Delivery]:
            taken: list[Delivery] = []
            for name, circuit in _open(tx, tx.instant):
                room = limit - len(taken)
                if most is not None:
                    room = min(room, most - under_way.get(name, 0))
                free = slots(circuit, tx.instant, room)
                found = _take(tx, name, free, lease) if free > 0 else []
                if found:
                    _put_circuit(tx, name, circuit, after_lease(circuit, tx.instant, lease))
                    taken += found
                if len(taken) == limit:
                    break
            return taken

        # Look before asking for a transaction, which an idle worker would do all day.
        full = {name for name, count in under_way.items() if most is not None and count >= most}
        with self._database.snapshot() as snapshot:
            waiting = _open(snapshot, self._database.now())
        if limit < 1 or all(name in full for name, _ in waiting):
            return []
        return self._database.write(work)

    def renew(self, deliveries: Collection[Delivery], seconds: float) -> None:
        """Hold the leases for another `seconds`, those that are lost excepted."""

        def work(tx: Transaction) -> None:
            due = {"$set": {"due": tx.instant + int(seconds * 1e6)}}
            if deliveries:
                tx["outbox"].bulk_write(
                    [UpdateOne({**_held(one), "parked": False}, due) for one in deliveries]
                )

        self._database.write(work)

    def settle(self, delivery: Delivery, receipt: Receipt) -> bool:
        """Put the verified receipt on the claim and take the delivery out."""

        def work(tx: Transaction) -> bool:
            if not _take_out(tx, delivery):
                return False
            settle_claim(tx, delivery.subject, receipt)
            return True

        return self._database.write(work)

    def found(self, delivery: Delivery, account: str) -> bool:
        """Keep the learner's account at the receiver and have its claims made."""

        def work(tx: Transaction) -> bool:
            if not _take_out(tx, delivery):
                return False
            put_account(tx, delivery.destination, delivery.subject, account)
            mark_of_persona(tx, delivery.subject, state="verified")
            return True

        return self._database.write(work)

    def delivered(self, delivery: Delivery) -> bool:
        """Take a notification out."""
        return self._database.write(lambda tx: _take_out(tx, delivery))

    def postpone(
        self, delivery: Delivery, seconds: float, error: str, retry_after: float | None = None
    ) -> bool:
        """Make the delivery due again after `seconds`, and count the destination's failure."""

        def work(tx: Transaction) -> bool:
            due = tx.instant + int(seconds * 1e6)
            if not _give_back(tx, delivery, {"due": due, "error": error}):
                return False
            circuit = _circuit(tx, delivery.destination)
            failed = after_failure(circuit, tx.instant, retry_after)
            _put_circuit(tx, delivery.destination, circuit, failed)
            return True

        return self._database.write(work)

    def park(self, delivery: Delivery, error: str) -> bool:
        """Put the delivery on the shelf until a person has looked at it."""

        def work(tx: Transaction) -> bool:
            if not _give_back(tx, delivery, {"parked": True, "error": error}):
                return False
            count(tx, "parked", "", 1)
            _answered(tx, delivery.destination)
            if delivery.claim is not None:
                tx["claim"].update_one(
                    {"_id": delivery.subject}, {"$set": {"reason": error, "changed": tx.instant}}
                )
            return True

        return self._database.write(work)

    def items(
        self, after: int | None, limit: int, *, parked: bool | None = None
    ) -> list[OutboxItem]:
        """Return a page, the oldest first."""
        where: dict[str, Any] = {"_id": {"$gt": after or 0}}
        if parked is not None:
            where["parked"] = parked
        with reported():
            found = self._database["outbox"].find(where).sort("_id").limit(limit)
            return [_item(one) for one in found]

    def towards(self, destination: str, limit: int, *, parked: bool) -> list[OutboxItem]:
        """Return what is on its way to a destination, or on the shelf, the latest due first."""
        where = {"parked": parked, "destination": destination}
        with reported():
            found = self._database["outbox"].find(where).sort("due", DESCENDING).limit(limit)
            return [_item(one) for one in found]

    def set_aside(self, destinations: Collection[str]) -> set[str]:
        """Return those of the destinations that have anything on the shelf."""
        where = {"parked": True, "destination": {"$in": list(destinations)}}
        with reported():
            return set(self._database["outbox"].distinct("destination", where))

    def retry(self, items: Sequence[int], act: Act) -> int:
        """Make parked deliveries due again, with their attempts forgotten; return how many."""

        def work(tx: Transaction) -> int:
            again = unpark(tx, {"_id": {"$in": list(items)}})
            if again:
                note_act(tx, act)
            return again

        return self._database.write(work)

    def discard(self, item: int, act: Act) -> bool:
        """Take a parked delivery out for good."""

        def work(tx: Transaction) -> bool:
            found = tx["outbox"].find_one({"_id": item, "parked": True})
            if found is None:
                return False
            remove(tx, {"_id": item})
            note_act(tx, act)
            if found["kind"] == "submit":
                claim = found["subject"]
                tx["claim"].update_one({"_id": claim}, {"$set": {"discarded": True}})
                set_withdrawn(tx, claim, act.reason or "discarded")
            return True

        return self._database.write(work)

    def circuits(self) -> Mapping[str, Circuit]:
        """Return the state of every destination by name."""
        with reported():
            found = self._database["destination"].find().sort("_id")
            return {one["_id"]: msgspec.convert(one, Circuit) for one in found}


def unpark(tx: Transaction, which: Mapping[str, Any]) -> int:
    """Make parked deliveries due again, with their attempts forgotten; return how many."""
    change = {"$set": {"parked": False, "attempts": 0, "due": tx.instant}, "$inc": {"lease": 1}}
    again = tx["outbox"].update_many({**which, "parked": True}, change)
    count(tx, "parked", "", -again.modified_count)
    return int(again.modified_count)


def _open(within: Snapshot, now: int) -> list[tuple[str, Circuit]]:
    """Return the destinations that may be sent to and that something is due for."""
    # The first of each destination is read from the index, however much waits behind it.
    earliest = within["outbox"].aggregate(
        [
            {"$match": {"parked": False}},
            {"$sort": {"destination": 1, "due": 1}},
            {"$group": {"_id": "$destination", "due": {"$first": "$due"}}},
        ]
    )
    waiting = sorted(one["_id"] for one in earliest if one["due"] <= now)
    if not waiting:
        return []
    found = within["destination"].find(
        {"_id": {"$in": waiting}, "closed_off": {"$lte": now}, "next_slot": {"$lte": now}}
    )
    return [(one["_id"], msgspec.convert(one, Circuit)) for one in found.sort("_id")]


def _take(tx: Transaction, destination: str, limit: int, lease: int) -> list[Delivery]:
    taken = _first_in_line(tx, destination, limit)
    claims = _claims_of(tx, taken)
    if taken:
        tx["outbox"].bulk_write(
            [
                UpdateOne({"_id": one["_id"]}, {"$set": {"due": tx.instant + lease}, **_LEASED})
                for one in taken
            ]
        )
    return [
        Delivery(
            id=one["_id"],
            lease=one["lease"] + 1,
            kind=one["kind"],
            destination=destination,
            subject=one["subject"],
            attempts=one["attempts"],
            claim=claims.get(one["_id"]),
            body=one["body"],
        )
        for one in taken
    ]


_LEASED = {"$inc": {"lease": 1}}


def _first_in_line(tx: Transaction, destination: str, limit: int) -> list[Mapping[str, Any]]:
    """Return what is due and has nothing before it in its line, but what is on the shelf."""
    of_destination = {"destination": destination, "parked": False}
    due = tx["outbox"].find({**of_destination, "due": {"$lte": tx.instant}}).sort("due")
    taken: list[Mapping[str, Any]] = []
    looked_at = 0
    while len(taken) < limit:
        some = list(due.clone().skip(looked_at).limit(LOOKED_AT))
        looked_at += len(some)
        first: dict[str, int] = {}
        lines = {"$in": [one["line"] for one in some]}
        for one in tx["outbox"].find({**of_destination, "line": lines}, {"line": 1, "place": 1}):
            first[one["line"]] = min(one["place"], first.get(one["line"], one["place"]))
        taken += [one for one in some if one["place"] == first[one["line"]]]
        if len(some) < LOOKED_AT:
            break
    return taken[:limit]


def _claims_of(tx: Transaction, taken: Sequence[Mapping[str, Any]]) -> dict[int, ClaimPayload]:
    """Return the claims of deliveries by their ids, those submitted as sent from now on."""
    about = {one["_id"]: one["subject"] for one in taken if one["kind"] in ("submit", "withdraw")}
    if not about:
        return {}
    found = {
        one["_id"]: one
        for one in tx["claim"].find(
            {"_id": {"$in": list(set(about.values()))}}, {"state": 1, "payload": 1}
        )
    }
    sent = [
        one["subject"]
        for one in taken
        if one["kind"] == "submit" and found[one["subject"]]["state"] == "queued"
    ]
    if sent:
        tx["claim"].update_many(
            {"_id": {"$in": sent}}, {"$set": {"state": "sent", "changed": tx.instant}}
        )
        count(tx, "claim", "queued", -len(sent))
        count(tx, "claim", "sent", len(sent))
    return {item: _payload(found[claim]["payload"]) for item, claim in about.items()}


def _held(delivery: Delivery) -> dict[str, Any]:
    return {"_id": delivery.id, "lease": delivery.lease}


def _give_back(tx: Transaction, delivery: Delivery, fields: Mapping[str, Any]) -> bool:
    """End the lease with the delivery not done; False where it is another's by now."""
    given = tx["outbox"].update_one(
        _held(delivery), {"$set": dict(fields), "$inc": {"lease": 1, "attempts": 1}}
    )
    return bool(given.matched_count)


def _take_out(tx: Transaction, delivery: Delivery) -> bool:
    """End the lease with the delivery done; False where it is another's by now."""
    gone = tx["outbox"].delete_one(_held(delivery))
    if gone.deleted_count:
        _answered(tx, delivery.destination)
    return bool(gone.deleted_count)


def _answered(tx: Transaction, destination: str) -> None:
    circuit = _circuit(tx, destination)
    _put_circuit(tx, destination, circuit, after_answer(circuit))


def _circuit(tx: Transaction, destination: str) -> Circuit:
    found = tx["destination"].find_one({"_id": destination})
    return msgspec.convert(found, Circuit) if found else Circuit()


def _put_circuit(tx: Transaction, destination: str, before: Circuit, after: Circuit) -> None:
    """Write a destination's state, where it is another one: those who do not change it need not
    wait for each other.
    """
    if before == after:
        return
    fields = {
        "failures": after.failures,
        "closed_off": after.closed_off,
        "next_slot": after.next_slot,
    }
    tx["destination"].update_one({"_id": destination}, {"$set": fields})


def _item(row: Mapping[str, Any]) -> OutboxItem:
    return msgspec.convert({**row, "id": row["_id"]}, OutboxItem)
