"""The contract of the outbox: what has to leave this machine, and how far it has come."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, Protocol

import msgspec

from lrs.store.circuit import Circuit
from schemas.audit import Act
from schemas.claims import ClaimPayload, Receipt

DeliveryKind = Literal["submit", "withdraw", "lookup", "notify", "present"]
"""A claim put to a receiver or withdrawn there, a learner looked up there, a fact told to a
webhook's subscriber, a credential brought to a host of Open Badges."""

WEBHOOK = "webhook:"
"""What the name of a destination begins with that is a webhook; others are receivers."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """Something on its way, leased to one worker.

    `lease` is the number of the lease; whoever holds an earlier one can no longer settle.
    `attempts` counts those before this one. `claim` is there for claims, `body` (JSON) as the kind
    needs it.
    """

    id: int
    lease: int
    kind: DeliveryKind
    destination: str
    subject: str
    attempts: int
    claim: ClaimPayload | None = None
    body: bytes | None = None


class OutboxItem(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the outbox as people see it; instants in microseconds since the epoch."""

    id: int
    kind: DeliveryKind
    destination: str
    subject: str
    queued: int
    due: int
    attempts: int
    parked: bool
    error: str | None = None


class Outbox(Protocol):
    """Everything that leaves. Safe from many threads, processes and machines.

    Rows come into it in the transaction of what they tell of. Methods that end a lease return
    False, and change nothing, where the delivery is leased to another by now.
    """

    def lease(
        self,
        limit: int,
        seconds: float,
        *,
        most: int | None = None,
        under_way: Mapping[str, int] = MappingProxyType({}),
    ) -> list[Delivery]:
        """Take up to `limit` deliveries that are due; others leave them alone for `seconds`.

        Nothing of a line goes before what was queued for it earlier (a line is a learner and unit,
        or what a notification is about), nothing to a destination whose circuit is open, whose
        rate is used up, or that has `most` with those `under_way` already.
        """
        ...

    def renew(self, deliveries: Collection[Delivery], seconds: float) -> None:
        """Hold the leases for another `seconds`, those that are lost excepted."""
        ...

    def settle(self, delivery: Delivery, receipt: Receipt) -> bool:
        """Put the verified receipt on the claim and take the delivery out."""
        ...

    def found(self, delivery: Delivery, account: str) -> bool:
        """Keep the learner's account at the receiver and have its claims made."""
        ...

    def delivered(self, delivery: Delivery) -> bool:
        """Take a notification out."""
        ...

    def postpone(
        self, delivery: Delivery, seconds: float, error: str, retry_after: float | None = None
    ) -> bool:
        """Make the delivery due again after `seconds`, and count the failure of the destination,
        which is left alone for `retry_after` seconds.
        """
        ...

    def park(self, delivery: Delivery, error: str) -> bool:
        """Put the delivery on the shelf until a person has looked at it."""
        ...

    def items(
        self, after: int | None, limit: int, *, parked: bool | None = None
    ) -> list[OutboxItem]:
        """Return a page, the oldest first."""
        ...

    def towards(self, destination: str, limit: int, *, parked: bool) -> list[OutboxItem]:
        """Return what is on its way to a destination, or on the shelf, the latest due first."""
        ...

    def set_aside(self, destinations: Collection[str]) -> set[str]:
        """Return those of the destinations that have anything on the shelf."""
        ...

    def retry(self, items: Sequence[int], act: Act) -> int:
        """Make parked deliveries due again, with their attempts forgotten; return how many."""
        ...

    def discard(self, item: int, act: Act) -> bool:
        """Take a parked delivery out for good; a claim that was never answered is withdrawn.

        False where no such delivery is parked.
        """
        ...

    def circuits(self) -> Mapping[str, Circuit]:
        """Return the state of every destination by name."""
        ...
