"""An achievement past its validity stays what it is, and counts for nothing from then on."""

from datetime import UTC, datetime, timedelta

import pytest

from lrs.achievements.explanation import explain_judgement
from lrs.achievements.panel import judge_of
from schemas.units import Achieved, AllOf, Completed, Credits, Hours, valid_until
from tests.unit.test_verified import OTHER, about, equivalence
from tests.unit.unit_service import COURSE, UnitService, learner, unit

NOW = datetime.now(UTC)
LATER = NOW + timedelta(days=80)


@pytest.fixture
def lrs(tmp_path):
    lrs = UnitService(tmp_path)
    yield lrs
    lrs.service.close()


def judged(lrs, code, now):
    (persona,) = lrs.store.records.personas(None, 2)
    return judge_of(lrs.store).judge(persona, code, now)


def achieve(lrs, at=NOW - timedelta(days=1), *more):
    lrs.publish(unit("U1", validity=2), *more)
    lrs.post(learner(1, timestamp=at.isoformat()))


@pytest.mark.parametrize(
    ("achieved", "months", "until"),
    [
        ("2026-01-31T00:00:00+00:00", 1, "2026-02-28T23:59:59+08:00"),
        ("2026-12-31T17:00:00+00:00", 12, "2028-01-01T23:59:59+08:00"),
        ("2026-12-31T17:00:00+00:00", None, None),
        ("2026-12-31T17:00:00+00:00", 1_000_000, None),
    ],
)
def test_validity_ends_with_a_day_of_china(achieved, months, until):
    end = valid_until(datetime.fromisoformat(achieved), unit(validity=months))
    assert (end and end.isoformat()) == until


@pytest.mark.parametrize(
    "rule", [Achieved(unit="U1"), Credits(at_least=2, units={"all": ("U1",)})], ids=["unit", "sum"]
)
def test_what_has_expired_is_no_prerequisite_and_is_named(lrs, rule):
    achieve(lrs, NOW, unit("P", AllOf(of=(rule, Completed(activity=OTHER)))))
    assert not judged(lrs, "P", NOW).met
    lrs.post(about(OTHER, timestamp=(NOW - timedelta(hours=1)).isoformat()))
    assert judged(lrs, "P", NOW).met
    assert lrs.states()["P", 1] == "verified"
    lrs.store.units.publish(unit("R", AllOf(of=(rule, Completed(activity=OTHER)))), set())
    later = judged(lrs, "R", LATER)
    assert not later.met
    (refusal,) = [one for inner in later.decision.rule.conditions for one in inner.refused]
    (u1,) = [x.id for x in lrs.achieved() if x.unit == "U1"]
    assert (refusal.reason, refusal.statement) == ("expired", u1)
    assert any("expired: valid until" in line for line in explain_judgement(later, (), "en"))
    assert any("有效期至" in line for line in explain_judgement(later, (), "zh-CN"))


def test_what_was_made_of_it_while_it_was_valid_stays(lrs):
    achieve(lrs, NOW, unit("P", Achieved(unit="U1")))
    assert lrs.states() == {("U1", 1): "verified", ("P", 1): "verified"}
    later = judged(lrs, "P", LATER)
    assert later.met
    assert later.held_stands
    assert judged(lrs, "U1", LATER).held_stands


def test_what_has_expired_is_not_converted(lrs):
    achieve(lrs)
    lrs.store.units.publish(unit("C1", Hours(activity=OTHER, at_least=9)), set())
    lrs.store.equivalences.publish(equivalence())
    assert judged(lrs, "C1", NOW).converted
    assert [one.reason for one in judged(lrs, "C1", LATER).conversions] == ["expired"]


@pytest.mark.parametrize(("days", "expired"), [(1, False), (100, True)])
def test_the_api_tells_the_end_and_that_it_is_over(lrs, days, expired):
    at = NOW - timedelta(days=days)
    achieve(lrs, at)
    until = valid_until(at, unit(validity=2))
    (one,) = lrs.officer.get("/api/v1/achievements").json["items"]
    assert (one["state"], one["expired"]) == ("verified", expired)
    assert datetime.fromisoformat(one["valid_until"]) == until
    (persona,) = lrs.store.records.personas(None, 2)
    told = lrs.officer.get(f"/api/v1/personas/{persona.id}/units/U1/explanation").json
    assert told["expired"] is expired
    assert datetime.fromisoformat(told["valid_until"]) == until
    assert ("expired: it was valid" in told["text"][-1]) is expired
    assert f"valid until {until.date()}" in told["text"][-1]


def test_what_never_expires_says_so(lrs):
    lrs.publish(unit())
    lrs.post(learner(1, object={"objectType": "Activity", "id": COURSE}))
    (one,) = lrs.officer.get("/api/v1/achievements").json["items"]
    assert (one["valid_until"], one["expired"]) == (None, False)
