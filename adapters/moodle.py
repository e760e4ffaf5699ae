"""Moodle's plugin logstore_xapi.

Read from the plugin's transformers (xAPI-vle/moodle-logstore_xapi, version 4) and the statements
it is tested with. Its `contextActivities.parent` climbs from the object to the course; the module
(quiz, assignment, SCORM package…) stands right below the course's section.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from adapters.reading import (
    ATTEMPT_TYPE,
    COURSE_TYPES,
    Learner,
    activities_of,
    agent_of,
    extensions_of,
    instructor_of,
    learners_of,
    object_of,
    read_event,
    type_of,
)
from schemas.events import Event, EventKind, Score
from schemas.sources import Source
from schemas.xapi import Activity, Actor, Statement
from schemas.xapi.actors import check_agent
from schemas.xapi.errors import RuleBroken

INFO: Final = "http://lrs.learninglocker.net/define/extensions/info"
FOR: Final = "https://yetanalytics.com/profiles/prepositions/concepts/context-extensions/for"
"""The learner on whose behalf or work a teacher acts."""

SECTION_TYPE: Final = "http://id.tincanapi.com/activitytype/section"

VERBS: Final[dict[str, EventKind]] = {
    "http://activitystrea.ms/schema/1.0/join": "attended",
    "http://activitystrea.ms/schema/1.0/receive": "experienced",
    "http://activitystrea.ms/schema/1.0/start": "initialized",
    "http://activitystrea.ms/schema/1.0/submit": "attempted",
    "http://activitystrea.ms/start": "initialized",
    "http://activitystrea.ms/submit": "attempted",
    "http://adlnet.gov/expapi/verbs/answered": "experienced",
    "http://adlnet.gov/expapi/verbs/attended": "attended",
    "http://adlnet.gov/expapi/verbs/completed": "completed",
    "http://adlnet.gov/expapi/verbs/failed": "failed",
    "http://adlnet.gov/expapi/verbs/launched": "launched",
    "http://adlnet.gov/expapi/verbs/passed": "passed",
    "http://id.tincanapi.com/verb/viewed": "experienced",
    "https://w3id.org/xapi/dod-isd/verbs/assessed": "scored",
    "https://w3id.org/xapi/tla/verbs/achieved": "satisfied",
    "https://w3id.org/xapi/tla/verbs/forfeited": "uncompleted",
    "https://w3id.org/xapi/tla/verbs/resumed": "experienced",
    "https://w3id.org/xapi/tla/verbs/scored": "scored",
    "https://xapi.edlm/profiles/edlm-lms/concepts/verbs/restarted": "initialized",
    "https://xapi.edlm/profiles/edlm-lms/concepts/verbs/uncompleted": "uncompleted",
}

NOT_LEARNING: Final = frozenset(
    {
        r"\core\event\badge_viewed",
        r"\core\event\message_viewed",
        r"\core\event\notes_viewed",
        r"\core\event\user_enrolment_updated",
        r"\mod_bigbluebuttonbn\event\activity_management_viewed",
        r"\mod_forum\event\user_report_viewed",
        r"\mod_questionnaire\event\all_responses_viewed",
        r"\mod_survey\event\report_viewed",
    }
)
"""Moodle events with a verb of the table that are no learning: pages beside the course, reports
on others, a change of enrolment."""

QUIZ_ABANDONED: Final = r"\mod_quiz\event\attempt_abandoned"
SCORM_SCORE: Final = r"\mod_scorm\event\scoreraw_submitted"

PART_TYPES: Final = frozenset(
    {
        "http://activitystrea.ms/schema/1.0/review#slot",
        "http://adlnet.gov/expapi/activities/cmi.interaction",
    }
)
"""One question of a module: its points are not the module's score."""

JUDGING_VERBS: Final = frozenset({"https://w3id.org/xapi/dod-isd/verbs/assessed"})
"""Verbs whose actor is the teacher; the learner stands in the extension `for`."""

ANONYMOUS: Final = "anonymous"
"""The account's name in responses to a feedback that hides who gave them."""


class MoodleAdapter:
    """Gives events about modules, courses, badges and certificates."""

    name = "moodle"

    def recognises(self, statement: Statement) -> bool:
        """Tell whether the plugin's mark is in the context."""
        return any(key == "http://moodle.org" or "logstore_xapi" in key for key in _info(statement))

    def events(self, statement: Statement, source: Source) -> list[Event]:
        """Return the statement's events; none for administration and conversation."""
        kind = VERBS.get(statement.verb.id)
        moodle_event = str(_info(statement).get("event_name"))
        thing = object_of(statement)
        if kind is None or thing is None or moodle_event in NOT_LEARNING:
            return []
        if moodle_event == SCORM_SCORE and kind == "completed":
            # The plugin says "completed" of a score sent in any status but passed and failed.
            kind = "scored"
        if moodle_event == QUIZ_ABANDONED:
            # "Completed" too, with the grade of the attempts before it.
            kind = "abandoned"
        learners, examiner = _people(statement)
        whole = _whole(statement, thing, kind)
        return [
            _finished(
                statement,
                thing,
                read_event(
                    statement, source, kind, learner, whole, ordinal=place, examiner=examiner
                ),
            )
            for place, learner in enumerate(learners)
        ]


def _info(statement: Statement) -> Mapping[str, Any]:
    info = extensions_of(statement.context).get(INFO)
    return info if isinstance(info, dict) else {}


def _people(statement: Statement) -> tuple[list[Learner], str | None]:
    """Return the learners, and the examiner where there is one.

    What a teacher does for a learner is the learner's where it is a judgement; where it is not
    (looking at a submission), nobody learns.
    """
    instructor = instructor_of(statement)
    extensions = extensions_of(statement.context)
    judged = statement.verb.id in JUDGING_VERBS
    if FOR not in extensions and not judged:
        return [one for one in learners_of(statement.actor) if _known(one)], instructor
    learner, actor = _agent_in_extension(extensions.get(FOR)), agent_of(statement.actor)
    own = learner is not None and actor is not None and learner.identifier == actor.identifier
    if learner is None or not (judged or own):
        return [], None
    return [learner], instructor or (actor.identifier if actor else None)


def _agent_in_extension(value: object) -> Learner | None:
    try:
        agent = msgspec.convert(value, Actor)
        check_agent(agent, FOR)
    except (msgspec.ValidationError, RuleBroken):
        return None
    return agent_of(agent)


def _known(learner: Learner) -> bool:
    kind, _, account = learner.identifier.partition(":")
    return kind != "account" or account.partition("|")[2] != ANONYMOUS


def _whole(statement: Statement, thing: Activity, kind: EventKind) -> Activity:
    """Return what the record is of: the module, else the course for a view of one of its pages."""
    parents = activities_of(statement, "parent")
    for below, above in zip([thing, *parents], parents, strict=False):
        if type_of(above) == SECTION_TYPE:
            return below
    courses = [parent for parent in parents if type_of(parent) in COURSE_TYPES]
    return courses[0] if kind == "experienced" and courses else thing


def _finished(statement: Statement, thing: Activity, event: Event) -> Event:
    """Return the event with attempt and attendance, and a score that means what xAPI says."""
    attempt = next(
        (
            activity.id
            for activity in (thing, *activities_of(statement, "parent"))
            if type_of(activity) == ATTEMPT_TYPE
        ),
        None,
    )
    event = replace(event, attempt=attempt)
    if event.kind == "abandoned":
        return replace(event, score=None, success=None, completion=None)
    if type_of(thing) in PART_TYPES:
        return replace(event, score=None, success=None, completion=None, duration=None)
    if event.kind == "attended":
        partly = statement.result is not UNSET and statement.result.completion is False
        event = replace(event, session=event.activity, attendance="late" if partly else "present")
    return replace(event, score=_score_in_bounds(event.score))


def _score_in_bounds(score: Score | None) -> Score | None:
    """Return the score with `scaled` as the share of the bounds.

    The plugin spreads raw scores over -1..1, so that half the points are 0 scaled.
    """
    if score is None or score.raw is None or score.min is None or score.max is None:
        return score
    return replace(score, scaled=replace(score, scaled=None).share)


adapter = MoodleAdapter()
