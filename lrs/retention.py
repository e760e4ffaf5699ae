"""Applying retention policies, a piece at a time (docs/retention.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

import msgspec

from lrs.erasure import remove_unattached
from lrs.store.retention import Expiring
from lrs.store.store import Store
from schemas.audit import Act
from schemas.retention import DataClass, Policy

PIECE = 200
"""Rows that go in one transaction."""

DAY = 86_400 * 1_000_000
"""Microseconds. So long after the end of a run the next one begins."""

PRINCIPAL = "retention"

LOOKED_AHEAD = 20
"""Pieces that a plan counts."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What would go that is older than `before` (microseconds), and what would stay because
    something rests on it; `more` where not all of it was counted.
    """

    before: int
    removed: int
    kept: int
    more: bool


def cutoff(policy: Policy, now: int) -> int | None:
    """Return the instant before which data of the class goes; None where it is kept for good."""
    return None if policy.days is None else now - policy.days * DAY


def next_to_apply(policies: Mapping[DataClass, Policy], now: int) -> Policy | None:
    """Return the policy whose run is under way, or else one whose last run is a day ago."""
    set_ones = [one for one in policies.values() if one.days is not None]
    under_way = [one for one in set_ones if one.begun is not None and one.ended is None]
    due = [one for one in set_ones if one.ended is None or one.ended + DAY <= now]
    return next(iter(under_way or due), None)


class Retaining:
    """The background work: one piece at each step."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def step(self) -> bool:
        """Remove a piece; False where every policy was applied within a day."""
        policy = next_to_apply(self._store.retention.policies(), self._store.now())
        if policy is None:
            return False
        apply(self._store, policy)
        return True


def apply(store: Store, policy: Policy) -> bool:
    """Remove the next piece of what the policy does not allow to be kept; True at the end."""
    before = cutoff(policy, store.now())
    if before is None:
        return True
    act = Act(
        principal=PRINCIPAL,
        action="retention.apply",
        subject=policy.data_class,
        reason=f"kept for {policy.days} days",
        detail={"days": policy.days},
    )
    removed = store.retention.remove(policy.data_class, before, PIECE, act)
    remove_unattached(store, removed.attachments)
    return removed.ended


def pieces(store: Store, data_class: DataClass, before: int) -> Iterator[Expiring]:
    """Yield what of a class would go, a piece at a time; nothing is changed."""
    place: str | None = None
    while True:
        piece = store.retention.look(data_class, before, place, PIECE)
        yield piece
        if piece.place is None:
            return
        place = piece.place


def plan(store: Store, data_class: DataClass, days: int) -> Plan:
    """Count what would go if data of a class were kept for so many days; nothing is changed."""
    before = cutoff(Policy(data_class=data_class, days=days), store.now()) or 0
    found = list(islice(pieces(store, data_class, before), LOOKED_AHEAD))
    return Plan(
        before=before,
        removed=sum(len(one.items) for one in found),
        kept=sum(one.kept for one in found),
        more=found[-1].place is not None,
    )
