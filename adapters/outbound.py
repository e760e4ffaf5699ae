"""The contract of outbound adapters, which carry claims to a receiver (docs/credit-bank.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Protocol, runtime_checkable

from joserfc.jwk import ECKey

from schemas.claims import ClaimPayload, Holding, IdentityDocument, Receipt, RecognisedUnit


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """Where claims go and who we are there.

    `url` is the receiver's base address, `client_id` and `client_key` (a private EC P-256
    key with `kid`) our OAuth client, `client_secret` its password where the receiver has no
    better. `settings` are the adapter's own. Key and secret are not shown by `repr`.
    """

    name: str
    url: str
    client_id: str
    client_key: ECKey = field(repr=False)
    client_secret: str | None = field(default=None, repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict)


class Connection(Protocol):
    """An adapter bound to one receiver; keeps its access token and HTTP connections.

    Used by several threads at a time. Every method raises `Unavailable` where trying again later
    may help, `Unproven` where the answer does not prove what it should, `Refused` where the
    receiver will not take it. All are safe to repeat.
    """

    def submit(self, claim: ClaimPayload) -> Receipt:
        """Put a claim to the receiver and return its verified receipt.

        The same `outer_id` never makes a second claim.
        """
        ...

    def withdraw(self, claim: ClaimPayload, reason: str) -> Receipt:
        """Withdraw a claim, also one that the receiver may never have got: it takes none of that
        `outer_id` any more. Returns the verified receipt, whose decision is `withdrawn`.
        """
        ...

    def close(self) -> None:
        """Let go of the connections."""
        ...


@runtime_checkable
class KeepsBooks(Protocol):
    """A connection to a receiver that says what it holds, for reconciliation."""

    def holdings(self) -> Iterator[Holding]:
        """Give what the receiver holds of us, in the order of `outer_id`."""
        ...

    def status(self, claim: ClaimPayload) -> Receipt | None:
        """Return the verified receipt of the claim's state now, None where there is none."""
        ...


@runtime_checkable
class HasCatalogue(Protocol):
    """A connection to a receiver that says which units it recognises."""

    def catalogue(self) -> Iterator[RecognisedUnit]:
        """Give the recognised units, in the order of their codes."""
        ...


@runtime_checkable
class KnowsLearners(Protocol):
    """A connection to a receiver at which a learner has an account of their own."""

    def look_up(self, name: str, document: IdentityDocument) -> str:
        """Return the learner's account there. Raises `Refused` where there is none."""
        ...


class OutboundAdapter(Protocol):
    """Speaks one receiver's interface."""

    name: str

    def connect(self, receiver: Receiver) -> Connection:
        """Return a connection to the receiver. Makes no request yet.

        Raises Refused where the receiver's settings cannot be used.
        """
        ...


class DeliveryError(Exception):
    """A claim did not reach the receiver; the message is for people and holds no secret."""


class Unavailable(DeliveryError):
    """The receiver cannot answer now; `retry_after` is seconds where it said so."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unproven(DeliveryError):
    """The answer does not prove what it should, and was thrown away."""


class Refused(DeliveryError):
    """The receiver will not take this, however often it is sent; a person must look."""


@cache
def outbound_adapters() -> Mapping[str, OutboundAdapter]:
    """Return the installed adapters by name."""
    return {point.name: point.load() for point in entry_points(group="lrs.outbound")}
