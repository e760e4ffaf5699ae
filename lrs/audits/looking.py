"""Who may look at which claim's dossier, and how much of it is shown."""

from __future__ import annotations

import time

from lrs.dossier.build import Request
from lrs.problems import Problem
from lrs.store.store import Store
from schemas.engagements import Engagement, Profile
from schemas.principals import Principal


def engagement_of(store: Store, principal: Principal, engagement: str) -> Engagement:
    """Return an engagement in force that is the principal's, or any of an administrator.

    Raises Problem: 404 where there is none that the principal may know of, 403 once it is over.
    """
    known = store.engagements.get(engagement)
    if known is None or not (principal.holds() or known.auditor == principal.id):
        raise Problem(404, "There is no such engagement.")
    if not known.in_force(time.time_ns() // 1000):
        raise Problem(403, "The engagement is over; an administrator can make another.")
    return known


def request_for(
    store: Store,
    principal: Principal,
    claim: str,
    *,
    reason: str,
    engagement: str | None,
    profile: Profile | None,
) -> Request:
    """Return what the principal may see of a claim. Raises Problem.

    An administrator sees everything, or what `profile` shows; an auditor what the engagement's
    profile shows of claims within its scope.
    """
    if engagement is None:
        if not principal.holds():
            raise Problem(403, "Say under which engagement you look at this (engagement).")
        return Request(purpose=reason, requested_by=principal.id, profile=profile or "full")
    known = engagement_of(store, principal, engagement)
    unit, claimed_at = _claimed(store, claim)
    if not known.covers(unit, claimed_at):
        raise Problem(403, "This claim is outside of the engagement's units or period.")
    return Request(
        purpose=f"{known.purpose}: {reason}", requested_by=principal.id, profile=known.profile
    )


def _claimed(store: Store, claim: str) -> tuple[str, int]:
    known = store.exchange.claim(claim)
    achievement = store.achievements.achievement(known.achievement) if known else None
    made = [fact.at for fact in store.facts.about(claim) if fact.kind == "claimed"]
    if achievement is None or not made:
        raise Problem(404, "There is no such claim.")
    return achievement.unit, made[0]
