"""The contract of the store of devices and the batches they hand in."""

from __future__ import annotations

from typing import Protocol

from msgspec.structs import replace

from schemas.audit import Act
from schemas.devices import Device, DeviceBatch, Gap


class BatchTaken(Exception):
    """Another batch was handed in under the number."""


class DeviceGone(Exception):
    """The device is not registered, or it is revoked."""


class Devices(Protocol):
    """Devices and their batches. Safe from many threads and processes."""

    def register(self, device: Device) -> Device:
        """Register a device and note the act; one with that key is returned as it is."""
        ...

    def get(self, device: str) -> Device | None:
        """Return the device, a revoked one too."""
        ...

    def page(self, after: tuple[int, str] | None, limit: int) -> list[Device]:
        """Return a page of devices, in the order they were registered."""
        ...

    def revoke(self, device: str, by: str, reason: str) -> Device | None:
        """Revoke the device and note the act; None where there is none."""
        ...

    def batch(self, device: str, number: int) -> DeviceBatch | None:
        """Return the batch that was taken under the number."""
        ...

    def take(self, device: str, batch: DeviceBatch) -> bool:
        """Note a batch under its number; False where the same one is noted already.

        Raises BatchTaken where another one is, DeviceGone where the device is revoked.
        """
        ...

    def batches(self, device: str, after: int, limit: int) -> list[DeviceBatch]:
        """Return a page of the batches taken, in the order of their numbers."""
        ...

    def gaps(self, device: str, limit: int) -> list[Gap]:
        """Return up to `limit` runs of missing numbers, from 1 to the highest handed in."""
        ...


def act_of_registering(device: Device) -> Act:
    """Return the act of who registered a device."""
    return Act(
        principal=device.by,
        action="device.register",
        subject=device.id,
        detail={"name": device.name, "source": device.source},
    )


def having_taken(device: Device, number: int, instant: int) -> Device:
    """Return a device once a batch was taken from it under a number, at an instant."""
    return replace(
        device,
        highest=max(device.highest, number),
        accepted=device.accepted + 1,
        seen=instant,
    )
