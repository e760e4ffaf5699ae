"""Engagements: an auditor looks at claims for a purpose, within a scope, until a date."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

Profile = Literal["full", "pseudonymous", "minimal"]
"""What a dossier shows. `full`: everything. `pseudonymous`: what was done and decided, not by
whom. `minimal`: that the claim stands and was logged, without score and evidence."""

PROFILES: tuple[Profile, ...] = get_args(Profile)


class Engagement(msgspec.Struct, frozen=True, kw_only=True):
    """What an auditor may look at, and why.

    `auditor` is the id of a principal. The scope are the claims of `units` (codes, any where
    empty) that were made from `since` until before `until`. Instants are microseconds since the
    epoch; the engagement holds until `ends`, or until it was `ended` by an administrator.
    """

    id: str
    auditor: str
    purpose: str
    units: tuple[str, ...] = ()
    since: int
    until: int
    profile: Profile
    created: int = 0
    created_by: str
    ends: int
    ended: int | None = None

    def in_force(self, now: int) -> bool:
        """Tell whether it holds at an instant."""
        return self.created <= now < (self.ends if self.ended is None else self.ended)

    def covers(self, unit: str, claimed_at: int) -> bool:
        """Tell whether a claim of a unit, made at an instant, is within the scope."""
        return (not self.units or unit in self.units) and self.since <= claimed_at < self.until
