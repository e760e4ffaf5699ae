"""What cmi5 has an LMS refuse of a session and a registration, whichever statement came first."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from lrs.achievements.evidence import running_time
from lrs.records.fold import fold, state_of
from lrs.records.sessions import in_their_time, left_out
from lrs.records.state import RecordState, encode_state, in_order
from schemas.events import Event, Score

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def told(kind, minute, session="s1", **rest):
    return Event(
        statement=f"{minute:04}{kind}",
        kind=kind,
        identifier="mbox:mailto:li.na@example.cn",
        activity="https://lms.example/au/1",
        registration="r",
        attempt=session,
        time=NOON + timedelta(minutes=minute),
        cmi5_defined=rest.pop("defined", True),
        source=1,
        provenance="server",
        **rest,
    )


def passed(minute, session="s1", scaled=0.9, **rest):
    return told("passed", minute, session, success=True, score=Score(scaled=scaled), **rest)


def failed(minute, session="s1", scaled=0.2, **rest):
    return told("failed", minute, session, success=False, score=Score(scaled=scaled), **rest)


def record(*events):
    """The record of the events, having seen that every order and one by one make the same."""
    state = encode_state(state_of(events))
    for order in permutations(events):
        assert encode_state(state_of(order)) == state
        one_by_one = RecordState()
        for place, event in enumerate(order, 1):
            if one_by_one.takes(event):
                one_by_one.add(event)
            else:
                one_by_one = state_of(order[:place])
        assert encode_state(one_by_one) == state
    return fold(events)


def refused(*events):
    return {f"{statement[4:]} {reason}" for (statement, _), reason in reasons(events)}


def reasons(events):
    return left_out(in_order(events)).items()


LOOKING = [told("launched", 0, launch_mode="Review"), told("initialized", 1)]


def test_nothing_is_judged_in_a_session_that_was_launched_to_look():
    found = record(*LOOKING, passed(3), told("completed", 4), told("terminated", 5, duration=240.0))
    assert (found.success, found.completion, found.best_score) == (None, None, None)
    assert (found.duration, found.attempts, found.events) == (240.0, 1, 5)
    assert refused(*LOOKING, passed(3), told("completed", 4)) == {
        "passed looked",
        "completed looked",
    }


def test_the_lms_says_how_a_session_was_launched_not_the_unit():
    browsed = passed(3, launch_mode="Browse")
    assert record(browsed).success is None
    assert record(told("launched", 0, launch_mode="Normal"), browsed).success is True
    assert record(told("launched", 0), browsed).success is None
    normal = passed(3, launch_mode="Normal")
    assert record(normal).success is True
    assert record(*LOOKING, normal).success is None
    of_the_unit = told("launched", 0, launch_mode="Normal", defined=False)
    assert record(of_the_unit, browsed).success is None


def test_a_session_that_was_launched_twice_is_judged_only_if_both_say_so():
    again = told("launched", 2, launch_mode="Normal")
    assert record(*LOOKING, again, passed(3)).success is None


def test_what_only_tells_a_result_is_judgement_too():
    allowed = told("experienced", 3, defined=False, success=True, completion=True)
    found = record(*LOOKING, allowed, told("progressed", 4, progress=0.5, defined=False))
    assert (found.success, found.completion, found.progress) == (None, None, 0.5)


def test_what_was_looked_at_takes_nothing_from_other_sessions():
    early = told("completed", 3)
    late = told("completed", 30, "s2")
    found = record(*LOOKING, early, late, passed(31, "s2"))
    assert (found.success, found.completed_at) == (True, late.time)
    assert record(told("launched", 40, "s3", launch_mode="Browse"), late).completion is True


def test_waived_and_satisfied_are_the_lms_own_words():
    waived = told("waived", 3, completion=True, success=True, launch_mode="Browse")
    assert record(*LOOKING, waived).completion is True


def test_a_session_is_judged_once():
    assert refused(failed(1), passed(2)) == {"passed repeated"}
    assert record(failed(1), passed(2)).success is False
    found = record(failed(1), failed(2, scaled=0.5))
    assert found.best_score == found.last_score == Score(scaled=0.2)
    assert record(failed(1), passed(2, "s2")).success is True
    assert record(failed(1), failed(2, "s2", scaled=0.5)).last_score == Score(scaled=0.5)


def test_a_pass_is_told_once_and_nobody_fails_after_it():
    assert refused(passed(1), failed(2, "s2"), passed(3, "s3")) == {
        "failed repeated",
        "passed repeated",
    }
    found = record(passed(1), failed(2, "s2"), passed(3, "s3", scaled=1.0))
    assert found.best_score == found.last_score == Score(scaled=0.9)


def test_what_counts_for_nothing_stands_in_the_way_of_nothing():
    closed = told("abandoned", 2)
    assert record(closed, passed(3), passed(5, "s2", scaled=0.8)).best_score == Score(scaled=0.8)
    refused_pass = passed(2)
    assert record(failed(1), refused_pass, passed(5, "s2", scaled=0.8)).success is True


def test_without_a_session_only_the_registration_counts():
    assert record(failed(1, None), passed(2, None)).success is True
    assert refused(passed(1, None), failed(2, None)) == {"failed repeated"}


def test_statements_that_cmi5_only_allows_are_not_held_to_its_order():
    allowed = [failed(1, defined=False), passed(2, defined=False), failed(3, defined=False)]
    assert not refused(*allowed)
    assert record(*allowed).last_score == Score(scaled=0.2)


def spent(*events):
    """Seconds of the record, having seen that units count the same."""
    found = record(*events)
    kept = [one for one in events if (one.statement, one.ordinal) not in dict(reasons(events))]
    counted = sorted(in_their_time(kept), key=lambda event: event.time)
    assert running_time(counted)[-1] == round(found.duration * 1_000_000)
    return found.duration


HOURS = 60


def test_an_abandoned_session_lasted_from_its_launch_on():
    events = [
        told("launched", 0),
        told("initialized", 1),
        passed(10, duration=540.0),
        told("completed", 15, duration=840.0),
        told("abandoned", 48 * HOURS, duration=900.0),
    ]
    assert spent(*events) == 15 * 60
    assert fold(events).last == NOON + timedelta(minutes=15)


def test_an_lms_may_know_better_how_long_a_session_was():
    events = [told("launched", 0), passed(10, duration=300.0)]
    assert spent(*events, told("abandoned", 60, duration=1200.0)) == 1200
    assert spent(*events, told("abandoned", 60, duration=360.0)) == 600


def test_no_session_was_longer_than_until_it_was_abandoned():
    abandoned = told("abandoned", 30, duration=7200.0)
    assert spent(told("launched", 0), passed(10, duration=300.0), abandoned) == 1800
    assert spent(told("launched", 30), abandoned) == 0


def test_where_no_launch_is_known_a_session_ended_with_what_was_last_told():
    abandoned = told("abandoned", 48 * HOURS, duration=600.0)
    assert spent(told("initialized", 1), passed(10, duration=540.0), abandoned) == 600
    assert spent(abandoned) == 600
    assert spent(passed(10, "s2", duration=540.0), abandoned) == 1140
    assert spent(told("launched", 49 * HOURS), told("initialized", 9), abandoned) == 600


def test_what_was_terminated_was_not_abandoned_after_it():
    events = [told("launched", 0), told("terminated", 20, duration=1140.0)]
    late = told("abandoned", 48 * HOURS, duration=1200.0)
    assert refused(*events, late) == {"abandoned closed"}
    assert spent(*events, late) == 1140


@pytest.mark.parametrize("duration", [None, 0.0])
def test_a_session_abandoned_at_once_took_no_time(duration):
    events = [told("launched", 0), told("initialized", 1)]
    assert spent(*events, told("abandoned", 5, duration=duration)) == 0


def test_other_tools_abandon_when_they_say():
    other = told("abandoned", 30, duration=600.0, defined=False)
    assert fold([told("launched", 0), other]).last == other.time
