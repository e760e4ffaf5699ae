"""cmi5 (AICC, Quartz): statements of an LMS and of its assignable units (AU)."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from adapters import generic
from adapters.reading import (
    COURSE_TYPES,
    activities_of,
    extensions_of,
    figure_of,
    type_of,
)
from schemas.events import LAUNCH_MODES, Event, LaunchMode
from schemas.sources import Source
from schemas.xapi import Statement

CATEGORY: Final = "https://w3id.org/xapi/cmi5/context/categories/cmi5"
SESSION: Final = "https://w3id.org/xapi/cmi5/context/extensions/sessionid"
MASTERY_SCORE: Final = "https://w3id.org/xapi/cmi5/context/extensions/masteryscore"
LAUNCH_MODE: Final = "https://w3id.org/xapi/cmi5/context/extensions/launchmode"
REASON: Final = "https://w3id.org/xapi/cmi5/result/extensions/reason"


class Cmi5Adapter:
    """Reads "cmi5 defined" and "cmi5 allowed" statements (7.1.3).

    All nine verbs of cmi5 (9.3) are in the generic table; this adds the session and its launch
    mode, the course and the publisher's id, the mastery score and the reason of a waiver.
    """

    name = "cmi5"

    def recognises(self, statement: Statement) -> bool:
        """Tell whether the statement has cmi5's category (9.6.2.1) or a session id (9.6.3.1)."""
        return _session(statement) is not None or _defined(statement)

    def events(self, statement: Statement, source: Source) -> list[Event]:
        """Return the statement's events."""
        defined = _defined(statement)
        grouping = tuple(one.id for one in activities_of(statement, "grouping")) if defined else ()
        reason = extensions_of(statement.result).get(REASON)
        mode = _launch_mode(statement)
        mastery = figure_of(extensions_of(statement.context).get(MASTERY_SCORE))
        return [
            _held_to(
                mastery,
                replace(
                    event,
                    attempt=_session(statement) or event.attempt,
                    course=_course(statement) or event.course,
                    reason=reason if isinstance(reason, str) and event.kind == "waived" else None,
                    cmi5_defined=defined,
                    launch_mode=mode,
                    published_as=grouping,
                ),
            )
            for event in generic.adapter.events(statement, source)
        ]


def _defined(statement: Statement) -> bool:
    return any(activity.id == CATEGORY for activity in activities_of(statement, "category"))


def _session(statement: Statement) -> str | None:
    session = extensions_of(statement.context).get(SESSION)
    return session if isinstance(session, str) and session else None


def _course(statement: Statement) -> str | None:
    """Return the course in the grouping, else the publisher's id that stands there (9.6.2.3).

    cmi5 asks only for the publisher's id of what was launched; a system that also names the
    course marks it by its type.
    """
    grouping = activities_of(statement, "grouping")
    courses = [activity for activity in grouping if type_of(activity) in COURSE_TYPES]
    return next((activity.id for activity in (*courses, *grouping)), None)


def _launch_mode(statement: Statement) -> LaunchMode | None:
    """Return the launch mode that the statement tells (9.6.3.3), None where it is none of cmi5."""
    told = extensions_of(statement.context).get(LAUNCH_MODE)
    return next((mode for mode in LAUNCH_MODES if mode == told), None)


def _held_to(mastery: float | None, event: Event) -> Event:
    """Return the event without what its own mastery score contradicts: a success below it (9.3.4),
    a score that reaches it although the learner failed (9.3.5).
    """
    share = event.score.share if event.score is not None else None
    if mastery is None or share is None:
        return event
    if share >= mastery:
        return replace(event, score=None) if event.kind == "failed" else event
    return replace(
        event,
        kind="scored" if event.kind == "passed" else event.kind,
        success=None if event.success else event.success,
    )


adapter = Cmi5Adapter()
