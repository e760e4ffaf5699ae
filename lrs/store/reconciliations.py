"""The contract of the store of reconciliations: what we think and what a receiver holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from lrs.store.exchange import Claim
from schemas.claims import Receipt, RecognisedUnit

DifferenceKind = Literal[
    "undecided here",
    "unknown there",
    "unknown here",
    "state differs",
    "content differs",
    "withdrawn here only",
    "withdrawn there only",
]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A claim on which we and a receiver differ; `ours` and `theirs` are states, `repair` what was
    done about it.
    """

    claim: str
    kind: DifferenceKind
    ours: str | None
    theirs: str | None
    repair: Literal["none", "receipt taken", "withdrawal queued", "submission queued"] = "none"


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """A comparison that was made; instants in microseconds since the epoch. `error` says why it
    could not be finished.
    """

    id: int = 0
    receiver: str
    started: int
    finished: int
    compared: int
    differences: Sequence[Difference] = ()
    error: str | None = None

    @property
    def repaired(self) -> int:
        """How many of the differences something was done about."""
        return sum(one.repair != "none" for one in self.differences)


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A reconciliation without its differences."""

    id: int
    receiver: str
    started: int
    finished: int
    compared: int
    differences: int
    repaired: int
    error: str | None = None


class Reconciliations(Protocol):
    """Reconciliations, their repairs, and receivers' catalogues. Safe from many threads."""

    def claims_of(self, receiver: str, after: str, limit: int) -> list[Claim]:
        """Return claims put to a receiver, in the order of their ids."""
        ...

    def on_its_way(self, claim: str) -> bool:
        """Tell whether something of the claim is in the outbox and not on the shelf."""
        ...

    def take_receipt(self, claim: str, receipt: Receipt) -> bool:
        """Put a verified receipt on a claim that has none, and end its delivery.

        False where it was answered meanwhile.
        """
        ...

    def queue_again(self, claim: str) -> bool:
        """Have a claim submitted again that is neither answered nor on its way."""
        ...

    def withdraw_there(self, claim: str, reason: str) -> None:
        """Have a claim withdrawn at its receiver that is withdrawn here."""
        ...

    def keep(self, reconciliation: Reconciliation) -> int:
        """Keep a reconciliation and return its id."""
        ...

    def page(self, before: int | None, limit: int, receiver: str | None = None) -> list[Summary]:
        """Return a page, the latest first."""
        ...

    def differences(self, reconciliation: int, after: int, limit: int) -> list[Difference]:
        """Return differences of a reconciliation from the ordinal `after` on (from 0)."""
        ...

    def last(self, receiver: str) -> int | None:
        """Return when the receiver was last reconciled with (microseconds), None for never."""
        ...

    def put_catalogue(self, receiver: str, units: Sequence[RecognisedUnit]) -> None:
        """Keep the receiver's catalogue in place of the one before."""
        ...

    def catalogue(self, receiver: str, after: str, limit: int) -> list[RecognisedUnit]:
        """Return recognised units, in the order of their codes."""
        ...
