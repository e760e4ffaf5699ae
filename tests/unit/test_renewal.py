"""An achievement past its validity is renewed by what meets its rule again, and earns nothing."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from lrs.achievements.panel import judge_of
from lrs.store.anonymous import achievement_of_nobody, fact_of_nobody
from schemas.audit import Act
from schemas.units import (
    Achieved,
    AllOf,
    Completed,
    Credits,
    Hours,
    Period,
    Scored,
    valid_until,
)
from tests.unit.test_evaluator import BANK
from tests.unit.test_verified import OTHER, about, equivalence
from tests.unit.unit_service import COURSE, QUIZ, UnitService, learner, signed_in, unit

NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=100)
"""Two months are over since then."""


@pytest.fixture
def lrs(tmp_path):
    lrs = UnitService(tmp_path)
    yield lrs
    lrs.service.close()


def ago(days):
    return NOW - timedelta(days=days)


def instant(days):
    """As statements tell it."""
    return datetime.fromisoformat(ago(days).isoformat())


def expired(lrs, *more, **of_unit):
    """One who completed the course long ago; the statement's id."""
    lrs.publish(unit("U1", validity=2, **of_unit), *more)
    (first,) = lrs.post(learner(1, timestamp=LONG_AGO.isoformat()))
    return first


def again(lrs, days, **changes):
    (statement,) = lrs.post(learner(1, timestamp=ago(days).isoformat(), **changes))
    return statement


def held(lrs, code="U1"):
    (found,) = [one for one in lrs.achieved() if one.unit == code]
    return found


def shown(lrs):
    (one,) = lrs.officer.get("/api/v1/achievements").json["items"]
    return one


def test_who_completes_again_is_valid_again_for_as_long(lrs):
    first = expired(lrs)
    before = held(lrs)
    assert shown(lrs)["expired"]
    second = again(lrs, 1)
    (renewal,) = held(lrs).renewals
    assert list(renewal.evidence) == [second]
    assert (list(held(lrs).evidence), held(lrs).evidence_hash) == ([first], before.evidence_hash)
    assert (held(lrs).id, held(lrs).achieved_at) == (before.id, before.achieved_at)
    told = shown(lrs)
    assert (told["state"], told["expired"]) == ("verified", False)
    assert datetime.fromisoformat(told["valid_until"]) == valid_until(ago(1), unit(validity=2))
    assert [one["evidence"] for one in told["renewals"]] == [renewal.evidence]
    (persona,) = lrs.store.records.personas(None, 2)
    explained = lrs.officer.get(f"/api/v1/personas/{persona.id}/units/U1/explanation").json
    assert explained["expired"] is False


def test_a_renewal_is_a_fact_of_its_own_and_no_second_claim(lrs):
    lrs.store.exchange.put_receiver(BANK)
    expired(lrs)
    again(lrs, 1)
    (claim,) = lrs.store.exchange.claims(None, 10)
    assert claim.payload.evidence_hash == held(lrs).evidence_hash
    assert [kind for kind, code in lrs.facts() if kind != "published"].count("verified") == 2
    last = [one for one in lrs.store.facts.after(0, 100) if one.kind == "verified"][-1]
    assert last.body["evidence_hash"] == held(lrs).evidence_hash
    assert len(last.body["renewals"]) == 1


@pytest.mark.parametrize(("days", "renewed"), [(95, False), (70, False), (50, True), (45, True)])
def test_what_was_done_shortly_before_the_end_counts_as_long_as_it_would_be_valid(
    lrs, days, renewed
):
    expired(lrs)
    again(lrs, days)
    assert bool(held(lrs).renewals) is renewed
    assert shown(lrs)["expired"] is not renewed


def test_it_is_looked_at_on_the_day_when_the_validity_is_over(lrs):
    lrs.publish(unit("U1", validity=2))
    lrs.post(learner(1, timestamp=ago(40).isoformat()))
    again(lrs, 3)
    until = valid_until(ago(40), unit(validity=2))
    assert held(lrs).renewals == ()
    (persona,) = lrs.store.records.personas(None, 2)
    judge, achieved = judge_of(lrs.store), lrs.achieved()
    for now, due in ((NOW, True), (until + timedelta(days=1), False)):
        judgement = judge.judge(persona, "U1", now)
        renewed = judge.renewed(judgement, held(lrs), achieved)
        assert (renewed.again_at == until + timedelta(seconds=1)) is due
        assert (renewed.by is None) is due
    row = lrs.store.database.read().execute("SELECT marked FROM due_evaluation").fetchall()
    assert [at for (at,) in row] == [int((until + timedelta(seconds=1)).timestamp() * 1e6)]


def test_nothing_new_is_no_renewal(lrs):
    expired(lrs)
    lrs.post(about(COURSE, "initialized", timestamp=ago(1).isoformat()))
    assert held(lrs).renewals == ()
    assert lrs.store.database.read().execute("SELECT 1 FROM due_evaluation").fetchall() == []


def test_the_whole_rule_has_to_be_met_again(lrs):
    rule = AllOf(of=(Completed(activity=COURSE), Scored(activity=QUIZ, at_least=0.6)))
    lrs.publish(unit("U1", rule, validity=2))
    passed = {"result": {"score": {"scaled": 0.9}}}
    lrs.post(
        learner(1, timestamp=LONG_AGO.isoformat()),
        about(QUIZ, "scored", timestamp=LONG_AGO.isoformat(), **passed),
    )
    again(lrs, 2)
    assert held(lrs).renewals == ()
    lrs.post(about(QUIZ, "scored", timestamp=ago(1).isoformat(), **passed))
    (renewal,) = held(lrs).renewals
    assert (len(renewal.evidence), renewal.score) == (2, 0.9)


def test_it_is_renewed_more_than_once(lrs):
    lrs.publish(unit("U1", validity=1))
    lrs.post(learner(1, timestamp=LONG_AGO.isoformat()))
    again(lrs, 50)
    assert held(lrs).renewals == ()
    again(lrs, 20)
    again(lrs, 10)
    assert [one.achieved_at for one in held(lrs).renewals] == [instant(20)]


def test_voiding_takes_a_renewal_back_and_leaves_the_achievement(lrs):
    expired(lrs)
    second = again(lrs, 1)
    lrs.void(second)
    assert (held(lrs).renewals, held(lrs).state) == ((), "verified")
    assert shown(lrs)["expired"]
    again(lrs, 2)
    assert len(held(lrs).renewals) == 1


def test_what_was_done_again_stands_where_the_first_was_voided(lrs):
    first = expired(lrs)
    second = again(lrs, 1)
    lrs.void(first)
    assert (held(lrs).state, list(held(lrs).evidence)) == ("verified", [second])
    assert held(lrs).renewals == ()
    assert not shown(lrs)["expired"]


def test_a_unit_that_asks_for_an_officer_is_not_renewed_without_one(lrs):
    lrs.publish(unit("U1", validity=2, officer=True))
    lrs.post(learner(1, timestamp=LONG_AGO.isoformat()))
    decision = {"achievement": held(lrs).id, "verdict": "approve", "reason": "seen"}
    lrs.officer.post(f"/api/v1/achievements/{held(lrs).id}/decision", json=decision)
    again(lrs, 1)
    assert held(lrs).renewals == ()


def test_what_is_done_in_the_days_of_a_later_version_renews_no_earlier_one(lrs):
    expired(lrs)
    later = unit("U1", version=2, validity=2, effective=Period(since=ago(5).date()))
    lrs.publish(later)
    again(lrs, 1)
    assert held(lrs).renewals == ()


def test_a_renewal_brings_no_credits(lrs):
    programme = unit("P", Credits(at_least=3, units={"all": ("U1",)}))
    expired(lrs, programme)
    again(lrs, 1)
    assert held(lrs).renewals
    assert ("P", 1) not in lrs.states()
    lrs.publish(unit("Q", Achieved(unit="U1")))
    assert lrs.states()["Q", 1] == "verified"
    assert held(lrs, "Q").basis == (held(lrs).id,)


def test_what_renews_earns_no_credit_in_an_equivalent_unit(lrs):
    expired(lrs)
    lrs.store.equivalences.publish(equivalence())
    again(lrs, 1)
    since = Period(since=ago(5).date())
    lrs.publish(unit("C1", Completed(activity=COURSE, within=since), effective=since))
    (persona,) = lrs.store.records.personas(None, 2)
    told = lrs.officer.get(f"/api/v1/personas/{persona.id}/units/C1/explanation").json
    assert "already_counted" in [one["reason"] for one in told["rule"]["refused"]]


def test_hours_that_renew_are_taken_for_others(lrs):
    duration = {"result": {"duration": "PT2H"}}
    lrs.publish(unit("U1", Hours(activity=COURSE, at_least=2), validity=2))
    lrs.post(learner(1, timestamp=LONG_AGO.isoformat(), **duration))
    second = again(lrs, 1, **duration)
    assert second in held(lrs).hours
    lrs.publish(unit("H", Hours(activity=OTHER, at_least=2)))
    lrs.post(about(OTHER, timestamp=ago(1).isoformat(), **duration))
    assert ("H", 1) not in lrs.states()


def test_the_erased_leave_nothing_of_their_renewals(lrs):
    expired(lrs)
    second = again(lrs, 1)
    row = lrs.store.database.read().execute("SELECT body FROM achievement").fetchone()
    assert second.encode() in row[0]
    assert second.encode() not in achievement_of_nobody(row[0], {})
    fact = [one for one in lrs.store.facts.after(0, 100) if one.kind == "verified"][-1]
    assert second.encode() not in fact_of_nobody(json.dumps(fact.body).encode(), {})


def test_retention_keeps_what_a_renewal_rested_on(lrs):
    first = expired(lrs)
    second = again(lrs, 1)
    lrs.void(second)
    rows = lrs.store.database.read().execute("SELECT statement FROM evidence_statement").fetchall()
    assert {row[0] for row in rows} == {one.replace("-", "").upper() for one in (first, second)}


def test_a_key_in_other_hands_takes_back_what_it_renewed(lrs):
    lrs.publish(unit("U1", validity=2))
    lrs.service.credentials.ensure("second", "s3cret", name="Second")
    first = lrs.lms
    lrs.post(learner(1, timestamp=LONG_AGO.isoformat()))
    lrs.lms = signed_in(lrs.app, "second", "s3cret")
    again(lrs, 1)
    lrs.lms = first
    assert held(lrs).renewals
    act = Act(principal="source:officer", action="source.revoke", subject="second")
    lrs.store.sources.revoke("second", act, 0)
    lrs.settle()
    assert (held(lrs).state, held(lrs).renewals) == ("verified", ())
