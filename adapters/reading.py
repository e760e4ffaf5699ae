"""What every inbound adapter reads from a statement, read in one way."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from schemas.events import Event, EventKind, Score, united
from schemas.identifiers import identifier_of
from schemas.sources import Source
from schemas.times import parse_timestamp
from schemas.xapi import Activity, Actor, Context, Result, Statement, StatementObject

COURSE_TYPES = frozenset(
    {
        "https://w3id.org/xapi/cmi5/activitytype/course",
        "http://adlnet.gov/expapi/activities/course",
        "http://id.tincanapi.com/activitytype/lms/course",
    }
)
ATTEMPT_TYPE = "http://adlnet.gov/expapi/activities/attempt"

CMI5_PROGRESS = "https://w3id.org/xapi/cmi5/result/extensions/progress"
VIDEO_PROGRESS = "https://w3id.org/xapi/video/extensions/progress"
VIDEO_SEGMENTS = "https://w3id.org/xapi/video/extensions/played-segments"
VIDEO_LENGTH = "https://w3id.org/xapi/video/extensions/length"

_FIGURE = r"(\d+(?:\.\d+)?)"
_DURATION = re.compile(
    rf"P(?:{_FIGURE}W)?(?:{_FIGURE}Y)?(?:{_FIGURE}M)?(?:{_FIGURE}D)?"
    rf"(?:T(?:{_FIGURE}H)?(?:{_FIGURE}M)?(?:{_FIGURE}S)?)?",
    re.ASCII,
)
_SEGMENT = re.compile(rf"\s*{_FIGURE}\s*\[\.\]\s*{_FIGURE}\s*", re.ASCII)
_DAY = 86_400
_UNITS = (7 * _DAY, 365 * _DAY, 30 * _DAY, _DAY, 3_600, 60, 1)
_CENTURY = 100 * 365 * _DAY


class Learner(NamedTuple):
    """Whom an event is about: the identifier (`schemas.identifiers`), and the name told."""

    identifier: str
    name: str | None


def seconds_of(duration: str) -> float | None:
    """Return an ISO 8601 duration in seconds, None where it is none or longer than a century.

    A year is taken as 365 days and a month as 30: the standard gives them no length.
    """
    match = _DURATION.fullmatch(duration)
    if match is None or not any(match.groups()):
        return None
    parts = zip(match.groups(default="0"), _UNITS, strict=True)
    total = sum(float(figure) * unit for figure, unit in parts)
    return total if total <= _CENTURY else None


def time_of(statement: Statement) -> datetime:
    """Return the statement's timestamp as an aware UTC datetime.

    Raises ValueError where there is none: the store gives one to every statement it keeps.
    """
    if statement.timestamp is UNSET:
        raise ValueError("$.timestamp: must be there; read statements as the store keeps them")
    text = statement.timestamp.upper()
    try:
        return parse_timestamp(text)
    except OverflowError:  # in the first or last hours that a datetime can hold
        return datetime.fromisoformat(text).replace(tzinfo=UTC)


def extensions_of(holder: Context | Result | UnsetType) -> Mapping[str, Any]:
    """Return the extensions of a context or result, none where there are none."""
    if holder is UNSET or holder.extensions is UNSET:
        return {}
    return holder.extensions


def figure_of(value: object) -> float | None:
    """Return the number that an extension holds, None where it holds anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def activities_of(statement: Statement, *groups: str) -> list[Activity]:
    """Return the context activities of the groups (`parent`, `grouping`…), in that order."""
    context = statement.context
    if context is UNSET or (within := context.context_activities) is UNSET:
        return []
    found: list[Activity] = []
    for name in groups:
        group = getattr(within, name)
        if group is not UNSET:
            found += group if isinstance(group, list) else [group]
    return found


def object_of(statement: Statement) -> Activity | None:
    """Return the statement's object where it is an activity."""
    thing = statement.object
    if thing.object_type not in (UNSET, "Activity") or thing.id is UNSET:
        return None
    return Activity(id=thing.id, definition=thing.definition)


def type_of(activity: Activity) -> str | None:
    """Return the activity's type, None where none is told."""
    definition = activity.definition
    if definition is UNSET or (found := definition.type) is UNSET:
        return None
    return found


def course_of(statement: Statement, about: Activity) -> str | None:
    """Return the course that an activity belongs to: itself, or a context activity of that type."""
    if type_of(about) in COURSE_TYPES:
        return about.id
    for activity in activities_of(statement, "parent", "grouping"):
        if type_of(activity) in COURSE_TYPES:
            return activity.id
    return None


def agent_of(actor: Actor | StatementObject) -> Learner | None:
    """Return an agent (or a group taken as one) by its identifier, None where it has none."""
    identifier = identifier_of(msgspec.to_builtins(actor))
    if identifier is None:
        return None
    return Learner(identifier, None if actor.name is UNSET else actor.name)


def learners_of(actor: Actor | StatementObject) -> list[Learner]:
    """Return the agent, or the members of a group, each once.

    Nobody where there is no identifier: a group whose members are not named is not a learner.
    """
    if actor.object_type != "Group":
        agent = agent_of(actor)
        return [] if agent is None else [agent]
    members = [] if actor.member is UNSET else actor.member
    named: dict[str, Learner] = {}
    for member in members:
        learner = agent_of(member)
        if learner is not None:
            named.setdefault(learner.identifier, learner)
    return list(named.values())


def instructor_of(statement: Statement) -> str | None:
    """Return the identifier of `context.instructor`."""
    if statement.context is UNSET or statement.context.instructor is UNSET:
        return None
    instructor = agent_of(statement.context.instructor)
    return None if instructor is None else instructor.identifier


def progress_of(result: Result | UnsetType) -> float | None:
    """Return the progress told, 0..1: by cmi5 as a percentage, by the video profile as a share."""
    told = extensions_of(result)
    for key, whole in ((CMI5_PROGRESS, 100), (VIDEO_PROGRESS, 1)):
        figure = figure_of(told.get(key))
        if figure is not None and 0 <= figure <= whole:
            return figure / whole
    return None


def segments_of(result: Result | UnsetType) -> tuple[tuple[float, float], ...]:
    """Return the parts of a recording that were played, in seconds, in order and united.

    The video profile (2.5.4.5) writes `0.000[.]12.000[,]14.000[.]21.000`; a part that is not
    written so, or ends before it begins, is left out.
    """
    told = extensions_of(result).get(VIDEO_SEGMENTS)
    if not isinstance(told, str):
        return ()
    matches = (_SEGMENT.fullmatch(part) for part in told.split("[,]"))
    played = ((float(match[1]), float(match[2])) for match in matches if match)
    return united((begin, end) for begin, end in played if math.isfinite(end))


def length_of(statement: Statement, about: Activity) -> float | None:
    """Return a recording's length in seconds, told in the context or of the activity."""
    definition = about.definition
    told = UNSET if definition is UNSET else definition.extensions
    for holder in (extensions_of(statement.context), {} if told is UNSET else told):
        length = figure_of(holder.get(VIDEO_LENGTH))
        if length is not None and 0 < length < math.inf:
            return length
    return None


def score_of(result: Result | UnsetType) -> Score | None:
    """Return the score where a figure is told, not only its bounds."""
    if result is UNSET or result.score is UNSET:
        return None
    score = msgspec.convert(msgspec.to_builtins(result.score), Score)
    return None if score.scaled is None and score.raw is None else score


def read_event(
    statement: Statement,
    source: Source,
    kind: EventKind,
    learner: Learner,
    about: Activity,
    *,
    ordinal: int = 0,
    examiner: str | None = None,
) -> Event:
    """Return the event that the statement tells of a learner and an activity.

    The result and the registration are taken as they stand; `examiner` only where it is
    somebody else than the learner. Raises ValueError where the statement has no id or timestamp.
    """
    if statement.id is UNSET:
        raise ValueError("$.id: must be there; read statements as the store keeps them")
    result, context, definition = statement.result, statement.context, about.definition
    duration = success = completion = None
    if result is not UNSET:
        duration = None if result.duration is UNSET else seconds_of(result.duration)
        success = None if result.success is UNSET else result.success
        completion = None if result.completion is UNSET else result.completion
    registration = UNSET if context is UNSET else context.registration
    name = UNSET if definition is UNSET else definition.name
    segments = segments_of(result)
    length = length_of(statement, about) if segments else None
    return Event(
        statement=statement.id.lower(),
        ordinal=ordinal,
        kind=kind,
        identifier=learner.identifier,
        learner_name=learner.name,
        activity=about.id,
        activity_name=None if name is UNSET else name,
        activity_type=type_of(about),
        course=course_of(statement, about),
        registration=None if registration is UNSET else registration.lower(),
        time=time_of(statement),
        duration=duration,
        score=score_of(result),
        success=success,
        completion=completion,
        progress=None if segments and length else progress_of(result),
        segments=segments,
        length=length,
        examiner=None if examiner == learner.identifier else examiner,
        source=source.id,
        provenance=source.provenance,
    )


def read_events(
    statement: Statement, source: Source, kind: EventKind, about: Activity
) -> list[Event]:
    """Return the event of each learner that the statement's actor is or gathers."""
    examiner = instructor_of(statement)
    return [
        read_event(statement, source, kind, learner, about, ordinal=place, examiner=examiner)
        for place, learner in enumerate(learners_of(statement.actor))
    ]
