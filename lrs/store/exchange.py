"""The contract of the store of receivers, claims and the outbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from schemas.claims import ClaimPayload, ClaimState, Receipt


class KnownReceiver(msgspec.Struct, frozen=True, kw_only=True):
    """Where claims go: which adapter carries them, to which address, as which OAuth client."""

    name: str
    adapter: str
    url: str
    client_id: str
    institution: str
    settings: dict[str, Any] = {}


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """An achievement put to a receiver. `changed` is microseconds since the epoch."""

    id: str
    achievement: str
    receiver: str
    state: ClaimState
    changed: int
    payload: ClaimPayload
    receipt: Receipt | None = None
    reason: str | None = None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A claim on its way, leased to one worker; `attempts` counts those before this one."""

    id: int
    claim: str
    receiver: str
    attempts: int
    payload: ClaimPayload


class Exchange(Protocol):
    """Receivers, claims and the outbox. Safe from many threads and processes."""

    def put_receiver(self, receiver: KnownReceiver) -> None:
        """Add a receiver or change the one of that name."""
        ...

    def receivers(self) -> Mapping[str, KnownReceiver]:
        """Return the receivers by name."""
        ...

    def lease(self, limit: int, seconds: float) -> list[Delivery]:
        """Take up to `limit` deliveries that are due; others leave them alone for `seconds`."""
        ...

    def settle(self, delivery: Delivery, receipt: Receipt) -> None:
        """Put the verified receipt on the claim and take the delivery out of the outbox."""
        ...

    def postpone(self, delivery: Delivery, seconds: float, error: str) -> None:
        """Make the delivery due again after `seconds`."""
        ...

    def park(self, delivery: Delivery, error: str) -> None:
        """Put the delivery aside until a person has looked at it."""
        ...

    def claims(
        self, after: tuple[int, str] | None, limit: int, persona: str | None = None
    ) -> list[Claim]:
        """Return a page of claims, those that changed last first."""
        ...

    def claim(self, claim: str) -> Claim | None:
        """Return the claim."""
        ...
