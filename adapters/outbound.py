"""The contract of outbound adapters, which carry claims to a receiver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Protocol

from joserfc.jwk import ECKey

from schemas.claims import ClaimPayload, Receipt


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """Where claims go and who we are there.

    `url` is the receiver's base address, `client_id` and `client_key` (a private EC P-256
    key with `kid`) our OAuth client. `settings` are the adapter's own. The key is not shown
    by `repr`.
    """

    name: str
    url: str
    client_id: str
    client_key: ECKey = field(repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict)


class Connection(Protocol):
    """An adapter bound to one receiver; keeps its access token and HTTP connections."""

    def submit(self, claim: ClaimPayload) -> Receipt:
        """Put a claim to the receiver and return its verified receipt.

        Safe to repeat: the same `outer_id` never makes a second claim. Raises `Unavailable`
        where trying again later may help, `Refused` where it will not.
        """
        ...

    def close(self) -> None:
        """Let go of the connections."""
        ...


class OutboundAdapter(Protocol):
    """Speaks one receiver's interface."""

    name: str

    def connect(self, receiver: Receiver) -> Connection:
        """Return a connection to the receiver. Makes no request yet."""
        ...


class DeliveryError(Exception):
    """A claim did not reach the receiver; the message is for people and holds no secret."""


class Unavailable(DeliveryError):
    """The receiver cannot answer now; `retry_after` is seconds where it said so."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Refused(DeliveryError):
    """The receiver will not take this, however often it is sent; a person must look."""


@cache
def outbound_adapters() -> Mapping[str, OutboundAdapter]:
    """Return the installed adapters by name."""
    return {point.name: point.load() for point in entry_points(group="lrs.outbound")}
