"""cmi5's rules about the order of what is told in a session and a registration."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final, Literal

from msgspec.structs import replace

from lrs.records.state import NO_ATTEMPT, closes_session, only_looked, place_of
from schemas.events import Event, EventKind

LeftOut = Literal["closed", "looked", "repeated"]
"""Why an event counts for nothing: its session was closed, nothing is judged in its session, or
what was told before does not allow it."""

JUDGED: Final[frozenset[EventKind]] = frozenset({"passed", "failed"})
"""Of which a session tells one, once."""

JUDGING: Final = JUDGED | {"completed", "uncompleted", "mastered", "scored"}
"""What may satisfy, or take away from it."""

_Session = tuple[str, str | None, str | None]


def left_out(line: Sequence[Event]) -> dict[tuple[str, int], LeftOut]:
    """Return the events, by statement and ordinal, that cmi5 has an LMS refuse.

    `line` are the events of one activity, learner and registration, in their order, which is that
    of their timestamps (9.3). In a session, nothing follows `terminated`, nor `abandoned`, which
    the LMS writes when it launches anew (9.3.6, 9.3.8). In the launch modes Browse and Review
    nothing is judged (10.2.2): `launched` tells the mode of its session, and where no `launched`
    does, each statement for itself. `completed` and `passed` are told at most once in a
    registration, `failed` not after `passed` there, and of `passed` and `failed` one in a session,
    once (9.3): what was told first counts. What counts for nothing stands in nothing's way.
    """
    out: dict[tuple[str, int], LeftOut] = {}
    closed: dict[str, Event] = {}
    looked: dict[str, bool] = {}
    for event in line:
        if event.attempt and closes_session(event):
            closed.setdefault(event.attempt, event)
        if event.attempt and event.launch_mode and _launches(event):
            looked[event.attempt] = only_looked(event) or looked.get(event.attempt, False)
    told: set[EventKind] = set()
    judged: set[str] = set()
    for event in line:
        if event.kind in NO_ATTEMPT:
            continue
        end = closed.get(event.attempt) if event.attempt else None
        if end is not None and event.time > end.time:
            out[event.statement, event.ordinal] = "closed"
        elif _judges(event) and looked.get(event.attempt or "", only_looked(event)):
            out[event.statement, event.ordinal] = "looked"
        elif event.cmi5_defined and event.kind == "completed":
            if "completed" in told:
                out[event.statement, event.ordinal] = "repeated"
            told.add("completed")
        elif event.cmi5_defined and event.kind in JUDGED:
            if "passed" in told or event.attempt in judged:
                out[event.statement, event.ordinal] = "repeated"
                continue
            told.add(event.kind)
            if event.attempt:
                judged.add(event.attempt)
    return out


def as_looked(event: Event) -> Event:
    """Return the event of a session in which nothing is judged, without what it tells."""
    return replace(
        event, kind="experienced", score=None, success=None, completion=None, duration=None
    )


def in_their_time(events: Sequence[Event]) -> Sequence[Event]:
    """Return the events of a learner, each `abandoned` when its session was over.

    An LMS writes it when it launches anew, perhaps days later, and tells with it how long the
    session was from `launched` on (9.5.4.2). So that this time is put where it was spent, and
    counts once with what the unit itself told of it, the event is moved to its end: that far from
    `launched`, else to the last that is known of the session; never to later than the LMS wrote.
    """
    abandoned = [one for one in events if _abandons(one)]
    if not abandoned:
        return events
    sessions: defaultdict[_Session, list[Event]] = defaultdict(list)
    for event in events:
        if event.attempt and event.kind not in NO_ATTEMPT and not _abandons(event):
            sessions[event.activity, event.registration, event.attempt].append(event)
    return [
        _moved(one, sessions[one.activity, one.registration, one.attempt])
        if _abandons(one)
        else one
        for one in events
    ]


def _moved(abandoned: Event, session: Iterable[Event]) -> Event:
    before = sorted((one for one in session if one.time <= abandoned.time), key=place_of)
    if not before:
        return abandoned
    begun = next((one.time for one in before if _launches(one)), None)
    if begun is None:
        return replace(abandoned, time=before[-1].time)
    most = (abandoned.time - begun).total_seconds()
    if abandoned.duration is None or abandoned.duration >= most:
        return replace(abandoned, duration=abandoned.duration and most)
    return replace(abandoned, time=begun + timedelta(seconds=abandoned.duration))


def _abandons(event: Event) -> bool:
    return event.cmi5_defined and event.kind == "abandoned" and event.attempt is not None


def _launches(event: Event) -> bool:
    return event.cmi5_defined and event.kind == "launched"


def _judges(event: Event) -> bool:
    told = (event.score, event.success, event.completion)
    return event.kind in JUDGING or any(one is not None for one in told)
