"""What must hold of every decision: sequences, signatures, time, and exactly what it rests on."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrs.achievements.decision import Decision
from lrs.achievements.earned import Background
from lrs.achievements.evaluate import evaluate
from schemas.events import Event
from schemas.units import AllOf, AnyOf, Attended, Completed, Count, Hours, Passed, Scored, Sequence
from tests.unit.test_evaluate import (
    ACTIVITIES,
    ANY_ACTIVITY,
    AS_OF,
    COURSE,
    HAPPENINGS,
    LEAVES,
    PRACTICE,
    QUIZ,
    START,
    decide,
    event,
    happenings,
    session,
    unit,
    why_refused,
)

RULES = st.recursive(
    LEAVES
    | st.builds(
        Scored,
        activity=ANY_ACTIVITY,
        at_least=st.just(0.4),
        minutes_at_least=st.sampled_from([None, 60.0]),
    ),
    lambda inner: st.one_of(
        st.builds(AllOf, of=st.tuples(inner, inner)),
        st.builds(AnyOf, of=st.tuples(inner, inner)),
        st.builds(Sequence, of=st.tuples(inner, inner)),
        st.builds(Count, at_least=st.just(2), of=st.tuples(inner, inner, inner)),
    ),
    max_leaves=6,
)


def told(decision: Decision):
    return decision.met, decision.achieved_at, decision.score


@given(RULES, HAPPENINGS, st.lists(happenings(), max_size=4))
def test_adding_evidence_never_unverifies(rule, events, more):
    before, after = decide(rule, *events), decide(rule, *events, *more)
    if before.met:
        assert after.met
        assert after.achieved_at <= before.achieved_at


@given(RULES, HAPPENINGS)
def test_what_is_not_listed_could_be_missing(rule, events):
    decision = decide(rule, *events)
    if decision.met:
        listed = [one for one in events if one.statement in decision.evidence]
        assert told(decide(rule, *listed)) == told(decision)


@given(RULES, HAPPENINGS)
def test_without_any_that_is_listed_the_decision_is_another_one(rule, events):
    decision = decide(rule, *events)
    listed = [one for one in events if one.statement in decision.evidence]
    for missing in decision.evidence:
        rest = [one for one in listed if one.statement != missing]
        assert told(decide(rule, *rest)) != told(decision)


@given(RULES, HAPPENINGS, st.sampled_from(ACTIVITIES))
def test_a_sequence_is_never_met_sooner_than_all(rule, events, activity):
    parts = (rule, Completed(activity=activity))
    together, in_order = decide(AllOf(of=parts), *events), decide(Sequence(of=parts), *events)
    if in_order.met:
        assert together.met
        assert together.achieved_at <= in_order.achieved_at


@given(RULES, HAPPENINGS, st.sampled_from(["unsigned", "untrusted", "invalid"]))
def test_nothing_counts_without_a_valid_signature_where_one_is_asked_for(rule, events, signature):
    signed = [_with(one, signature="valid") for one in events]
    assert told(decide(rule, *signed, signed=True)) == told(decide(rule, *events))
    others = [_with(one, signature=signature) for one in events]
    assert not decide(rule, *others, signed=True).met


@given(RULES, HAPPENINGS, st.data())
def test_what_is_spent_or_compromised_counts_for_nothing(rule, events, data):
    out = {one.statement for one in events if data.draw(st.booleans())}
    left = [one for one in events if one.statement not in out]
    for background in (
        Background(spent=dict.fromkeys(out, "U9")),
        Background(compromised=frozenset(out)),
    ):
        decision = evaluate(unit(rule), events, AS_OF, background)
        assert told(decision) == told(decide(rule, *left))
        assert not out.intersection(decision.evidence)


def _with(one: Event, **changes):
    fields = {name: getattr(one, name) for name in one.__struct_fields__}
    return Event(**{**fields, **changes})


def test_one_statement_for_two_conditions_makes_a_third_one_needless():
    rule = Count(
        at_least=2,
        of=(Passed(activity=QUIZ), Passed(activity=COURSE), Completed(activity=COURSE)),
    )
    quiz = event("passed", QUIZ, 1)
    both = event("passed", COURSE, 2, completion=True)
    assert decide(rule, quiz, both).evidence == (both.statement,)


def test_a_sequence_takes_what_came_after():
    rule = Sequence(of=(Completed(activity=COURSE), Passed(activity=QUIZ)))
    early, course, late = (
        event("passed", QUIZ, 1),
        event("completed", COURSE, 2),
        event("passed", QUIZ, 3),
    )
    decision = decide(rule, early, course)
    assert not decision.met
    assert decision.rule.reason == "not_in_sequence"
    assert [one.reason for one in decision.rule.conditions[1].refused] == ["out_of_sequence"]
    met = decide(rule, early, course, late)
    assert met.evidence == tuple(sorted((course.statement, late.statement)))
    assert met.achieved_at == late.time
    same_time = event("passed", QUIZ, 2)
    assert not decide(rule, course, same_time).met


@pytest.mark.parametrize(
    "rule", [Hours(activity=PRACTICE, at_least=1), Attended(activity=PRACTICE, at_least=1)]
)
def test_more_hours_than_a_day_has_are_not_plausible(rule):
    decision = decide(rule, session("a", 0, hours=24.5))
    assert why_refused(decision) == [("implausible", None)]


def test_sheets_of_one_day_add_up_to_a_day_at_most():
    rule = Hours(activity=PRACTICE, at_least=25)
    day = [session(name, 0, hours=10) for name in "abc"]
    decision = decide(rule, *day)
    assert not decision.met
    assert decision.rule.parameters["have"] == 24
    assert decide(rule, *day, session("d", 1, hours=1)).met


def test_a_sheets_hours_have_no_room_where_the_day_was_spent_elsewhere():
    rule = Hours(course=COURSE, at_least=30)
    online = event("terminated", QUIZ, hours=15, course=COURSE, time=START + timedelta(hours=14.9))
    sheet = session("a", 0, hours=12, course=COURSE)
    assert decide(rule, online, sheet).rule.parameters["have"] == 24


def test_too_short_is_no_attempt():
    rule = Passed(activity=QUIZ, minutes_at_least=30)
    hasty = event("passed", QUIZ, 1, hours=0.4)
    assert why_refused(decide(rule, hasty, event("passed", QUIZ, 2))) == [
        ("too_short", None),
        ("too_short", None),
    ]
    assert decide(rule, hasty, event("passed", QUIZ, 3, hours=0.5)).met


def test_taking_back_from_a_source_in_other_hands_takes_nothing_back():
    done, back = event("completed", QUIZ, 1), event("uncompleted", QUIZ, 2)
    background = Background(compromised=frozenset({back.statement}))
    assert evaluate(unit(Completed(activity=QUIZ)), [done, back], AS_OF, background).met
