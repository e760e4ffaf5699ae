"""The fold of events into a learner record: the same for any order and any repetition."""

from __future__ import annotations

import math
from collections.abc import Iterable

from msgspec.structs import replace

from lrs.records.sessions import as_looked, in_their_time, left_out
from lrs.records.state import (
    RecordState,
    attended,
    filled,
    in_order,
    only_looked,
    place_of,
)
from schemas.events import Event
from schemas.records import LearnerRecord
from schemas.times import moment_of


def fold(events: Iterable[Event]) -> LearnerRecord:
    """Return the record that events of one activity and registration make.

    An event is known by its statement and ordinal; one met again changes nothing. Where events
    contradict each other, the later one by (time, statement, ordinal) wins, unless said otherwise
    below. What cmi5's rules leave out (`lrs.records.sessions`) counts for nothing, but that the
    learner looked at something is in the record. Raises
    ValueError where there is no event or they are not of one record.
    """
    told = list(events)
    if not told:
        raise ValueError("no events: a record needs at least one")
    if len({(event.activity, event.registration) for event in told}) > 1:
        raise ValueError("the events are of several records: fold those of each by themselves")
    evidence = tuple(sorted({event.statement for event in told}))
    record = record_of(told[0].activity, told[0].registration, state_of(told))
    return replace(record, evidence=evidence)


def state_of(events: Iterable[Event]) -> RecordState:
    """Return the state that events of one record leave behind, without those left out."""
    line = in_order(events)
    out = left_out(line)
    state = RecordState()
    taken_back = [place_of(event) for event in line if event.kind == "uncompleted"]
    state.uncompleted = max(taken_back, default=None)
    for event in in_their_time([e for e in line if (e.statement, e.ordinal) not in out]):
        state.add(event)
    for event in line:
        if out.get((event.statement, event.ordinal)) == "looked":
            state.add(as_looked(event))
    state.plain = not out and not taken_back and not any(map(only_looked, line))
    return state


def record_of(activity: str, registration: str | None, state: RecordState) -> LearnerRecord:
    """Return the record of a state, without evidence.

    Success once reached stays: failing later takes it not away. An `uncompleted` takes back every
    completion before it; `completed_at` is the first after. Attempts are those that are named
    once each; of the rest, the verb among `attempted` and `initialized` that was said more often,
    as one tool may say both of one attempt. `duration` is the time that events fill, what two of
    them fill counted once, and that of the sessions attended.
    """
    assert state.first is not None  # noqa: S101 - a record has an event
    completion = _completion(state)
    return LearnerRecord(
        activity=activity,
        registration=registration,
        name=state.name and state.name[1],
        type=state.type and state.type[1],
        course=state.course and state.course[1],
        first=moment_of(state.first.place[0]),
        last=moment_of(state.last),
        attempts=len(state.attempts) + max(state.begun.values(), default=0),
        progress=_progress(state, completion),
        best_score=state.best and state.best[1],
        last_score=state.latest and state.latest[1],
        success=True if state.succeeded else (False if state.unsuccessful else None),
        completion=completion,
        completed_at=moment_of(state.completed_at[0]) if state.completed_at else None,
        duration=(filled(state.measured) + attended(state.sessions)) / 1_000_000,
        sessions={session: told[1] for session, told in sorted(state.sessions.items())},
        examiners=tuple(sorted(state.examiners)),
        events=state.events,
    )


def _completion(state: RecordState) -> bool | None:
    if state.completed_at:
        return True
    return False if state.uncompleted or state.incomplete else None


def _progress(state: RecordState, completion: bool | None) -> float | None:
    """Return the share watched of a recording, to three decimals, else the greatest share told.

    The parts played in any attempt are united, within the greatest length told, so that nobody
    has watched more by telling a shorter one. They are believed before a completion, which else
    is the whole.
    """
    told = [] if state.progress is None else [state.progress]
    length = state.length
    if state.segments and length:
        played = (min(end, length) - begin for begin, end in state.segments if begin < length)
        told.append(round(math.fsum(played) / length, 3))
    elif completion:
        return 1.0
    return max(told, default=None)
