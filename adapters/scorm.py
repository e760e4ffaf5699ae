"""The ADL SCORM profile (https://w3id.org/xapi/scorm): SCORM content that tells by xAPI."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from adapters import generic
from adapters.reading import ATTEMPT_TYPE, activities_of, object_of, read_events, type_of
from schemas.events import Event, EventKind
from schemas.sources import Source
from schemas.xapi import Activity, Statement

PROFILE: Final = "https://w3id.org/xapi/scorm"
LESSON_TYPE: Final = "http://adlnet.gov/expapi/activities/lesson"
"""A SCO, the sharable content object of SCORM."""

_ADL: Final = "http://adlnet.gov/expapi/verbs/"

PROGRESSED: Final = f"{_ADL}progressed"
INTERACTIONS: Final = frozenset({f"{_ADL}answered", f"{_ADL}responded"})
"""Verbs of one interaction: the profile's, and the one that xAPI wrappers of SCORM send."""

VERBS: Final[dict[str, EventKind]] = {
    f"{_ADL}completed": "completed",
    f"{_ADL}failed": "failed",
    f"{_ADL}initialized": "initialized",
    f"{_ADL}passed": "passed",
    PROGRESSED: "progressed",
    f"{_ADL}resumed": "experienced",
    f"{_ADL}scored": "scored",
    f"{_ADL}suspended": "terminated",
    f"{_ADL}terminated": "terminated",
    **dict.fromkeys(INTERACTIONS, "experienced"),
}


class ScormAdapter:
    """Gives events about courses, SCOs and objectives."""

    name = "scorm"

    def recognises(self, statement: Statement) -> bool:
        """Tell whether the profile stands in the category, which all its statements must have."""
        return any(
            activity.id.rstrip("/") == PROFILE or activity.id.startswith(f"{PROFILE}/v")
            for activity in activities_of(statement, "category")
        )

    def events(self, statement: Statement, source: Source) -> list[Event]:
        """Return the statement's events; none for comments and verbs that nobody knows.

        Beside its own verbs the profile has content say what it likes of things inside a SCO (5.0,
        "Reporting learner activity during an attempt"): those are read as the generic adapter does.
        """
        kind = VERBS.get(statement.verb.id) or generic.VERBS.get(statement.verb.id)
        thing = object_of(statement)
        if kind is None or thing is None:
            return []
        around = activities_of(statement, "parent", "grouping")
        inside = statement.verb.id in INTERACTIONS or type_of(thing) == ATTEMPT_TYPE
        about = _sco(around) if inside else thing
        if about is None:
            return []
        attempts = [one.id for one in (thing, *around) if type_of(one) == ATTEMPT_TYPE]
        return [
            replace(_measured(statement, event), attempt=attempts[0] if attempts else None)
            for event in read_events(statement, source, kind, about)
        ]


def _sco(around: list[Activity]) -> Activity | None:
    """Return the SCO that an interaction or attempt belongs to, else the first that is around."""
    others = [activity for activity in around if type_of(activity) != ATTEMPT_TYPE]
    lessons = [activity for activity in others if type_of(activity) == LESSON_TYPE]
    return next(iter(lessons or others), None)


def _measured(statement: Statement, event: Event) -> Event:
    """Return the event with figures that mean what the profile says.

    "progressed" carries the progress measure where a score stands. The result of an interaction
    is not the SCO's.
    """
    if statement.verb.id == PROGRESSED and event.score is not None:
        share = event.score.share
        known = share is not None and 0 <= share <= 1
        return replace(event, score=None, progress=share if known else None)
    if statement.verb.id in INTERACTIONS:
        return replace(event, score=None, success=None, completion=None, duration=None)
    return event


adapter = ScormAdapter()
