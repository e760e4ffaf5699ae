import json
import re
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters import cmi5, generic, h5p, moodle, scorm, video
from adapters.inbound import inbound_adapters, normalise
from adapters.reading import VIDEO_LENGTH, VIDEO_SEGMENTS, seconds_of, time_of
from schemas.events import Event, Score
from schemas.profile import ATTENDANCE_EXTENSION, SESSION_TYPE
from schemas.sources import Source
from schemas.xapi import decode_statement

SOURCE = Source(id=7, key="tool", name="Tool", provenance="browser", scopes=())
CMI5_PROGRESS = "https://w3id.org/xapi/cmi5/result/extensions/progress"
VIDEO_PROGRESS = "https://w3id.org/xapi/video/extensions/progress"
ADL = "http://adlnet.gov/expapi/verbs/"
ID = "7B0D62F0-3C33-4E49-8F2B-0A1D9B2C4E5F"
LI_NA = {"mbox": "mailto:li.na@example.edu.cn", "name": "李娜"}
TEACHER = {"account": {"homePage": "https://lms.example", "name": "t|1"}}
COURSE = {
    "id": "https://lms.example/course/1",
    "definition": {"type": "http://adlnet.gov/expapi/activities/course", "name": {"en": "Safety"}},
}
SESSION = {"id": "https://lms.example/session/3", "definition": {"type": SESSION_TYPE}}


def statement(verb, *, actor=LI_NA, thing=None, version="1.0.3", **rest):
    return decode_statement(
        json.dumps(
            {
                "id": ID,
                "actor": actor,
                "verb": {"id": verb if ":" in verb else ADL + verb},
                "object": thing or {"id": "https://tool.example/module/1"},
                "timestamp": "2026-03-02T16:00:00+08:00",
                **rest,
            }
        ).encode(),
        version,
    ).statement


def events(*args, **rest):
    read = statement(*args, **rest)
    assert generic.adapter.recognises(read)
    return generic.adapter.events(read, SOURCE)


def one(*args, **rest):
    (event,) = events(*args, **rest)
    return event


def test_everything_that_a_statement_tells_is_in_its_event():
    event = one(
        "completed",
        thing={
            "id": "https://tool.example/module/1",
            "definition": {"name": {"zh-CN": "模块"}, "type": "https://tool.example/type"},
        },
        result={
            "score": {"scaled": 0.8, "raw": 8, "min": 0, "max": 10},
            "success": True,
            "completion": True,
            "duration": "PT1H2.5S",
            "extensions": {CMI5_PROGRESS: 40},
        },
        context={
            "registration": "EC531277-B57B-4C15-8D91-D292C5B2B8F7",
            "instructor": TEACHER,
            "contextActivities": {"grouping": COURSE},
        },
    )
    assert event.statement == ID.lower()
    assert event.ordinal == 0
    assert event.kind == "completed"
    assert event.identifier == "mbox:mailto:li.na@example.edu.cn"
    assert event.learner_name == "李娜"
    assert event.activity == "https://tool.example/module/1"
    assert event.activity_name == {"zh-CN": "模块"}
    assert event.activity_type == "https://tool.example/type"
    assert event.course == COURSE["id"]
    assert event.registration == "ec531277-b57b-4c15-8d91-d292c5b2b8f7"
    assert event.time == datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert event.duration == 3602.5
    assert event.score == Score(scaled=0.8, raw=8, min=0, max=10)
    assert (event.success, event.completion, event.progress) == (True, True, 0.4)
    assert event.examiner == "account:https://lms.example|t|1"
    assert (event.source, event.provenance) == (7, "browser")
    assert (event.attempt, event.session, event.attendance) == (None, None, None)


@pytest.mark.parametrize("verb", sorted(generic.VERBS))
def test_each_known_verb_gives_its_kind(verb):
    assert one(verb).kind == generic.VERBS[verb]


@pytest.mark.parametrize(
    ("result", "kind"),
    [
        ({"success": True, "completion": True, "score": {"raw": 1}}, "passed"),
        ({"success": False}, "failed"),
        ({"completion": True, "score": {"raw": 1}}, "completed"),
        ({"score": {"raw": 1}}, "scored"),
        ({"completion": False}, "progressed"),
        ({"extensions": {VIDEO_PROGRESS: 0.5}}, "progressed"),
        ({"response": "x"}, None),
        (None, None),
    ],
)
def test_an_unknown_verb_is_read_by_its_result(result, kind):
    rest = {} if result is None else {"result": result}
    assert [event.kind for event in events("https://tool.example/did", **rest)] == (
        [kind] if kind else []
    )


def test_an_opinion_is_no_score():
    assert events("http://id.tincanapi.com/verb/rated", result={"score": {"raw": 5}}) == []


@pytest.mark.parametrize(
    ("extension", "figure", "progress"),
    [
        (CMI5_PROGRESS, 100, 1.0),
        (CMI5_PROGRESS, 101, None),
        (CMI5_PROGRESS, -1, None),
        (CMI5_PROGRESS, "40", None),
        (CMI5_PROGRESS, True, None),
        (CMI5_PROGRESS, 10**400, None),
        (VIDEO_PROGRESS, 0.25, 0.25),
        (VIDEO_PROGRESS, 25, None),
    ],
)
def test_progress_is_a_share_or_nothing(extension, figure, progress):
    event = one("progressed", result={"extensions": {extension: figure}})
    assert event.progress == progress


def test_each_identified_member_of_a_group_has_an_event():
    wang = {"openid": "https://id.example/wang"}
    group = {"objectType": "Group", "member": [LI_NA, wang, LI_NA]}
    read = events("completed", actor=group)
    assert [(event.ordinal, event.identifier) for event in read] == [
        (0, "mbox:mailto:li.na@example.edu.cn"),
        (1, "openid:https://id.example/wang"),
    ]


def test_a_group_that_names_no_members_is_no_learner():
    assert events("completed", actor={"objectType": "Group", **TEACHER}) == []


def test_who_instructs_oneself_is_no_examiner():
    assert one("passed", context={"instructor": LI_NA}).examiner is None


def test_a_judgement_about_a_person_is_in_that_persons_record():
    event = one(
        "scored",
        actor=TEACHER,
        thing={"objectType": "Agent", **LI_NA},
        result={"score": {"raw": 3, "max": 5}},
        context={"contextActivities": {"parent": COURSE}},
    )
    assert event.identifier == "mbox:mailto:li.na@example.edu.cn"
    assert event.examiner == "account:https://lms.example|t|1"
    assert event.activity == event.course == COURSE["id"]
    assert event.score == Score(raw=3, max=5)


@pytest.mark.parametrize("verb", ["experienced", "attempted"])
def test_meeting_a_person_is_no_event(verb):
    context = {"contextActivities": {"parent": COURSE}}
    assert events(verb, thing={"objectType": "Agent", **LI_NA}, context=context) == []


@pytest.mark.parametrize(
    "thing",
    [
        {"objectType": "Agent", **LI_NA},
        {"objectType": "StatementRef", "id": ID},
        {
            "objectType": "SubStatement",
            "actor": LI_NA,
            "verb": {"id": f"{ADL}passed"},
            "object": {"id": "https://tool.example/module/1"},
        },
    ],
)
def test_an_object_that_is_no_activity_gives_no_event(thing):
    assert events("passed", thing=thing) == []


@pytest.mark.parametrize("group", ["parent", "grouping"])
def test_attending_a_session_is_about_the_course(group):
    event = one(
        "attended",
        thing=SESSION,
        result={
            "duration": "PT45M",
            "completion": True,
            "success": True,
            "score": {"scaled": 1},
            "extensions": {ATTENDANCE_EXTENSION: "late"},
        },
        context={"instructor": TEACHER, "contextActivities": {group: COURSE}},
    )
    assert event.activity == event.course == COURSE["id"]
    assert event.activity_name == {"en": "Safety"}
    assert (event.session, event.attendance) == (SESSION["id"], "late")
    assert event.duration == 2700
    assert (event.completion, event.success, event.score) == (None, None, None)
    assert event.examiner is not None


def test_a_practice_that_is_no_course_is_the_course_of_its_sessions():
    practice = {"id": "https://lms.example/practice/9"}
    event = one("attended", thing=SESSION, context={"contextActivities": {"parent": practice}})
    assert event.activity == event.course == practice["id"]
    both = {"contextActivities": {"parent": practice, "grouping": COURSE}}
    assert one("attended", thing=SESSION, context=both).course == COURSE["id"]


@pytest.mark.parametrize(
    ("told", "attendance"),
    [({}, "present"), ({ATTENDANCE_EXTENSION: "absent"}, "absent"),
     ({ATTENDANCE_EXTENSION: "here"}, None), ({ATTENDANCE_EXTENSION: ["late"]}, None)],
)  # fmt: skip
def test_attendance_is_present_unless_told(told, attendance):
    for holder in ("context", "result"):
        event = one("attended", **{holder: {"extensions": told or {"http://x": 1}}})
        assert event.attendance == attendance
        assert event.session == event.activity == "https://tool.example/module/1"


def test_an_attempt_is_told_apart_and_is_not_what_the_record_is_of():
    attempt = {
        "id": "https://lms.example/quiz/1/attempt/2",
        "definition": {"type": "http://adlnet.gov/expapi/activities/attempt"},
    }
    quiz = {"id": "https://lms.example/quiz/1", "definition": {"name": {"en": "Quiz"}}}
    event = one("passed", thing=attempt, context={"contextActivities": {"parent": [quiz]}})
    assert (event.activity, event.activity_name) == (quiz["id"], {"en": "Quiz"})
    assert (event.attempt, event.activity_type) == (attempt["id"], None)


def test_a_video_session_is_an_attempt():
    extensions = {"https://w3id.org/xapi/video/extensions/session-id": "s-1"}
    event = one("https://w3id.org/xapi/video/verbs/paused", context={"extensions": extensions})
    assert (event.kind, event.attempt) == ("progressed", "s-1")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT0S", 0),
        ("PT1H30M", 5400),
        ("PT0.25S", 0.25),
        ("P1DT1S", 86401),
        ("P2W", 1209600),
        ("P1Y2M", 365 * 86400 + 2 * 30 * 86400),
        ("PT1M", 60),
        ("P1M", 30 * 86400),
        ("P101Y", None),
        ("P" + "9" * 400 + "Y", None),
        ("P", None),
        ("PT", None),
        ("1 hour", None),
        ("PT1,5S", None),
    ],
)
def test_durations_are_seconds(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-03-02T08:00:00z", datetime(2026, 3, 2, 8, tzinfo=UTC)),
        ("2026-03-02t08:00:00.1234567Z", datetime(2026, 3, 2, 8, 0, 0, 123456, tzinfo=UTC)),
        ("0001-01-01T00:00:00+08:00", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59-08:00", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_every_timestamp_that_the_store_takes_can_be_read(text, time):
    assert time_of(statement("passed", timestamp=text)) == time


@pytest.mark.parametrize("missing", ["id", "timestamp"])
def test_a_statement_as_no_store_keeps_it_is_refused(missing):
    raw = {
        "id": ID,
        "actor": LI_NA,
        "verb": {"id": f"{ADL}passed"},
        "object": {"id": "https://tool.example/module/1"},
        "timestamp": "2026-03-02T08:00:00Z",
    }
    del raw[missing]
    read = decode_statement(json.dumps(raw).encode(), "2.0.0").statement
    with pytest.raises(ValueError, match=rf"\$\.{missing}: must be there"):
        generic.adapter.events(read, SOURCE)


def test_the_adapters_are_installed_with_the_generic_one_last():
    installed = inbound_adapters()
    ours = (cmi5, generic, h5p, moodle, scorm, video)
    assert {one.adapter for one in ours} <= set(installed)
    assert installed[-1] is generic.adapter
    name, read = normalise(statement("passed"), SOURCE, installed)
    assert (name, len(read)) == ("generic", 1)


def test_the_adapter_in_the_documentation_works():
    doc = Path(__file__).resolve().parent.parent.parent / "docs" / "adapters.md"
    (example,) = re.findall(r"```python\n(.*?)```", doc.read_text(encoding="utf-8"), re.DOTALL)
    names = {}
    exec(example, names)
    theirs = names["adapter"]
    read = statement("https://simulator.example/verbs/lapped")
    name, (event,) = normalise(read, SOURCE, [theirs, *inbound_adapters()])
    assert (name, event.kind) == ("driving_simulator", "progressed")
    assert normalise(statement("passed"), SOURCE, [theirs, *inbound_adapters()])[0] == "generic"


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)
KEYS = [
    ATTENDANCE_EXTENSION, CMI5_PROGRESS, VIDEO_PROGRESS, generic.VIDEO_SESSION,
    cmi5.SESSION, cmi5.MASTERY_SCORE, cmi5.REASON, moodle.INFO, moodle.FOR,
    VIDEO_LENGTH, VIDEO_SEGMENTS,
]  # fmt: skip
extensions = st.fixed_dictionaries({}, optional=dict.fromkeys(KEYS, anything))


@given(
    verb=st.sampled_from(
        [*generic.VERBS, *moodle.VERBS, *scorm.VERBS, h5p.ANSWERED, "https://tool.example/did"]
    ),
    told=extensions,
    around=extensions,
    marked=st.booleans(),
)
def test_no_extension_stops_the_reading(verb, told, around, marked):
    if marked:
        around = around | {
            moodle.INFO: {"http://moodle.org": "1", "event_name": around.get(KEYS[0])}
        }
    read = statement(
        verb,
        thing=SESSION,
        result={"extensions": told or {"http://x": 1}, "score": {"scaled": 0.5}},
        context={"extensions": around or {"http://x": 1}, "contextActivities": {"parent": COURSE}},
    )
    for adapter in inbound_adapters():
        for event in adapter.events(read, SOURCE):
            assert msgspec.json.decode(msgspec.json.encode(event), type=Event) == event
