"""The contract of the stores of facts and audit events."""

from __future__ import annotations

from typing import Protocol

from schemas.audit import Act, AuditEvent
from schemas.facts import Fact


class Facts(Protocol):
    """What became of things, written by the stores of those things in the same transaction."""

    def after(self, seq: int, limit: int) -> list[Fact]:
        """Return up to `limit` facts after the seq, oldest first; none appears later before it."""
        ...

    def about(self, subject: str) -> list[Fact]:
        """Return the facts about one thing, oldest first."""
        ...


class Audit(Protocol):
    """Privileged acts. A store that carries one out notes it in the same transaction."""

    def note(self, act: Act) -> None:
        """Note an act that changes nothing in the store, such as a look at personal data."""
        ...

    def page(
        self,
        before: int | None,
        limit: int,
        *,
        persona: str | None = None,
        principal: str | None = None,
    ) -> list[AuditEvent]:
        """Return a page of events before the seq, newest first, of a persona or a principal."""
        ...
