"""Every statement that the plugin is tested with, and what docs/adapters.md says of it."""

import json
import uuid
from collections import Counter
from pathlib import Path

import pytest

from adapters import moodle
from adapters.inbound import inbound_adapters, normalise
from schemas.events import Score
from schemas.sources import Source
from schemas.xapi import decode_statements
from tests.unit.test_inbound_generic import statement

SOURCE = Source(id=1, key="moodle", name="Moodle", provenance="server", scopes=())
SITE = "http://www.example.org"
DOC = Path(__file__).resolve().parent.parent.parent / "docs" / "adapters.md"
BEGIN, END = "<!-- moodle: begin -->\n", "<!-- moodle: end -->"

WHY_NOT = {
    r"\core\event\badge_updated": "administration",
    r"\core\event\badge_viewed": "a page beside the course",
    r"\core\event\calendar_event_created": "calendar",
    r"\core\event\calendar_event_deleted": "calendar",
    r"\core\event\calendar_event_updated": "calendar",
    r"\core\event\calendar_subscription_created": "calendar",
    r"\core\event\calendar_subscription_deleted": "calendar",
    r"\core\event\calendar_subscription_updated": "calendar",
    r"\core\event\course_category_created": "administration",
    r"\core\event\course_completion_updated": "administration (the criteria changed)",
    r"\core\event\course_created": "administration",
    r"\core\event\course_module_created": "administration",
    r"\core\event\course_section_created": "administration",
    r"\core\event\course_updated": "administration",
    r"\core\event\group_created": "administration",
    r"\core\event\group_deleted": "administration",
    r"\core\event\group_member_added": "administration",
    r"\core\event\group_member_removed": "administration",
    r"\core\event\group_message_sent": "conversation",
    r"\core\event\message_sent": "conversation",
    r"\core\event\message_viewed": "conversation",
    r"\core\event\note_created": "a note on a user",
    r"\core\event\note_updated": "a note on a user",
    r"\core\event\notes_viewed": "a note on a user",
    r"\core\event\question_created": "administration",
    r"\core\event\questions_imported": "administration",
    r"\core\event\search_results_viewed": "a page beside the course",
    r"\core\event\user_created": "administration",
    r"\core\event\user_enrolment_created": "enrolment is no learning yet",
    r"\core\event\user_enrolment_deleted": "enrolment is no learning yet",
    r"\core\event\user_enrolment_updated": "enrolment is no learning yet",
    r"\core\event\user_loggedin": "signing in",
    r"\core\event\user_loggedinas": "signing in",
    r"\core\event\user_loggedout": "signing in",
    r"\mod_assign\event\submission_locked": "administration",
    r"\mod_assign\event\submission_unlocked": "administration",
    r"\mod_assign\event\submission_viewed": "a teacher looked at a learner's work",
    r"\mod_facetoface\event\cancel_booking": "booking, not attendance",
    r"\mod_facetoface\event\signup_success": "booking, not attendance",
    r"\mod_quiz\event\attempt_becameoverdue": "time ran out; the learner did nothing",
    r"\tool_certificate\event\certificate_verified": "somebody checked a certificate",
    r"\totara_program\event\program_assigned": "enrolment is no learning yet",
}


def files(shared_data):
    """Yield the statements of each file with its name, all with an id and a timestamp."""
    root = shared_data / "moodle"
    for path in sorted(root.rglob("*.json")):
        name = path.parent.relative_to(root).as_posix()
        raw = json.loads(path.read_text())
        for place, one in enumerate(raw):
            one["id"] = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{name}#{place}"))
            one.setdefault("timestamp", "2026-03-02T08:00:00Z")
        yield name, raw


@pytest.fixture(scope="session")
def emitted(shared_data):
    """Each statement as the store would keep it, with its file and its events."""
    found = []
    for name, raw in files(shared_data):
        received, _ = decode_statements(json.dumps(raw).encode(), "1.0.3")
        for one in received:
            adapter, events = normalise(one.statement, SOURCE, inbound_adapters())
            assert adapter == "moodle", name
            found.append((name, one.statement, events))
    return found


def of(emitted, name):
    return [event for found, _, events in emitted if found == name for event in events]


def told(event):
    """Return in a few words what an event says beside kind and activity."""
    words = []
    if event.score is not None:
        score = event.score
        words.append(f"score {score.raw:g} of {score.min:g}..{score.max:g} ({score.scaled:g})")
    words += [
        word if value else f"not {word}"
        for word, value in (("success", event.success), ("completion", event.completion))
        if value is not None
    ]
    words += [] if event.duration is None else [f"{event.duration:g} s"]
    words += [] if event.attendance is None else [event.attendance]
    words += [] if event.attempt is None else ["attempt"]
    words += [] if event.examiner is None else ["examiner"]
    return ", ".join(words)


def row(name, one, events):
    verb = one.verb.id.rstrip("/").rpartition("/")[2]
    if not events:
        why = WHY_NOT[one.context.extensions[moodle.INFO]["event_name"]]
        return f"| {name} | {verb} | no event: {why} | | |\n"
    (event,) = events
    activity = event.activity.removeprefix(SITE)
    return f"| {name} | {verb} | {event.kind} | `{activity}` | {told(event)} |\n"


def test_the_table_in_the_documentation_is_what_the_adapter_does(emitted):
    head = "| file | verb | event | about | with |\n|---|---|---|---|---|\n"
    table = head + "".join(row(*one) for one in emitted)
    _, _, rest = DOC.read_text(encoding="utf-8").partition(BEGIN)
    assert rest.partition(END)[0] == table, f"put this between the marks in {DOC}:\n{table}"


def test_a_reason_is_given_only_for_what_gives_no_event(emitted):
    silent = {
        one.context.extensions[moodle.INFO]["event_name"]
        for _, one, events in emitted
        if not events
    }
    assert silent == set(WHY_NOT)


def test_all_of_them_are_read(emitted):
    assert len(emitted) == 117
    assert len({name for name, _, _ in emitted}) == 104
    assert len({one.verb.id for _, one, _ in emitted}) == 36
    assert Counter(event.kind for _, _, events in emitted for event in events) == {
        "experienced": 39,
        "completed": 19,
        "scored": 5,
        "initialized": 3,
        "satisfied": 2,
        "uncompleted": 3,
        "attempted": 1,
        "attended": 1,
        "launched": 1,
    }


def test_a_course_is_completed(emitted):
    (event,) = of(emitted, "core/course_completed/completing_existing_course")
    assert event.kind == "completed"
    assert event.activity == event.course == f"{SITE}/course/view.php?id=2"
    assert event.activity_type == "https://w3id.org/xapi/cmi5/activitytype/course"
    assert event.identifier == f"account:{SITE}|1"
    assert event.learner_name == "test_fullname"


def test_a_module_is_completed_and_taken_back(emitted):
    name = "core/course_module_completion_update"
    (done,) = of(emitted, f"{name}/completing_existing_module")
    (undone,) = of(emitted, f"{name}/uncompleting_existing_module")
    assert (done.kind, done.success, done.completion) == ("completed", True, True)
    assert undone.kind == "uncompleted"
    assert done.activity == undone.activity == f"{SITE}/mod/book/view.php?id=1"
    assert done.course == undone.course == f"{SITE}/course/view.php?id=2"


def test_a_submitted_quiz_is_graded_with_the_share_of_its_points(emitted):
    graded = [
        event
        for name, _, events in emitted
        for event in events
        if name.startswith("mod_quiz/attempt_submitted/") and event.score is not None
    ]
    assert len(graded) == 15
    for event in graded:
        assert event.kind == "completed"
        assert event.activity == f"{SITE}/mod/quiz/view.php?id=1"
        assert event.course == f"{SITE}/course/view.php?id=2"
        assert event.attempt == f"{SITE}/mod/quiz/attempt.php?attempt=1&cmid=1"
        assert event.score == Score(scaled=0.5, raw=50, min=0, max=100)
        assert (event.success, event.completion, event.duration) == (True, True, 1.0)
        assert event.identifier == f"account:{SITE}|1"


def test_one_question_says_nothing_of_the_whole_quiz(emitted):
    answers = [
        event
        for name, one, events in emitted
        for event in events
        if name.startswith("mod_quiz/") and one.verb.id.endswith(("answered", "scored"))
    ]
    assert len(answers) == 14
    for event in answers:
        assert event.activity == f"{SITE}/mod/quiz/view.php?id=1"
        assert event.attempt == f"{SITE}/mod/quiz/attempt.php?attempt=1&cmid=1"
        assert (event.score, event.success, event.completion) == (None, None, None)


def test_an_assignment_is_graded_by_its_examiner(emitted):
    for name in ("comment", "nocomment"):
        (event,) = of(emitted, f"mod_assign/assignment_graded/existing_assignment_graded_{name}")
        assert event.kind == "scored"
        assert event.activity == f"{SITE}/mod/assign/view.php?id=1"
        assert event.score == Score(scaled=0.5, raw=1, min=0, max=2)
        assert event.success is True
        assert (event.identifier, event.examiner) == (f"account:{SITE}|2", f"account:{SITE}|1")


def test_a_quiz_graded_and_reviewed_by_hand_names_its_examiner(emitted):
    for name, kind in (
        ("mod_quiz/question_manually_graded", "scored"),
        ("mod_quiz/attempt_reviewed/existing_attempt_reviewed", "experienced"),
    ):
        (event,) = of(emitted, name)
        assert event.kind == kind
        assert event.activity == f"{SITE}/mod/quiz/view.php?id=1"
        assert (event.identifier, event.examiner) == (f"account:{SITE}|2", f"account:{SITE}|1")


def test_a_lesson_ends_with_a_score(emitted):
    (event,) = of(emitted, "mod_lesson/lesson_ended")
    assert (event.kind, event.success, event.completion) == ("completed", True, True)
    assert event.activity == f"{SITE}/mod/lesson/view.php?id=1"
    assert event.score == Score(scaled=0.75, raw=75, min=0, max=100)


def test_a_class_is_attended(emitted):
    (event,) = of(emitted, "mod_facetoface/take_attendance/existing_attendance_taken")
    assert (event.kind, event.attendance, event.completion) == ("attended", "present", True)
    assert event.activity == event.session == f"{SITE}/mod/facetoface/view.php?id=1"
    assert (event.identifier, event.examiner) == (f"account:{SITE}|2", f"account:{SITE}|1")


def test_a_scorm_score_in_an_unknown_status_is_no_completion(emitted):
    (score,) = of(emitted, "mod_scorm/scoreraw_submitted/existing_scoreraw_submitted")
    (status,) = of(emitted, "mod_scorm/status_submitted/existing_status_submitted")
    assert (score.kind, status.kind) == ("scored", "completed")
    assert score.activity == status.activity == f"{SITE}/mod/scorm/view.php?id=1"
    assert score.score == Score(scaled=1, raw=100, min=0, max=100)


def person(number):
    return {"account": {"homePage": SITE, "name": number}, "name": f"user {number}"}


def marked(verb, *, event_name="x", actor=None, extensions=None, **rest):
    info = {"http://moodle.org": "4.5", "event_name": event_name}
    return statement(
        verb,
        actor=actor or person("1"),
        context={
            "contextActivities": {
                "parent": [
                    {"id": f"{SITE}/mod/lesson/view.php?id=1"},
                    {"id": f"{SITE}/s", "definition": {"type": moodle.SECTION_TYPE}},
                ]
            },
            "extensions": {moodle.INFO: info, **(extensions or {})},
        },
        **rest,
    )


ASSESSED = "https://w3id.org/xapi/dod-isd/verbs/assessed"
VIEWED = "http://id.tincanapi.com/verb/viewed"


def test_an_essay_is_in_the_learners_record_with_the_teacher_as_examiner():
    (event,) = moodle.adapter.events(marked(ASSESSED, extensions={moodle.FOR: person("2")}), SOURCE)
    assert (event.identifier, event.learner_name) == (f"account:{SITE}|2", "user 2")
    assert event.examiner == f"account:{SITE}|1"
    assert event.activity == f"{SITE}/mod/lesson/view.php?id=1"


def test_looking_at_work_is_learning_only_for_whose_work_it_is():
    def seen(by):
        read = marked(VIEWED, actor=person(by), extensions={moodle.FOR: person("2")})
        return moodle.adapter.events(read, SOURCE)

    assert seen("1") == []
    (event,) = seen("2")
    assert (event.kind, event.examiner) == ("experienced", None)


@pytest.mark.parametrize(
    "broken", [None, "2", {}, {"account": {"name": "2"}}, {"mbox": "2"}, {"objectType": "Group"}]
)
def test_a_learner_that_cannot_be_told_gives_no_event(broken):
    read = marked(ASSESSED, extensions={moodle.FOR: broken})
    assert moodle.adapter.events(read, SOURCE) == []


def test_a_judgement_of_nobody_gives_no_event():
    assert moodle.adapter.events(marked(ASSESSED), SOURCE) == []


def test_an_anonymous_response_gives_no_event():
    submitted = "http://activitystrea.ms/schema/1.0/submit"
    assert len(moodle.adapter.events(marked(submitted), SOURCE)) == 1
    assert moodle.adapter.events(marked(submitted, actor=person("anonymous")), SOURCE) == []


def test_who_attended_in_part_was_late():
    read = marked("attended", result={"completion": False, "duration": "PT3600S"})
    (event,) = moodle.adapter.events(read, SOURCE)
    assert (event.attendance, event.completion, event.duration) == ("late", False, 3600)


@pytest.mark.parametrize("event_name", [None, 7, ["x"], {}])
def test_a_broken_mark_does_not_stop_the_reading(event_name):
    assert len(moodle.adapter.events(marked("completed", event_name=event_name), SOURCE)) == 1


@pytest.mark.parametrize("info", [None, "moodle", [], {"http://totara.org": "1"}])
def test_another_tools_mark_is_not_recognised(info):
    read = statement("completed", context={"extensions": {moodle.INFO: info}})
    assert not moodle.adapter.recognises(read)


def test_a_fork_of_the_plugin_is_recognised_by_its_own_name():
    info = {"https://github.com/elsewhere/moodle-logstore_xapi": "1"}
    read = statement("completed", context={"extensions": {moodle.INFO: info}})
    assert moodle.adapter.recognises(read)


def test_an_abandoned_quiz_is_neither_completed_nor_passed():
    completed = "http://adlnet.gov/expapi/verbs/completed"
    score = {"raw": 60, "min": 0, "max": 100, "scaled": 0.2}
    result = {"completion": False, "success": True, "score": score}

    def read(name):
        (found,) = moodle.adapter.events(marked(completed, event_name=name, result=result), SOURCE)
        return found

    left = read(r"\mod_quiz\event\attempt_abandoned")
    assert (left.kind, left.success, left.completion, left.score) == ("abandoned",) + (None,) * 3
    sent = read(r"\mod_quiz\event\attempt_submitted")
    assert (sent.kind, sent.success) == ("completed", True)
