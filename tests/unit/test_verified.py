"""What makes an achievement verified, and what reopens it: the table of decisions, end to end."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from lrs.background import projection_steps
from schemas.audit import Act
from schemas.equivalences import ConversionCap, Equivalence
from schemas.units import Achieved, Completed, Credits, Hours, Passed, Period, Sequence
from tests.unit.test_cmi5_lms import LMS
from tests.unit.test_cmi5_lms import told as told_by_cmi5
from tests.unit.unit_service import COURSE, QUIZ, UnitService, learner, unit

OTHER = "https://lms.example.edu.cn/course/view.php?id=8"


@pytest.fixture
def lrs(tmp_path):
    lrs = UnitService(tmp_path)
    yield lrs
    lrs.service.close()


def about(activity, verb="completed", number=1, **more):
    return learner(
        number,
        object={"objectType": "Activity", "id": activity},
        verb={"id": f"http://adlnet.gov/expapi/verbs/{verb}"},
        **more,
    )


def checks(lrs, code="U1"):
    """The checks that fail, or that wait."""
    (persona,) = lrs.store.records.personas(None, 2)
    told = lrs.officer.get(f"/api/v1/personas/{persona.id}/units/{code}/explanation").json
    left = {
        one["check"]: one["outcome"]
        for one in told["checks"]
        if one["outcome"] in ("failed", "waiting")
    }
    return left, told


def reasons(told):
    found = [one["reason"] for one in told["rule"]["refused"]]
    for inner in told["rule"]["conditions"]:
        found += [one["reason"] for one in inner["refused"]]
    return found


TOMORROW = (datetime.now(UTC) + timedelta(days=1)).isoformat()

FAILING = [
    ("rule", unit(rule=Passed(activity=QUIZ)), {}, []),
    ("provenance", unit(provenance=("import",)), {}, ["provenance"]),
    ("signature", unit(rule=Completed(activity=COURSE, signed=True)), {}, ["unsigned"]),
    ("signature", unit(signed=True), {}, ["unsigned"]),
    ("plausible_time", unit(), {"timestamp": TOMORROW}, ["future"]),
    (
        "plausible_time",
        unit(rule=Completed(activity=COURSE, minutes_at_least=30)),
        {"result": {"duration": "PT29M"}},
        ["too_short"],
    ),
    (
        "plausible_time",
        unit(rule=Hours(activity=COURSE, at_least=20)),
        {"result": {"duration": "PT25H"}},
        ["implausible"],
    ),
]


@pytest.mark.parametrize(("check", "one", "changes", "why"), FAILING)
def test_each_check_fails_in_its_own_way_and_says_so(lrs, check, one, changes, why):
    lrs.publish(one)
    lrs.post(learner(1, **changes))
    left, told = checks(lrs)
    left.pop("officer", None)
    assert left == {"rule": "failed", check: "failed"}
    assert reasons(told) == why
    assert lrs.achieved() == []


def test_the_officer_is_the_last_check(lrs):
    lrs.publish(unit(officer=True))
    lrs.post(learner(1))
    assert checks(lrs)[0] == {"officer": "waiting"}
    (candidate,) = lrs.achieved()
    lrs.officer.post(
        f"/api/v1/achievements/{candidate.id}/decision", json={"verdict": "refuse", "reason": "x"}
    )
    assert checks(lrs)[0] == {"officer": "failed"}


def test_a_signature_that_is_valid_counts(lrs):
    """The signature's result is the store's; verifying it is tested where statements come in."""
    lrs.publish(unit(signed=True))
    (statement,) = lrs.lms.post("/xapi/statements", json=[learner(1)]).json
    lrs.store.database.write(
        lambda tx: tx.execute(
            "INSERT INTO signature (seq, result) SELECT seq, 'valid' FROM statement"
        )
    )
    lrs.settle()
    assert set(lrs.achieved()[0].evidence) == {statement}


@pytest.mark.parametrize("result", ["untrusted", "invalid"])
def test_a_signature_that_is_not_valid_does_not_count(lrs, result):
    lrs.publish(unit(signed=True))
    lrs.lms.post("/xapi/statements", json=[learner(1)])
    lrs.store.database.write(
        lambda tx: tx.execute(
            "INSERT INTO signature (seq, result) SELECT seq, ? FROM statement", (result,)
        )
    )
    lrs.settle()
    left, told = checks(lrs)
    assert (left["signature"], reasons(told)) == ("failed", [result])


def equivalence(**more):
    return Equivalence(
        **{
            "code": "EQ",
            "version": 1,
            "title": {"en": "counts as"},
            "sources": ("U1",),
            "target": "C1",
            "awarding_body": "us",
            **more,
        }
    )


def test_evidence_earns_credit_once_in_equivalent_units(lrs):
    lrs.publish(unit())
    lrs.post(learner(1))
    lrs.store.units.publish(unit("C1"), {COURSE})
    lrs.store.equivalences.publish(equivalence(effective=Period(until=date(2000, 1, 1))))
    lrs.settle()
    left, told = checks(lrs, "C1")
    assert left["double_counting"] == "failed"
    assert told["rule"]["refused"][0]["detail"] == "U1"
    assert lrs.states() == {("U1", 1): "verified"}
    lrs.post(learner(1, timestamp="2026-11-02T08:00:00Z"))
    assert lrs.states() == {("U1", 1): "verified", ("C1", 1): "verified"}


def hours_of(activity, end):
    return about(
        activity,
        "terminated",
        timestamp=f"2026-11-02T{end:02d}:00:00Z",
        result={"duration": "PT2H"},
    )


def test_hours_that_earned_a_unit_are_not_stretched_over_another(lrs):
    lrs.publish(unit(rule=Hours(activity=COURSE, at_least=2)))
    lrs.publish(unit("U2", rule=Hours(activity=OTHER, at_least=2)))
    lrs.post(hours_of(COURSE, 10), hours_of(OTHER, 11))
    assert lrs.states() == {("U1", 1): "verified"}
    left, told = checks(lrs, "U2")
    assert left == {"rule": "failed"}
    assert told["rule"]["parameters"] == {"have": 1.0, "at_least": 2.0}
    lrs.post(hours_of(OTHER, 15))
    assert lrs.states() == {("U1", 1): "verified", ("U2", 1): "verified"}
    assert all("hours" not in one.body for one in lrs.store.facts.after(0, 100))


def test_one_statement_may_count_its_hours_for_two_units(lrs):
    lrs.publish(
        unit(rule=Hours(activity=COURSE, at_least=2)),
        unit("U2", rule=Hours(activity=COURSE, at_least=2)),
    )
    lrs.post(hours_of(COURSE, 10))
    assert lrs.states() == {("U1", 1): "verified", ("U2", 1): "verified"}


def test_of_two_units_that_become_equivalent_the_earlier_keeps_the_evidence(lrs):
    lrs.publish(unit(), unit("C1"))
    lrs.post(learner(1))
    assert set(lrs.states().values()) == {"verified"}
    lrs.store.equivalences.publish(equivalence(effective=Period(until=date(2000, 1, 1))))
    lrs.settle()
    assert sorted(lrs.states().values()) == ["revoked", "verified"]


def test_a_conversion_is_an_achievement_that_rests_on_another(lrs):
    lrs.publish(unit(), unit("C1", rule=Passed(activity=QUIZ), credits=3))
    lrs.store.equivalences.publish(
        equivalence(both_ways=True, cap=ConversionCap(category="training", credits=2))
    )
    (statement,) = lrs.post(learner(1))
    course = next(one for one in lrs.achieved() if one.unit == "C1")
    assert (course.state, course.conversion, course.credits) == ("verified", "EQ/1", 2)
    assert set(course.evidence) == {statement}
    told = checks(lrs, "C1")[1]
    assert told["conversions"][0]["reason"] == "converted"
    assert any("converted from U1 by EQ/1: 2 credits" in line for line in told["text"])
    lrs.void(statement)
    assert lrs.states() == {("U1", 1): "revoked", ("C1", 1): "revoked"}


def test_a_programme_falls_with_what_it_is_made_of(lrs):
    lrs.publish(
        unit(),
        unit("U2", rule=Passed(activity=QUIZ)),
        unit("P1", rule=Sequence(of=(Achieved(unit="U1"), Achieved(unit="U2")))),
        unit("P2", rule=Credits(at_least=4, units={"major": ("U1",), "general": ("U2",)})),
    )
    (first,) = lrs.post(learner(1, timestamp="2026-11-01T08:00:00Z"))
    lrs.post(about(QUIZ, "passed", timestamp="2026-11-02T08:00:00Z"))
    programme = next(one for one in lrs.achieved() if one.unit == "P1")
    assert programme.basis == tuple(
        sorted(one.id for one in lrs.achieved() if one.unit in ("U1", "U2"))
    )
    assert first in programme.evidence
    assert set(lrs.states().values()) == {"verified"}
    lrs.void(first)
    states = {code: state for (code, _), state in lrs.states().items()}
    assert states == {"U1": "revoked", "U2": "verified", "P1": "revoked", "P2": "revoked"}


# What reopens


@pytest.fixture
def verified(lrs):
    lrs.publish(unit())
    lrs.statement, lrs.later = lrs.post(learner(1), learner(2, timestamp="2026-11-02T08:00:00Z"))
    assert [one.state for one in lrs.achieved()] == ["verified"] * 2
    return lrs


def of(lrs, statement):
    return next(one for one in lrs.achieved() if statement in one.evidence)


def void(lrs):
    lrs.void(lrs.statement)


def uncompleted(lrs):
    lrs.post(learner(1, verb={"id": "https://w3id.org/xapi/tla/verbs/forfeited"}))


def compromised(lrs):
    since = lrs.store.statements.get(_bytes(lrs.statement)).stored
    until = lrs.store.statements.get(_bytes(lrs.later)).stored
    assert since <= until
    act = Act(principal="source:officer", action="source.revoke", subject="lms")
    lrs.store.sources.revoke("lms", act, since)
    lrs.settle()


def superseded(lrs):
    lrs.publish(unit(version=2, supersedes=(1,), rule=Passed(activity=QUIZ)))


def unmerged(lrs):
    """The statement turns out to be somebody else's: its events go from the persona."""
    lrs.store.database.write(
        lambda tx: tx.execute(
            "UPDATE event SET persona = 'else' WHERE persona = ?", (of(lrs, lrs.statement).persona,)
        )
    )
    lrs.store.achievements.mark_of_persona(of(lrs, lrs.statement).persona)
    lrs.settle()


def merged_away(lrs):
    persona = of(lrs, lrs.statement).persona
    lrs.store.database.write(
        lambda tx: tx.execute("DELETE FROM holding WHERE persona = ?", (persona,))
    )
    lrs.store.achievements.mark_of_persona(persona)
    lrs.settle()


def _bytes(statement):
    return UUID(statement).bytes


REOPENERS = [
    (void, ("revoked", "not_met"), False),
    (uncompleted, ("revoked", "not_met"), False),
    (compromised, ("revoked", "not_met"), True),
    (superseded, ("superseded", "rule_superseded"), True),
    (unmerged, ("revoked", "not_met"), False),
    (merged_away, ("superseded", "merged"), False),
]


@pytest.mark.parametrize(("reopen", "becomes", "both"), REOPENERS)
def test_each_later_fact_reopens_exactly_what_it_should(verified, reopen, becomes, both):
    before = of(verified, verified.statement)
    reopen(verified)
    after = of(verified, verified.statement)
    assert (after.state, after.reason) == becomes
    assert after.evidence_hash == before.evidence_hash
    other = of(verified, verified.later)
    assert other.state == (becomes[0] if both else "verified")
    told = [one for one in verified.store.facts.about(before.id) if one.kind == becomes[0]]
    assert len(told) == 1


def test_a_plain_revocation_reopens_nothing(verified):
    act = Act(principal="source:officer", action="source.revoke", subject="lms")
    verified.store.sources.revoke("lms", act)
    assert verified.store.achievements.due(10) == []
    (source,) = [one for one in verified.store.sources.all().values() if one.key == "lms"]
    assert verified.store.achievements.mark_of_source(source.id) == 2
    verified.settle()
    assert set(verified.states().values()) == {"verified"}


def test_what_came_before_the_key_was_lost_still_counts(verified):
    act = Act(principal="source:officer", action="source.revoke", subject="lms")
    later = verified.store.statements.get(_bytes(verified.later)).stored + 1
    verified.store.sources.revoke("lms", act, later)
    verified.settle()
    assert set(verified.states().values()) == {"verified"}


def test_a_superseded_rule_gives_way_to_its_successor(verified):
    verified.publish(unit(version=2, supersedes=(1,), credits=5))
    states = sorted((one.version, one.state) for one in verified.achieved())
    assert states == [(1, "superseded")] * 2 + [(2, "verified")] * 2


def test_what_is_achieved_on_a_day_is_decided_by_the_version_of_that_day(lrs):
    day = date(2026, 4, 1)
    lrs.publish(unit(), unit(version=2, effective=Period(since=day), rule=Passed(activity=QUIZ)))
    lrs.post(
        learner(1, timestamp="2026-03-31T08:00:00Z"), learner(2, timestamp="2026-04-01T08:00:00Z")
    )
    assert [(one.version, one.state) for one in lrs.achieved()] == [(1, "verified")]


def test_a_rule_in_sequence_reads_only_what_came_later(lrs):
    rule = Sequence(of=(Completed(activity=COURSE), Completed(activity=OTHER)))
    lrs.publish(unit(rule=rule))
    lrs.post(
        about(OTHER, timestamp="2026-03-01T08:00:00Z"),
        about(COURSE, timestamp="2026-03-02T08:00:00Z"),
    )
    left, told = checks(lrs)
    assert left == {"rule": "failed"}
    assert reasons(told) == ["out_of_sequence"]
    lrs.post(about(OTHER, timestamp="2026-03-03T08:00:00Z"))
    assert set(lrs.states().values()) == {"verified"}


def test_a_new_event_has_only_its_own_units_looked_at_again(verified):
    verified.publish(unit("U2", rule=Passed(activity=QUIZ)))
    verified.lms.post("/xapi/statements", json=[about(OTHER)])
    _, projector, *_ = projection_steps(verified.service)
    while projector():
        pass
    assert verified.store.achievements.due(10) == []
    verified.lms.post("/xapi/statements", json=[about(QUIZ)])
    while projector():
        pass
    assert [one.unit for one in verified.store.achievements.due(10)] == ["U2"]


@pytest.mark.parametrize(("minutes", "met"), [(30, True), (31, False)])
def test_an_abandoned_session_counts_once_with_what_its_unit_told(lrs, minutes, met):
    lrs.publish(unit(rule=Hours(activity=f"{LMS}/1", at_least=minutes / 60)))
    lrs.post(
        told_by_cmi5("launched", 1, 0),
        told_by_cmi5("completed", 1, 29, result={"duration": "PT28M"}),
        told_by_cmi5("launched", 1, 59, "s2"),
        told_by_cmi5("abandoned", 1, 59, result={"duration": "PT30M"}),
    )
    assert (lrs.states().get(("U1", 1)) == "verified") is met
