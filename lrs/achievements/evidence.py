"""Which of a persona's events count for one condition, and when they suffice."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal, NamedTuple

from lrs.achievements.decision import Refusal, Refused
from lrs.achievements.earned import ALONE, Background
from lrs.records.state import fill
from schemas.events import Event
from schemas.times import instant_of
from schemas.units import (
    Attended,
    Completed,
    Examined,
    Hours,
    LeafCondition,
    Passed,
    Scored,
    Unit,
)

CLOCK_SKEW = timedelta(minutes=5)
"""How far a source's clock may be ahead before its statement counts as one from the future."""

HOUR = 3_600_000_000
"""Microseconds: sums of integers are exact and do not depend on order."""

_Says = Literal["for", "against"]

Stretches = Iterable[tuple[int, int]]
"""Stretches of time: begin and end of each, microseconds since the epoch."""


DAY = 24 * HOUR
_ZONE = 8 * HOUR
"""Of `BANK_ZONE`, whose days are those of sheets."""

NOT_ACCEPTED: frozenset[Refused] = frozenset(
    ("provenance", "future", "unsigned", "untrusted", "invalid", "compromised")
)
"""Why a statement has no say at all: it does not even take back what was said before."""


class Context(NamedTuple):
    """What a condition is judged in.

    `identifiers` are those of the learner. In a sequence only what is later than `since` counts.
    """

    unit: Unit
    as_of: datetime
    identifiers: frozenset[str]
    background: Background = ALONE
    since: datetime | None = None


class Findings(NamedTuple):
    """The events that count for a condition in order of time, and those that would have."""

    counted: tuple[Event, ...]
    refused: tuple[Refusal, ...]


NOTHING = Findings((), ())


def find(leaf: LeafCondition, events: Iterable[Event], context: Context) -> Findings:
    """Return what counts for the condition among a persona's events, given in any order.

    An event that takes back ends what was said of the same sitting up to its time, wherever its
    own day lies; so does one that states other hours for a session. Of what then stands, the
    earliest event of each sitting counts. What is said at one time is taken at its least.
    """
    line = sorted(
        ((event, says) for event in events if (says := _says(leaf, event))), key=_least_last
    )
    standing: defaultdict[Hashable, list[Event]] = defaultdict(list)
    refused: list[Refusal] = []
    for event, says in line:
        reason = _refused(leaf, event, context)
        said = standing[_sitting(event, leaf)]
        if says == "against":
            takes_back = reason not in NOT_ACCEPTED
        else:
            corrects = isinstance(leaf, Hours) and any(e.duration != event.duration for e in said)
            takes_back = reason is None and corrects
        if takes_back:
            refused += [_refusal(earlier, "withdrawn", {}) for earlier in said]
            said.clear()
        if says == "against":
            continue
        if reason is None:
            said.append(event)
        elif not isinstance(leaf, Scored) or _share(event, at_least=leaf.at_least) is not None:
            refused.append(_refusal(event, reason, context.background.spent))
    counted = sorted(
        (said[0] for said in standing.values() if said),
        key=lambda event: (event.time, event.statement, event.ordinal),
    )
    return Findings(tuple(counted), tuple(refused))


def _least_last(said: tuple[Event, _Says]) -> tuple[datetime, bool, float, str, int]:
    event, says = said
    return event.time, says == "against", -(event.duration or 0.0), event.statement, event.ordinal


def met_at(leaf: LeafCondition, counted: Sequence[Event], taken: Stretches = ()) -> datetime | None:
    """Return the earliest time at which the events, in order of time, meet the condition.

    `taken` is time that earned other units already.
    """
    enough: Iterable[bool]
    match leaf:
        case Hours(at_least=need):
            enough = (total >= round(need * HOUR) for total in running_time(counted, taken))
        case Attended(at_least=need):
            enough = (number >= need for number in range(1, len(counted) + 1))
        case Scored(at_least=need):
            enough = (_share(event, at_least=need) is not None for event in counted)
        case _:
            enough = (True for _ in counted)
    return next((event.time for event, met in zip(counted, enough, strict=True) if met), None)


def chosen(leaf: LeafCondition, counted: Sequence[Event], taken: Stretches = ()) -> list[Event]:
    """Return the events that a result rests on, of those that count up to its time.

    The earliest says that something was completed, passed or examined. The best score is chosen,
    the earliest of several. Of sessions and stretches of time those are chosen that came first, as
    many as are needed, or all where they do not suffice.
    """
    match leaf:
        case Attended(at_least=need):
            return list(counted[:need])
        case Hours(at_least=need):
            steps = pairwise((0, *running_time(counted, taken)))
            grown = zip(counted, steps, strict=True)
            return [
                event
                for event, (before, after) in grown
                if before < round(need * HOUR) and after > before
            ]
        case Scored() | Examined(at_least=float() | int()):
            return sorted(counted, key=lambda event: -(share_of(event) or 0.0))[:1]
        case _:
            return list(counted[:1])


def running_time(counted: Iterable[Event], taken: Stretches = ()) -> list[int]:
    """Return the microseconds spent up to each event, in order of time, beside what is taken.

    An event's duration fills the time before it, and time that two of them fill counts once:
    nobody learns more hours than the clock had. A session's hours are those that its sheet
    states for a day, which says not when, so they are added, up to what the day has left.
    """
    measured: list[int] = []
    for begin, end in taken:
        fill(measured, begin, end)
    sheets: dict[int, int] = {}
    online = 0
    totals = []
    for event in counted:
        duration = round((event.duration or 0.0) * 1_000_000)
        end = instant_of(event.time)
        if event.kind == "attended":
            day = (end + _ZONE) // DAY
            sheets[day] = sheets.get(day, 0) + duration
        else:
            online += fill(measured, end - duration, end)
        totals.append(
            online + sum(min(spent, DAY - _on(day, measured)) for day, spent in sheets.items())
        )
    return totals


def _on(day: int, measured: Sequence[int]) -> int:
    """Return how much of a day is filled."""
    begin = day * DAY - _ZONE
    stretches = zip(measured[::2], measured[1::2], strict=True)
    return sum(max(0, min(end, begin + DAY) - max(start, begin)) for start, end in stretches)


def stretches_of(leaf: LeafCondition, events: Iterable[Event]) -> dict[str, tuple[int, int]]:
    """Return the time that events fill for a condition on hours, by statement; a sheet tells none.

    Begin and end are microseconds since the epoch.
    """
    if not isinstance(leaf, Hours):
        return {}
    return {
        event.statement: (end - round((event.duration or 0.0) * 1_000_000), end)
        for event in events
        if event.kind != "attended" and _says(leaf, event) == "for"
        for end in (instant_of(event.time),)
    }


def share_of(event: Event) -> float | None:
    """Return the event's score as a share in -1..1, None where there is none or it is no share."""
    share = event.score.share if event.score is not None else None
    return share if share is not None and -1 <= share <= 1 else None


def _share(event: Event, *, at_least: float) -> float | None:
    share = share_of(event)
    return share if share is not None and share >= at_least else None


def _says(leaf: LeafCondition, event: Event) -> _Says | None:
    """Tell whether an event speaks for or against a condition, whoever says it and when."""
    if not _is_about(leaf, event):
        return None
    match leaf:
        case Completed():
            if event.kind == "uncompleted":
                return "against"
            return "for" if _completes(event) else None
        case Attended(late_counts=late_counts):
            return _attends(event, late_counts) if event.kind == "attended" else None
        case Hours():
            spent = event.duration is not None and 0 < event.duration < math.inf
            if event.kind == "attended":
                says = _attends(event, late_counts=True)
                return says if spent or says == "against" else None
            return "for" if spent else None
        case Scored():
            return "for" if share_of(event) is not None else None
        case Examined(at_least=float() | int() as need):
            failed = event.kind == "failed" or event.success is False
            return "for" if not failed and _share(event, at_least=need) is not None else None
        case _:
            return "for" if _passes(event) else None


def _is_about(leaf: LeafCondition, event: Event) -> bool:
    match leaf:
        case Hours(course=str() as course):
            return course in (event.activity, event.course)
        case Attended(activity=activity):
            return activity in (event.activity, event.course)
        case _:
            return event.activity == leaf.activity


def _completes(event: Event) -> bool:
    if event.completion is None:
        return event.kind in ("completed", "satisfied", "waived")
    return event.completion


def _passes(event: Event) -> bool:
    if event.kind in ("failed", "abandoned"):
        return False
    if event.success is None:
        return event.kind in ("passed", "mastered", "waived")
    return event.success


def _attends(event: Event, late_counts: bool) -> _Says | None:
    if event.attendance is None:
        return None
    counting = ("present", "late") if late_counts else ("present",)
    return "for" if event.attendance in counting else "against"


def _sitting(event: Event, leaf: LeafCondition) -> Hashable:
    """Return what tells apart the occasions on which an event can be taken back."""
    if isinstance(leaf, Completed):
        return event.registration
    if event.kind != "attended" or not isinstance(leaf, Attended | Hours):
        return event.statement, event.ordinal
    return event.activity, event.session


def _refused(leaf: LeafCondition, event: Event, context: Context) -> Refused | None:
    """Return why an event does not count, None where it does."""
    return (
        _source_refused(leaf, event, context)
        or _time_refused(leaf, event, context)
        or _content_refused(leaf, event, context)
    )


def _source_refused(leaf: LeafCondition, event: Event, context: Context) -> Refused | None:
    unit = context.unit
    narrowed = unit.provenance if leaf.provenance is None else leaf.provenance
    if event.provenance not in narrowed or event.provenance not in unit.provenance:
        return "provenance"
    if not context.background.compromised.isdisjoint(event.statements):
        return "compromised"
    if (leaf.signed or unit.signed) and event.signature != "valid":
        return event.signature
    return None


def _time_refused(leaf: LeafCondition, event: Event, context: Context) -> Refused | None:
    unit = context.unit
    if event.time > context.as_of + CLOCK_SKEW:
        return "future"
    if (place := unit.effective.place(event.time)) != "within":
        return "before_effective" if place == "before" else "after_effective"
    if leaf.within is not None and (place := leaf.within.place(event.time)) != "within":
        return "before_within" if place == "before" else "after_within"
    minutes = (event.duration or 0.0) / 60
    if isinstance(leaf, Hours | Attended) and minutes > 24 * 60:
        return "implausible"
    if leaf.minutes_at_least is not None and minutes < leaf.minutes_at_least:
        return "too_short"
    if context.since is not None and event.time <= context.since:
        return "out_of_sequence"
    return None


def _content_refused(leaf: LeafCondition, event: Event, context: Context) -> Refused | None:
    if any(one in context.background.spent for one in event.statements):
        return "already_counted"
    if event.kind == "waived" and isinstance(leaf, Completed | Passed | Examined):
        return "waived"
    if isinstance(leaf, Examined):
        return _examiner_refused(leaf, event, context.identifiers)
    return None


def _examiner_refused(leaf: Examined, event: Event, learner: frozenset[str]) -> Refused | None:
    if event.examiner is None:
        return "no_examiner"
    if event.examiner in learner:
        return "own_examiner"
    if leaf.by and event.examiner not in leaf.by:
        return "other_examiner"
    return None


def _refusal(event: Event, reason: Refused, spent: Mapping[str, str]) -> Refusal:
    details = {
        "provenance": event.provenance,
        "other_examiner": event.examiner,
        "already_counted": next((spent[one] for one in event.statements if one in spent), None),
    }
    return Refusal(
        statement=event.statement, time=event.time, reason=reason, detail=details.get(reason)
    )
