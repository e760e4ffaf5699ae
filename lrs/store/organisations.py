"""The contract of the store of organisations and of what each may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from schemas.audit import Act
from schemas.organisations import (
    Consent,
    ConsentLevel,
    Employment,
    Organisation,
    SharedAchievement,
    SummaryLine,
)

SETTLED_AT_ONCE = 1000
"""Views that are brought up to date at a time, where their day has come."""


@dataclass(frozen=True, kw_only=True)
class SharedQuery:
    """Which achievements of an organisation: any where None; months are `YYYY-MM`, days ISO 8601,
    both included.
    """

    organisation: str
    unit: str | None = None
    department: str | None = None
    state: str | None = None
    since: str | None = None
    until: str | None = None
    persona: str | None = None


class Organisations(Protocol):
    """Organisations, employments, consents. Safe from many threads and processes.

    Whatever changes what an organisation may see is written with that change of its view, in one
    transaction; acts are noted in the same.

    Employments and consents are kept for the persona for whom they were recorded. Of personas that
    are merged those of all count for the one that is left (`employment_of`, `consent_of`), and
    each has its own again when the merge is undone.
    """

    def put(self, organisation: Organisation, act: Act) -> Organisation:
        """Add an organisation, or put it in the place of the one with its id."""
        ...

    def organisation(self, organisation: str) -> Organisation | None:
        """Return the organisation."""
        ...

    def page(self, after: str | None, limit: int) -> list[Organisation]:
        """Return a page of organisations in the order of their ids."""
        ...

    def employ(self, employments: Sequence[Employment], today: date, act: Act) -> None:
        """Put employments in the place of those of the same organisations and personas, whole.

        One that ends, ends those of the personas merged into its own too.
        """
        ...

    def employments(self, organisation: str, after: str | None, limit: int) -> list[Employment]:
        """Return a page of employments in the order of their personas."""
        ...

    def consent(self, consents: Sequence[Consent], today: date, act: Act) -> None:
        """Record consents, `given` now, in the place of earlier ones, whole."""
        ...

    def withdraw(self, organisation: str, persona: str, act: Act) -> bool:
        """Withdraw a consent, of the personas merged into this one too; False where there is none
        that stands.
        """
        ...

    def consents(self, organisation: str, after: str | None, limit: int) -> list[Consent]:
        """Return a page of consents, withdrawn ones too, in the order of their personas."""
        ...

    def consents_of(self, persona: str) -> list[Consent]:
        """Return the consents of a persona and of those merged into it, withdrawn ones too."""
        ...

    def settle(self, today: date, limit: int) -> bool:
        """Bring up to `limit` views up to date whose day has come; False where there was none."""
        ...

    def level(self, organisation: str, persona: str) -> ConsentLevel | None:
        """Return what the organisation may see of the persona now, None for nothing."""
        ...

    def changes(self, query: SharedQuery, after: int, limit: int) -> list[SharedAchievement]:
        """Return changes after a seq, oldest first, tombstones included; none appears later before
        the last one returned. Of the query only the organisation counts.
        """
        ...

    def shared(self, query: SharedQuery, after: int, limit: int) -> list[SharedAchievement]:
        """Return what may be seen, after a seq, in the order of seqs."""
        ...

    def summary(
        self, query: SharedQuery, after: tuple[str, str, str, str] | None, limit: int
    ) -> list[SummaryLine]:
        """Return a page of the sums of units, departments, months and states, in their order."""
        ...
