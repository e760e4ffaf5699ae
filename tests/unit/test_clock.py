"""Hours that conditions and units claim together, against those that the clock had."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrs.achievements.clock import Claimed, Shortfall, clock_met_at
from lrs.achievements.earned import Background
from lrs.achievements.evaluate import evaluate
from lrs.achievements.explain import explain
from lrs.records.state import fill, filled
from schemas.times import instant_of
from schemas.units import AllOf, AnyOf, Count, Hours
from tests.unit.test_evaluate import AS_OF, COURSE, PRACTICE, QUIZ, START, decide, event, unit

BOTH = AllOf(of=(Hours(activity=QUIZ, at_least=2), Hours(activity=PRACTICE, at_least=2)))


def spent(activity, end, hours, **more):
    """Hours that end so many hours after the start."""
    return event("terminated", activity, hours=hours, time=START + timedelta(hours=end), **more)


def test_two_conditions_do_not_share_a_minute():
    overlapping = [spent(QUIZ, 2, 2), spent(PRACTICE, 3, 2)]
    decision = decide(BOTH, *overlapping)
    assert not decision.met
    assert decision.rule.reason == "overlapping_hours"
    assert (decision.rule.parameters["have"], decision.rule.parameters["at_least"]) == (3, 4)
    assert all(condition.met for condition in decision.rule.conditions)
    later = spent(PRACTICE, 9, 1)
    decision = decide(BOTH, *overlapping, later)
    assert decision.met
    assert decision.achieved_at == later.time
    assert set(decision.evidence) == {one.statement for one in (*overlapping, later)}


def test_hours_one_after_the_other_are_enough():
    assert decide(BOTH, spent(QUIZ, 2, 2), spent(PRACTICE, 4, 2)).met


def test_what_is_read_by_both_conditions_counts_for_both():
    rule = AllOf(of=(Hours(course=COURSE, at_least=3), Hours(activity=QUIZ, at_least=2)))
    within, beside = spent(QUIZ, 2, 2, course=COURSE), spent(PRACTICE, 3, 1, course=COURSE)
    assert decide(rule, within, beside).met
    # One hour beside it lies over the other activity: the course has two hours of the clock.
    assert not decide(rule, within, spent(PRACTICE, 2, 1, course=COURSE)).met


@pytest.mark.parametrize(
    ("rule", "met"),
    [
        (AnyOf(of=BOTH.of), True),
        (Count(at_least=1, of=BOTH.of), True),
        (Count(at_least=2, of=BOTH.of), False),
        (AllOf(of=(BOTH,)), False),
    ],
)
def test_only_conditions_that_the_rule_needs_share_the_clock(rule, met):
    assert decide(rule, spent(QUIZ, 2, 2), spent(PRACTICE, 2, 2)).met is met


@pytest.mark.parametrize(("language", "words"), [("en", "2 of the 4 hours"), ("zh-CN", "重叠")])
def test_the_explanation_says_what_the_clock_lacked(language, words):
    decision = decide(BOTH, spent(QUIZ, 2, 2), spent(PRACTICE, 2, 2))
    assert any(words in line for line in explain(unit(BOTH), decision, language))


def test_time_taken_by_other_units_does_not_count():
    rule = Hours(activity=QUIZ, at_least=2)
    one = spent(QUIZ, 2, 2)
    hour = instant_of(one.time) - 3_600_000_000

    def with_taken(*taken, events=(one,)):
        return evaluate(unit(rule), events, AS_OF, Background(taken=taken))

    assert with_taken((hour - 9, hour - 9)).met
    assert not with_taken((hour, hour + 60_000_000)).met
    assert with_taken((hour, hour + 60_000_000), events=(one, spent(QUIZ, 5, 1))).met


STRETCHES = st.lists(st.tuples(st.integers(1, 12), st.integers(1, 4)), min_size=1, max_size=5)


@given(STRETCHES, STRETCHES, st.tuples(st.integers(1, 6), st.integers(1, 6)))
def test_two_claims_are_met_exactly_where_the_hours_can_be_dealt_out(first, second, needs):
    """Against dealing out every hour of the clock by hand."""
    lines = [
        sorted((spent(name, end, hours) for end, hours in told), key=lambda one: one.time)
        for name, told in ((QUIZ, first), (PRACTICE, second))
    ]
    of = [{end - h for end, hours in told for h in range(hours)} for told in (first, second)]
    if any(len(hours) < need for hours, need in zip(of, needs, strict=True)):
        return  # not met by itself
    both, alone = of[0] & of[1], [len(one - two) for one, two in (of, of[::-1])]
    lacking = sum(max(0, need - own) for need, own in zip(needs, alone, strict=True))
    claims = [Claimed(need, line) for need, line in zip(needs, lines, strict=True)]
    assert isinstance(clock_met_at(claims, ()), Shortfall) is (lacking > len(both))


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40))))
def test_filling_tells_by_how_much_it_grew(stretches):
    measured = []
    grown = sum(fill(measured, begin, end) for begin, end in stretches)
    assert grown == filled(measured)
    assert grown == len({one for begin, end in stretches for one in range(begin, end)})
