"""What a persona's records within a course or a programme come to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Final

import msgspec

from lrs.records.courses import satisfied_parts
from lrs.records.fold import record_of
from lrs.records.state import Origin, Place, RecordState, attended, fill, filled, worth_of
from lrs.store.records import RecordKey
from schemas.courses import CourseStructure
from schemas.events import Attendance, Score
from schemas.times import moment_of

NOWHERE: Final = Origin((0, "", 0), "server", 0, "")
"""Stands for when a learner was registered, where it does not matter when."""


class CourseRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What a persona did in a course, or in all courses of a programme, in all registrations.

    `id` is the course's, or the unit's whose programme it is. `activities` counts those with a
    record within, `completed` those completed. `parts` counts the units of the course's structure
    where we know it, `satisfied` those that are. `progress` is 0..1, `duration` seconds; time that
    two activities fill counts once.
    """

    id: str
    name: dict[str, str] | None = None
    first: datetime | None = None
    last: datetime | None = None
    activities: int = 0
    completed: int = 0
    parts: int | None = None
    satisfied: int | None = None
    progress: float | None = None
    best_score: Score | None = None
    success: bool | None = None
    completion: bool | None = None
    completed_at: datetime | None = None
    duration: float = 0.0
    sessions: int = 0
    events: int = 0


def sessions_of(states: Iterable[RecordState]) -> dict[str, tuple[Place, Attendance, int]]:
    """Return the sessions told of in any of the records, each as it was told last."""
    sessions: dict[str, tuple[Place, Attendance, int]] = {}
    for state in states:
        for session, told in state.sessions.items():
            if session not in sessions or told > sessions[session]:
                sessions[session] = told
    return sessions


def seconds_spent(states: Collection[RecordState]) -> float:
    """Return the seconds that records come to: no stretch of time twice, no session twice."""
    measured: list[int] = []
    for state in states:
        for begin, end in zip(state.measured[::2], state.measured[1::2], strict=True):
            fill(measured, begin, end)
    return (filled(measured) + attended(sessions_of(states))) / 1_000_000


def course_record(
    course: str, states: Mapping[RecordKey, RecordState], structure: CourseStructure | None
) -> CourseRecord:
    """Return the record of a course from those of it and within it."""
    own = {key: state for key, state in states.items() if key.activity == course}
    within = {key: state for key, state in states.items() if key.activity != course}
    whole = [record_of(key.activity, None, state) for key, state in own.items()]
    completed = {key.activity for key, state in within.items() if state.completed_at is not None}
    activities = {key.activity for key in within}
    parts, satisfied = _parts(states, structure)
    told = [record.progress for record in whole if record.progress is not None]
    completion = _any(record.completion for record in whole)
    if completion:
        progress: float | None = 1.0
    elif parts:
        progress = round((satisfied or 0) / parts, 3)
    else:
        progress = max(told, default=None)
    scores = [record.best_score for record in whole if record.best_score is not None]
    everything = states.values()
    return CourseRecord(
        id=course,
        name=next((record.name for record in whole if record.name), None)
        or (structure.titles if structure and structure.titles else None),
        first=_moment(min, (state.first.place[0] for state in everything if state.first)),
        last=_moment(max, (state.last for state in everything)),
        activities=len(activities),
        completed=len(completed),
        parts=parts,
        satisfied=satisfied,
        progress=progress,
        best_score=max(scores, key=worth_of, default=None),
        success=_any(record.success for record in whole),
        completion=completion,
        completed_at=min(
            (record.completed_at for record in whole if record.completed_at), default=None
        ),
        duration=seconds_spent(everything),
        sessions=_attended(everything),
        events=sum(state.events for state in everything),
    )


def programme_record(
    unit: str,
    name: dict[str, str],
    activities: Collection[str],
    states: Mapping[RecordKey, RecordState],
) -> CourseRecord:
    """Return the record of a programme from those of the activities that its rule reads, and of
    what is within them. Whether the programme is achieved is for its rule alone to say.
    """
    read = {key: state for key, state in states.items() if key.activity in activities}
    done = {
        key.activity
        for key, state in read.items()
        if state.completed_at is not None or state.succeeded
    }
    everything = states.values()
    return CourseRecord(
        id=unit,
        name=name,
        first=_moment(min, (state.first.place[0] for state in everything if state.first)),
        last=_moment(max, (state.last for state in everything)),
        activities=len({key.activity for key in states}),
        completed=len({k.activity for k, state in states.items() if state.completed_at}),
        parts=len(activities),
        satisfied=len(done),
        progress=round(len(done) / len(activities), 3) if activities else None,
        duration=seconds_spent(everything),
        sessions=_attended(everything),
        events=sum(state.events for state in everything),
    )


def _parts(
    states: Mapping[RecordKey, RecordState], structure: CourseStructure | None
) -> tuple[int | None, int | None]:
    """Return how many units a structure has, and how many are satisfied in the registration in
    which the most are.
    """
    if structure is None:
        return None, None
    units = {unit.id for unit in structure.units()}
    most = 0
    for registration in {key.registration for key in states}:
        told = {
            key.activity: one for key, one in states.items() if key.registration == registration
        }
        met = satisfied_parts(structure, told, NOWHERE)
        most = max(most, len(units & met.keys()))
    return len(units), most


def _any(told: Iterable[bool | None]) -> bool | None:
    said = {one for one in told if one is not None}
    return any(said) if said else None


def _moment(choose: Callable[[Iterable[int]], int], instants: Iterable[int]) -> datetime | None:
    given = [*instants]
    return moment_of(choose(given)) if given else None


def _attended(states: Iterable[RecordState]) -> int:
    told = sessions_of(states).values()
    return sum(attendance in ("present", "late") for _, attendance, _ in told)
