"""What a persona has achieved already, as far as a decision needs to know it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec


class Earned(msgspec.Struct, frozen=True, kw_only=True):
    """A verified achievement.

    `route` is the kind of source that its credits are of, `basis` the ids of the achievements that
    it rests on, `converted` whether it came by conversion from them, `evidence` the ids of its
    statements. `expired` is the end of its validity where that is over: then it counts for nothing.
    """

    id: str
    unit: str
    credits: float
    route: str | None = None
    awarding_body: str
    achieved_at: datetime
    basis: tuple[str, ...] = ()
    converted: bool = False
    evidence: tuple[str, ...] = ()
    expired: datetime | None = None


class Background(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision has to know beside the persona's events of the rule's activities.

    `identifiers` are the persona's, beside those in the events. `spent` maps the statements that
    earned credit in this unit or an equivalent one to that unit's code; `taken` is the time
    (begins and ends, microseconds since the epoch) that other statements filled for the hours of
    other units; `compromised` are those
    that came while their source's key was in other hands.
    """

    identifiers: frozenset[str] = frozenset()
    earned: tuple[Earned, ...] = ()
    spent: Mapping[str, str] = {}
    taken: tuple[tuple[int, int], ...] = ()
    compromised: frozenset[str] = frozenset()

    def with_earned(self, earned: Sequence[Earned]) -> Background:
        """Return the same with other achievements."""
        return msgspec.structs.replace(self, earned=tuple(earned))


ALONE = Background()
"""Nothing else is known."""
