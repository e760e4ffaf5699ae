"""The contract of the store of auditors' engagements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from schemas.audit import Act
from schemas.engagements import Engagement


class Engagements(Protocol):
    """Engagements. Safe from many threads."""

    def add(self, engagement: Engagement, act: Act) -> Engagement:
        """Add an engagement with the act; returns it with its time."""
        ...

    def get(self, engagement: str) -> Engagement | None:
        """Return the engagement."""
        ...

    def page(
        self, after: tuple[int, str] | None, limit: int, auditor: str | None = None
    ) -> list[Engagement]:
        """Return a page of engagements, of all auditors or of one, the newest first."""
        ...

    def end(self, engagement: str, act: Act) -> bool:
        """End an engagement now, with the act; False where it has ended or there is none."""
        ...

    def population(self, engagement: Engagement, unit: str | None, size: int) -> Iterator[str]:
        """Yield the ids of the claims within the scope, of all its units or of one, whose leaf
        `claimed` is among the first `size` of the ledger.
        """
        ...
