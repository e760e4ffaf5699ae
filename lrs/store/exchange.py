"""The contract of the store of receivers and claims."""

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

    @property
    def interval(self) -> int:
        """Microseconds between two requests, 0 for no limit."""
        per_second = self.settings.get("per_second")
        return int(1e6 / per_second) if per_second else 0


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """An achievement put to a receiver. `changed` is microseconds since the epoch.

    `receipt` is the receiver's decision, `withdrawal` its answer to a withdrawal, both verified.
    """

    id: str
    achievement: str
    receiver: str
    state: ClaimState
    changed: int
    payload: ClaimPayload
    receipt: Receipt | None = None
    withdrawal: Receipt | None = None
    reason: str | None = None


class Exchange(Protocol):
    """Receivers and the claims put to them. Safe from many threads and processes."""

    def put_receiver(self, receiver: KnownReceiver) -> None:
        """Add a receiver or change the one of that name."""
        ...

    def receivers(self) -> Mapping[str, KnownReceiver]:
        """Return the receivers by name."""
        ...

    def account(self, receiver: str, persona: str) -> str | None:
        """Return the learner's account at a receiver that looks learners up, None before that."""
        ...

    def claims(
        self, after: tuple[int, str] | None, limit: int, persona: str | None = None
    ) -> list[Claim]:
        """Return a page of claims, those that changed last first."""
        ...

    def claim(self, claim: str) -> Claim | None:
        """Return the claim."""
        ...
