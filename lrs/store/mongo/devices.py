"""Devices and their batches in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace
from pymongo import IndexModel

from lrs.store.devices import BatchTaken, DeviceGone, act_of_registering, having_taken
from lrs.store.mongo.database import MongoDatabase, Transaction, reported
from lrs.store.mongo.facts import note_act
from lrs.store.mongo.queries import beyond, name_of
from schemas.audit import Act
from schemas.devices import Device, DeviceBatch, Gap

INDEXES = {
    "device": [IndexModel([("registered", 1), ("_id", 1)])],
    "device_batch": [IndexModel([("device", 1), ("number", 1)])],
}

_device = msgspec.json.Decoder(Device)


class MongoDevices:
    """Fulfils `lrs.store.devices.Devices`."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    def register(self, device: Device) -> Device:
        """Register a device and note the act; one with that key is returned as it is."""

        def work(tx: Transaction) -> Device:
            found = _found(tx, device.id)
            if found is not None:
                return found
            added = _put(tx, replace(device, registered=tx.instant))
            note_act(tx, act_of_registering(added))
            return added

        return self._database.write(work)

    def get(self, device: str) -> Device | None:
        """Return the device, a revoked one too."""
        with reported():
            found = self._database["device"].find_one({"_id": device})
        return _device.decode(found["body"]) if found else None

    def page(self, after: tuple[int, str] | None, limit: int) -> list[Device]:
        """Return a page of devices, in the order they were registered."""
        order = ("registered", "_id")
        with reported():
            found = self._database["device"].find(beyond(order, after))
            page = found.sort([(field, 1) for field in order]).limit(limit)
            return [_device.decode(one["body"]) for one in page]

    def revoke(self, device: str, by: str, reason: str) -> Device | None:
        """Revoke the device and note the act; None where there is none."""

        def work(tx: Transaction) -> Device | None:
            found = _found(tx, device)
            if found is None or found.revoked is not None:
                return found
            note_act(tx, Act(principal=by, action="device.revoke", subject=device, reason=reason))
            return _put(tx, replace(found, revoked=tx.instant))

        return self._database.write(work)

    def batch(self, device: str, number: int) -> DeviceBatch | None:
        """Return the batch that was taken under the number."""
        with reported():
            found = self._database["device_batch"].find_one({"_id": _name(device, number)})
        return _batch(found) if found else None

    def take(self, device: str, batch: DeviceBatch) -> bool:
        """Note a batch under its number; False where the same one is noted already."""
        name = _name(device, batch.number)

        def work(tx: Transaction) -> bool:
            found = _found(tx, device)
            if found is None or found.revoked is not None:
                raise DeviceGone
            taken = tx["device_batch"].find_one({"_id": name})
            if taken is not None:
                if taken["sha256"] != batch.sha256:
                    raise BatchTaken
                return False
            tx["device_batch"].insert_one(
                {
                    "_id": name,
                    "device": device,
                    "number": batch.number,
                    "sha256": batch.sha256,
                    "import": batch.import_id,
                    "received": tx.instant,
                }
            )
            _put(tx, having_taken(found, batch.number, tx.instant))
            return True

        return self._database.write(work)

    def batches(self, device: str, after: int, limit: int) -> list[DeviceBatch]:
        """Return a page of the batches taken, in the order of their numbers."""
        with reported():
            found = self._database["device_batch"].find(
                {"device": device, "number": {"$gt": after}}
            )
            return [_batch(one) for one in found.sort("number").limit(limit)]

    def gaps(self, device: str, limit: int) -> list[Gap]:
        """Return up to `limit` runs of missing numbers, from 1 to the highest handed in."""
        found = self.get(device)
        if found is None or found.highest == found.accepted:
            return []
        gaps: list[Gap] = []
        before = 0
        with reported():
            numbers = self._database["device_batch"].find(
                {"device": device}, {"number": 1, "_id": 0}
            )
            for one in numbers.sort("number"):
                if one["number"] > before + 1:
                    gaps.append((before + 1, one["number"] - 1))
                if len(gaps) == limit:
                    break
                before = one["number"]
        return gaps


def _name(device: str, number: int) -> bytes:
    return name_of(device, str(number))


def _batch(found: Mapping[str, Any]) -> DeviceBatch:
    return DeviceBatch(
        number=found["number"],
        sha256=found["sha256"],
        import_id=found["import"],
        received=found["received"],
    )


def _found(tx: Transaction, device: str) -> Device | None:
    found = tx["device"].find_one({"_id": device})
    return _device.decode(found["body"]) if found else None


def _put(tx: Transaction, device: Device) -> Device:
    tx["device"].replace_one(
        {"_id": device.id},
        {
            "registered": device.registered,
            "revoked": device.revoked,
            "body": msgspec.json.encode(device),
        },
        upsert=True,
    )
    return device
