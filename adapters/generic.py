"""Statements of any tool: the verbs of ADL and the common ones of other vocabularies."""

from __future__ import annotations

from typing import Final, get_args

from msgspec import UNSET
from msgspec.structs import replace

from adapters.reading import (
    ATTEMPT_TYPE,
    activities_of,
    agent_of,
    course_of,
    extensions_of,
    instructor_of,
    learners_of,
    object_of,
    progress_of,
    read_event,
    type_of,
)
from schemas.events import Attendance, Event, EventKind
from schemas.profile import ATTENDANCE_EXTENSION, SESSION_TYPE
from schemas.sources import Source
from schemas.xapi import Activity, Statement

_ADL = "http://adlnet.gov/expapi/verbs/"
_ADL_PROFILE = "https://w3id.org/xapi/adl/verbs/"
_STREAMS = "http://activitystrea.ms/schema/1.0/"
_TINCAN = "http://id.tincanapi.com/verb/"
_TLA = "https://w3id.org/xapi/tla/verbs/"
_VIDEO = "https://w3id.org/xapi/video/verbs/"

VERBS: Final[dict[str, EventKind]] = {
    f"{_ADL}attempted": "attempted",
    f"{_ADL}attended": "attended",
    f"{_ADL}completed": "completed",
    f"{_ADL}exited": "terminated",
    f"{_ADL}experienced": "experienced",
    f"{_ADL}failed": "failed",
    f"{_ADL}initialized": "initialized",
    f"{_ADL}launched": "launched",
    f"{_ADL}mastered": "mastered",
    f"{_ADL}passed": "passed",
    f"{_ADL}progressed": "progressed",
    f"{_ADL}resumed": "experienced",
    f"{_ADL}scored": "scored",
    f"{_ADL}suspended": "terminated",
    f"{_ADL}terminated": "terminated",
    f"{_ADL_PROFILE}abandoned": "abandoned",
    f"{_ADL_PROFILE}satisfied": "satisfied",
    f"{_ADL_PROFILE}waived": "waived",
    f"{_STREAMS}access": "experienced",
    f"{_STREAMS}attend": "attended",
    f"{_STREAMS}complete": "completed",
    f"{_STREAMS}consume": "experienced",
    f"{_STREAMS}experience": "experienced",
    f"{_STREAMS}listen": "experienced",
    f"{_STREAMS}open": "experienced",
    f"{_STREAMS}play": "experienced",
    f"{_STREAMS}read": "experienced",
    f"{_STREAMS}satisfy": "satisfied",
    f"{_STREAMS}start": "initialized",
    f"{_STREAMS}submit": "attempted",
    f"{_STREAMS}watch": "experienced",
    f"{_TINCAN}earned": "satisfied",
    f"{_TINCAN}paused": "progressed",
    f"{_TINCAN}previewed": "experienced",
    f"{_TINCAN}skipped": "experienced",
    f"{_TINCAN}viewed": "experienced",
    "http://specification.openbadges.org/xapi/verbs/earned": "satisfied",
    "http://www.tincanapi.co.uk/verbs/evaluated": "scored",
    f"{_TLA}achieved": "satisfied",
    f"{_TLA}forfeited": "uncompleted",
    f"{_TLA}scored": "scored",
    f"{_VIDEO}paused": "progressed",
    f"{_VIDEO}played": "experienced",
    f"{_VIDEO}seeked": "experienced",
}

OPINIONS: Final = frozenset(
    {f"{_TINCAN}rated", f"{_TINCAN}voted-up", f"{_TINCAN}voted-down", f"{_ADL}preferred"}
)
"""Verbs whose score is the learner's opinion of the activity, not how the learner did."""

JUDGED: Final[frozenset[EventKind]] = frozenset(
    {"attended", "completed", "failed", "mastered", "passed", "satisfied", "scored", "waived"}
)
"""What an actor may say of somebody else, who then is the statement's object."""

VIDEO_SESSION: Final = "https://w3id.org/xapi/video/extensions/session-id"


class GenericAdapter:
    """Recognises every statement; gives events for verbs it knows and results it can read."""

    name = "generic"

    def recognises(self, statement: Statement) -> bool:
        """Tell whether the statement is of this adapter's tool or profile: always."""
        return True

    def events(self, statement: Statement, source: Source) -> list[Event]:
        """Return an event for each learner; none for verbs unknown and without a result."""
        kind = VERBS.get(statement.verb.id) or _kind_by_result(statement)
        if kind is None:
            return []
        if statement.object.object_type in ("Agent", "Group"):
            return _judged(statement, source, kind)
        about = object_of(statement)
        if about is None:
            return []
        examiner = instructor_of(statement)
        events = [
            read_event(statement, source, kind, learner, about, ordinal=place, examiner=examiner)
            for place, learner in enumerate(learners_of(statement.actor))
        ]
        if kind == "attended":
            return [_attended(statement, event) for event in events]
        return [_with_attempt(statement, event) for event in events]


def _kind_by_result(statement: Statement) -> EventKind | None:
    result = statement.result
    if result is UNSET or statement.verb.id in OPINIONS:
        return None
    if result.success is not UNSET:
        return "passed" if result.success else "failed"
    if result.completion is True:
        return "completed"
    if result.score is not UNSET:
        return "scored"
    if result.completion is not UNSET or progress_of(result) is not None:
        return "progressed"
    return None


def _judged(statement: Statement, source: Source, kind: EventKind) -> list[Event]:
    """Return what the actor says of the person or group that is the object."""
    whole = activities_of(statement, "parent", "grouping")
    if kind not in JUDGED or not whole:
        return []
    actor = agent_of(statement.actor)
    examiner = instructor_of(statement) or (actor and actor.identifier)
    events = [
        read_event(statement, source, kind, learner, whole[0], ordinal=place, examiner=examiner)
        for place, learner in enumerate(learners_of(statement.object))
    ]
    return [_attended(statement, event) for event in events] if kind == "attended" else events


def _attended(statement: Statement, event: Event) -> Event:
    """Return the event with session and attendance.

    Attending a session of a course is about the course: what the result says of the session
    (a score, completion) is not said of the course and is left out, but for the time spent. An
    activity that is not a session of another is its own session.
    """
    event = replace(event, session=event.activity, attendance=_attendance(statement))
    whole = activities_of(statement, "parent", "grouping")
    if event.activity_type != SESSION_TYPE or not whole:
        return event
    event = _moved(statement, event, whole[0])
    return replace(
        event,
        course=event.course or event.activity,
        score=None,
        success=None,
        completion=None,
        progress=None,
    )


def _attendance(statement: Statement) -> Attendance | None:
    """Return the attendance told, `present` where none is, None where it is no known text."""
    for holder in (statement.result, statement.context):
        told = extensions_of(holder).get(ATTENDANCE_EXTENSION)
        if told is not None:
            return next((known for known in get_args(Attendance) if known == told), None)
    return "present"


def _with_attempt(statement: Statement, event: Event) -> Event:
    """Return the event with its attempt: the object where it is one, else the video's session."""
    whole = activities_of(statement, "parent")
    if event.activity_type == ATTEMPT_TYPE and whole:
        return replace(_moved(statement, event, whole[0]), attempt=event.activity)
    session = extensions_of(statement.context).get(VIDEO_SESSION)
    return replace(event, attempt=session) if isinstance(session, str) else event


def _moved(statement: Statement, event: Event, about: Activity) -> Event:
    """Return the event as one about another activity."""
    named = about.definition is not UNSET and about.definition.name is not UNSET
    return replace(
        event,
        activity=about.id,
        activity_name=about.definition.name if named else None,
        activity_type=type_of(about),
        course=course_of(statement, about),
    )


adapter = GenericAdapter()
