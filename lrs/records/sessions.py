"""cmi5's rules about the order of what is told in a session and a registration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from lrs.records.state import closes_session
from schemas.events import Event

LeftOut = Literal["closed", "repeated"]
"""Why an event counts for nothing: its session was closed, or the same was told before."""


def left_out(line: Sequence[Event]) -> dict[tuple[str, int], LeftOut]:
    """Return the events, by statement and ordinal, that cmi5 has an LMS refuse.

    `line` are the events of one activity, learner and registration, in their order. In a session,
    nothing follows `terminated`, nor `abandoned`, which the LMS writes when it launches anew
    (9.3.6, 9.3.8, 10.3). `completed` and `passed` are told at most once in a registration (9.3.3,
    9.3.4): the earliest counts. Only what is later by the clock follows.
    """
    out: dict[tuple[str, int], LeftOut] = {}
    closed: dict[str, Event] = {}
    for event in line:
        if event.attempt and closes_session(event):
            closed.setdefault(event.attempt, event)
    told: set[str] = set()
    for event in line:
        end = closed.get(event.attempt) if event.attempt else None
        if end is not None and event.time > end.time and event.kind not in ("satisfied", "waived"):
            out[event.statement, event.ordinal] = "closed"
        elif event.cmi5_defined and event.kind in ("passed", "completed"):
            if event.kind in told:
                out[event.statement, event.ordinal] = "repeated"
            told.add(event.kind)
    return out
