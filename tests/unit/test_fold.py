from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrs.records.fold import fold
from schemas.events import EVENT_KINDS, Event, Score, united
from schemas.records import LearnerRecord

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ACTIVITY = "https://lms.example/quiz/1"
LEARNER = "mbox:mailto:li.na@example.cn"


def at(minutes, kind="experienced", **rest):
    return Event(
        statement=rest.pop("statement", f"{minutes:04d}"),
        kind=kind,
        identifier=LEARNER,
        activity=ACTIVITY,
        time=NOON + timedelta(minutes=minutes),
        source=1,
        provenance="server",
        **rest,
    )


def test_a_graded_quiz_folds_to_its_record():
    record = fold(
        [
            at(0, "initialized", attempt="a1", course="c", activity_name={"en": "Quiz"}),
            at(
                9,
                "completed",
                attempt="a1",
                score=Score(raw=40, max=100),
                success=False,
                completion=True,
                duration=500.0,
            ),
            at(20, "initialized", attempt="a2"),
            at(
                29,
                "completed",
                attempt="a2",
                score=Score(raw=80, max=100),
                success=True,
                completion=True,
                duration=600.0,
                activity_type="t",
            ),
            at(40, "scored", attempt="a2", score=Score(raw=75, max=100), examiner="openid:t"),
        ]
    )
    assert record == LearnerRecord(
        activity=ACTIVITY,
        name={"en": "Quiz"},
        type="t",
        course="c",
        first=NOON,
        last=NOON + timedelta(minutes=40),
        attempts=2,
        progress=1.0,
        best_score=Score(raw=80, max=100),
        last_score=Score(raw=75, max=100),
        success=True,
        completion=True,
        completed_at=NOON + timedelta(minutes=9),
        duration=1100.0,
        examiners=("openid:t",),
        events=5,
        evidence=("0000", "0009", "0020", "0029", "0040"),
    )


def test_name_type_and_course_are_the_latest_told():
    old = at(0, activity_name={"en": "Old"}, activity_type="old", course="old")
    new = at(1, activity_name={"en": "New"}, activity_type="new", course="new")
    record = fold([old, new, at(2)])
    assert (record.name, record.type, record.course) == ({"en": "New"}, "new", "new")


@pytest.mark.parametrize(
    ("events", "success"),
    [
        ([at(0)], None),
        ([at(0, "failed")], False),
        ([at(0, "passed"), at(1, "failed")], True),
        ([at(0, "failed"), at(1, "mastered")], True),
        ([at(0, "completed")], None),
        ([at(0, "completed", success=True)], True),
        ([at(0, "passed", success=False)], False),
    ],
)
def test_success_once_reached_stays(events, success):
    assert fold(events).success is success


@pytest.mark.parametrize(
    ("events", "completion", "minute"),
    [
        ([at(0)], None, None),
        ([at(0, "passed")], None, None),
        ([at(3, "completed"), at(5, "completed")], True, 3),
        ([at(3, "completed"), at(5, "uncompleted")], False, None),
        ([at(3, "completed"), at(5, "uncompleted"), at(7, "completed"), at(8, "waived")], True, 7),
        ([at(0, "completed", completion=False)], False, None),
        ([at(1, "passed", completion=True), at(2, completion=False)], True, 1),
        ([at(1, "satisfied")], True, 1),
        ([at(1, "uncompleted")], False, None),
    ],
)
def test_completion_is_taken_back_only_by_uncompleted(events, completion, minute):
    record = fold(events)
    assert record.completion is completion
    assert record.completed_at == (None if minute is None else NOON + timedelta(minutes=minute))


def test_of_two_at_one_time_the_greater_statement_then_ordinal_is_later():
    done = at(1, "completed", statement="b")
    assert fold([done, at(1, "uncompleted", statement="a")]).completion is True
    assert fold([done, at(1, "uncompleted", statement="c")]).completion is False
    assert fold([done, at(1, "uncompleted", statement="b", ordinal=1)]).completion is False


@pytest.mark.parametrize(
    ("events", "attempts"),
    [
        ([at(0)], 0),
        ([at(0, "launched", attempt="a"), at(1, "terminated", attempt="a")], 1),
        ([at(0, attempt="a"), at(1, attempt="b")], 2),
        ([at(0, "attempted"), at(1, "initialized"), at(2, "initialized")], 2),
        ([at(0, "initialized", attempt="a"), at(1, "attempted")], 2),
        ([at(0, "waived", attempt="w"), at(1, "satisfied", attempt="s")], 0),
    ],
)
def test_attempts_are_counted(events, attempts):
    assert fold(events).attempts == attempts


@pytest.mark.parametrize(
    ("events", "progress"),
    [
        ([at(0, progress=0.4), at(1, progress=0.3)], 0.4),
        ([at(0, progress=0.4), at(1, "completed")], 1.0),
        ([at(0, segments=((0, 10),), length=100.0), at(1, segments=((5, 30),))], 0.3),
        ([at(0, segments=((0, 10),), attempt="a"), at(1, segments=((50, 200),), length=100)], 0.6),
        ([at(0, segments=((0, 10),), length=100.0), at(1, segments=((0, 10),), length=10)], 0.1),
        ([at(0, segments=((0, 10),), length=100.0), at(1, progress=0.5)], 0.5),
        ([at(0, "completed", segments=((0, 90),), length=100.0)], 0.9),
        ([at(0, segments=((0, 46.613),), length=46.613333)], 1.0),
        ([at(0, segments=((150, 160),), length=100.0)], 0.0),
        ([at(0, segments=((0, 10),))], None),
    ],
)
def test_the_share_watched_is_of_the_parts_of_all_attempts_united(events, progress):
    assert fold(events).progress == progress


def test_best_score_is_by_share_then_by_raw():
    scores = [
        Score(raw=900),
        Score(raw=4, max=5),
        Score(scaled=0.75, raw=75),
        Score(raw=8, max=10),
        Score(raw=1e308, min=-1e308, max=1e308),
    ]
    record = fold(at(n, "scored", score=score) for n, score in enumerate(scores))
    assert record.best_score == Score(raw=8, max=10)
    assert record.last_score == scores[-1]
    assert fold([at(0, score=Score(raw=2)), at(1, score=Score(raw=1))]).best_score == Score(raw=2)


def test_time_that_several_events_fill_counts_once():
    record = fold(
        [
            at(10, "completed", attempt="a", duration=600.0),
            at(11, "passed", attempt="a", duration=660.0),
            at(12, "terminated", attempt="b", duration=300.0),
            at(30, "completed", duration=60.0),
        ]
    )
    assert record.duration == 12 * 60 + 60


def test_a_sitting_has_no_more_hours_than_a_browser_was_looked_at():
    assert fold([at(0, duration=40 * 3_600.0)]).duration == 12 * 3_600


def test_the_last_word_on_a_session_counts_for_attendance_and_time():
    def attended(minute, session, attendance, duration=3600.0):
        return at(minute, "attended", session=session, attendance=attendance, duration=duration)

    record = fold(
        [
            attended(0, "s1", "present"),
            attended(1, "s2", "present"),
            attended(2, "s3", "late", 1800.0),
            attended(3, "s4", "excused"),
            attended(5, "s2", "absent"),
            attended(6, "s5", None),
        ]
    )
    assert record.sessions == {"s1": "present", "s2": "absent", "s3": "late", "s4": "excused"}
    assert record.duration == 3600 + 1800


def test_no_events_or_those_of_two_records_are_refused():
    with pytest.raises(ValueError, match="no events"):
        fold([])
    with pytest.raises(ValueError, match="several records"):
        fold([at(0), at(1, registration="r")])


SHORT = st.sampled_from(["a", "b", "c"])
MAYBE = st.none()
figures = st.floats(-1e6, 1e6)
scores = st.builds(
    Score,
    scaled=MAYBE | st.floats(-1, 1),
    raw=MAYBE | figures,
    min=MAYBE | figures,
    max=MAYBE | figures,
)
events = st.builds(
    Event,
    statement=st.text("0123456789abcdef", min_size=1, max_size=2),
    ordinal=st.integers(0, 2),
    kind=st.sampled_from(EVENT_KINDS),
    identifier=st.just(LEARNER),
    activity=st.just(ACTIVITY),
    activity_name=MAYBE | st.dictionaries(SHORT, SHORT, max_size=2),
    activity_type=MAYBE | SHORT,
    course=MAYBE | SHORT,
    attempt=MAYBE | SHORT,
    time=st.integers(0, 5).map(lambda minutes: NOON + timedelta(minutes=minutes)),
    duration=MAYBE | st.floats(0, 1e6),
    score=MAYBE | scores,
    success=MAYBE | st.booleans(),
    completion=MAYBE | st.booleans(),
    progress=MAYBE | st.floats(0, 1),
    segments=st.lists(st.tuples(st.floats(0, 99), st.floats(0, 99)), max_size=3).map(united),
    length=MAYBE | st.floats(1, 99),
    attendance=MAYBE | st.sampled_from(["present", "late", "excused", "absent"]),
    session=MAYBE | SHORT,
    examiner=MAYBE | SHORT,
    source=st.just(1),
    provenance=st.just("server"),
)
lines = st.lists(events, min_size=1, max_size=20, unique_by=lambda e: (e.statement, e.ordinal))


@given(st.data(), lines)
def test_any_order_gives_the_same_record(data, line):
    assert fold(data.draw(st.permutations(line))) == fold(line)


@given(st.data(), lines)
def test_an_event_met_again_changes_nothing(data, line):
    again = data.draw(st.lists(st.sampled_from(line), max_size=20))
    assert fold(data.draw(st.permutations(line + again))) == fold(line)


@given(st.data(), lines)
def test_batches_that_overlap_give_the_same_record(data, line):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(line)), max_size=5)))
    batches = [
        line[max(0, begin - 2) : end]
        for begin, end in zip([0, *cuts], [*cuts, len(line)], strict=True)
    ]
    assert fold(chain.from_iterable(data.draw(st.permutations(batches)))) == fold(line)


@given(lines)
def test_a_record_holds_what_its_events_hold(line):
    record = fold(line)
    assert record.first <= record.last
    assert set(record.evidence) == {event.statement for event in line}
    assert record.duration <= sum(event.duration or 0 for event in line) + 1e-6
    assert (record.completed_at is None) == (record.completion is not True)
    assert record.attempts <= len(line)
    assert record.progress is None or 0 <= record.progress <= 1
    if record.best_score is not None:
        assert record.best_score in [event.score for event in line]
