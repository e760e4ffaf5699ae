"""Devices that record while they are offline, and the batches they hand in."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

BatchState = Literal["accepted", "known"]


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A device with the public key (JWK) that its batches are signed with.

    `id` is the key's SHA-256 thumbprint (RFC 7638) and the `kid` of its signatures, `source` the
    key of the source that its statements are of, `by` who registered it. `highest` is the highest
    number handed in, `accepted` how many batches were taken; where they differ, batches are
    missing. Instants are microseconds since the epoch.
    """

    id: str
    name: str
    source: str
    jwk: dict[str, Any]
    by: str
    registered: int
    revoked: int | None = None
    highest: int = 0
    accepted: int = 0
    seen: int | None = None


class DeviceBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A batch as it was taken: its number, the SHA-256 of its payload, and its import."""

    number: int
    sha256: str
    import_id: str
    received: int


Gap = tuple[int, int]
"""Numbers of batches that were never handed in: the first and the last of a run."""
