"""Whether the clock had the hours that several conditions claim together: pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain, combinations
from typing import NamedTuple

from lrs.achievements.evidence import HOUR, Stretches, running_time
from schemas.events import Event

MOST_CONDITIONS = 6
"""Conditions of which every choice is looked at; of more only each two and all together."""


class Claimed(NamedTuple):
    """Hours that a condition asks for, and the events that count for it, in order of time."""

    at_least: float
    counted: Sequence[Event]


class Shortfall(NamedTuple):
    """Hours that the clock had, and those that were asked for."""

    have: float
    at_least: float


def clock_met_at(claims: Sequence[Claimed], taken: Stretches) -> datetime | Shortfall:
    """Return the earliest time at which the clock had the hours of two or more claims, else what it
    lacks.

    Each claim by itself is met. Of two events that fill the same minute only one may be counted,
    for whichever condition; one event may count for several conditions that read it, as the hours
    of a course and those of an activity within. So for every choice of conditions the time filled,
    each minute as often as one event brings it to conditions of the choice, must be enough for
    their sum (Hall's theorem, where no event is read twice). More events never lower it.
    """
    times: list[datetime] = []
    for chosen in _choices(claims):
        need = sum(round(claim.at_least * HOUR) for claim in chosen)
        enough, have = _enough_at(chosen, need, taken)
        if enough is None:
            return Shortfall(have / HOUR, need / HOUR)
        times.append(enough)
    return max(times)


def _choices(claims: Sequence[Claimed]) -> Iterator[Sequence[Claimed]]:
    sizes: Iterable[int] = range(2, len(claims) + 1)
    if len(claims) > MOST_CONDITIONS:
        sizes = (2, len(claims))
    return chain.from_iterable(combinations(claims, size) for size in sizes)


def _enough_at(
    claims: Sequence[Claimed], need: int, taken: Stretches
) -> tuple[datetime | None, int]:
    """Return when the microseconds filled were enough, and what they come to at last."""
    known = {(event.statement, event.ordinal): event for one in claims for event in one.counted}
    often = Counter((event.statement, event.ordinal) for one in claims for event in one.counted)
    grown: list[tuple[datetime, int]] = []
    for times in range(1, max(often.values(), default=0) + 1):
        line = sorted(
            (event for key, event in known.items() if often[key] >= times),
            key=lambda event: (event.time, event.statement, event.ordinal),
        )
        before = 0
        for event, total in zip(line, running_time(line, taken), strict=True):
            grown.append((event.time, total - before))
            before = total
    have = 0
    for time, more in sorted(grown):
        have += more
        if have >= need:
            return time, have
    return None, have
