"""Devices and their batches in SQLite."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from lrs.store.devices import BatchTaken, DeviceGone, act_of_registering, having_taken
from lrs.store.sqlite.database import Database, Transaction
from lrs.store.sqlite.facts import note_act
from schemas.audit import Act
from schemas.devices import Device, DeviceBatch, Gap

_device = msgspec.json.Decoder(Device)

_GAPS = """
SELECT before + 1, number - 1 FROM (
  SELECT number, lag(number, 1, 0) OVER (ORDER BY number) AS before
  FROM device_batch WHERE device = ?
) WHERE number > before + 1 ORDER BY number LIMIT ?
"""


class SqliteDevices:
    """Fulfils `lrs.store.devices.Devices`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def register(self, device: Device) -> Device:
        """Register a device and note the act; one with that key is returned as it is."""

        def work(tx: Transaction) -> Device:
            found = _found(tx, device.id)
            if found is not None:
                return found
            added = replace(device, registered=tx.instant)
            tx.execute(
                "INSERT INTO device (id, registered, body) VALUES (?, ?, ?)",
                (added.id, added.registered, msgspec.json.encode(added)),
            )
            note_act(tx, act_of_registering(added))
            return added

        return self._database.write(work)

    def get(self, device: str) -> Device | None:
        """Return the device, a revoked one too."""
        row = (
            self._database.read()
            .execute("SELECT body FROM device WHERE id = ?", (device,))
            .fetchone()
        )
        return _device.decode(row[0]) if row else None

    def page(self, after: tuple[int, str] | None, limit: int) -> list[Device]:
        """Return a page of devices, in the order they were registered."""
        rows = self._database.read().execute(
            "SELECT body FROM device WHERE (registered, id) > (?, ?) "
            "ORDER BY registered, id LIMIT ?",
            (*(after or (0, "")), limit),
        )
        return [_device.decode(body) for (body,) in rows]

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
        found = self._batches("device = ? AND number = ?", device, number)
        return found[0] if found else None

    def take(self, device: str, batch: DeviceBatch) -> bool:
        """Note a batch under its number; False where the same one is noted already."""

        def work(tx: Transaction) -> bool:
            found = _found(tx, device)
            if found is None or found.revoked is not None:
                raise DeviceGone
            row = tx.execute(
                "SELECT sha256 FROM device_batch WHERE device = ? AND number = ?",
                (device, batch.number),
            ).fetchone()
            if row is not None:
                if row[0] != batch.sha256:
                    raise BatchTaken
                return False
            tx.execute(
                "INSERT INTO device_batch (device, number, sha256, import, received) "
                "VALUES (?, ?, ?, ?, ?)",
                (device, batch.number, batch.sha256, batch.import_id, tx.instant),
            )
            _put(tx, having_taken(found, batch.number, tx.instant))
            return True

        return self._database.write(work)

    def batches(self, device: str, after: int, limit: int) -> list[DeviceBatch]:
        """Return a page of the batches taken, in the order of their numbers."""
        return self._batches(
            "device = ? AND number > ? ORDER BY number LIMIT ?", device, after, limit
        )

    def gaps(self, device: str, limit: int) -> list[Gap]:
        """Return up to `limit` runs of missing numbers, from 1 to the highest handed in."""
        found = self.get(device)
        if found is None or found.highest == found.accepted:
            return []
        return self._database.read().execute(_GAPS, (device, limit)).fetchall()

    def _batches(self, which: str, *values: Any) -> list[DeviceBatch]:
        rows = self._database.read().execute(
            f"SELECT number, sha256, import, received FROM device_batch WHERE {which}",  # noqa: S608
            values,
        )
        return [
            DeviceBatch(number=row[0], sha256=row[1], import_id=row[2], received=row[3])
            for row in rows
        ]


def _found(tx: Transaction, device: str) -> Device | None:
    row = tx.execute("SELECT body FROM device WHERE id = ?", (device,)).fetchone()
    return _device.decode(row[0]) if row else None


def _put(tx: Transaction, device: Device) -> Device:
    tx.execute(
        "UPDATE device SET revoked = ?, body = ? WHERE id = ?",
        (device.revoked, msgspec.json.encode(device), device.id),
    )
    return device
