"""Units, drafts, equivalences, what waits for officers, and what is marked due."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from lrs.store.achievements import DueEvaluation, Evaluation, Ruling
from lrs.store.units import UnitTaken
from schemas.achievements import Achievement, OfficerDecision
from schemas.audit import Act
from schemas.equivalences import Equivalence
from schemas.units import Completed, Unit

T = datetime(2026, 3, 28, tzinfo=UTC)
ACT = Act(principal="person:1", action="achievement.approve", subject="a-U1-p1", persona="p1")


def unit(code="U1", version=1, **more):
    return Unit(
        **{
            "code": code,
            "version": version,
            "title": {"en": code},
            "field": "safety",
            "level": 4,
            "credits": 2,
            "hours": 32,
            "awarding_body": "us",
            "kind": "training",
            "rule": Completed(activity="https://a"),
            **more,
        }
    )


def achievement(code="U1", persona="p1", version=1, state="candidate", **more):
    return Achievement(
        **{
            "id": f"a-{code}-{persona}" + ("" if version == 1 else f"-{version}"),
            "persona": persona,
            "unit": code,
            "version": version,
            "state": state,
            "achieved_at": T,
            "evidence": {"s1": "0" * 64},
            "evidence_hash": "1" * 64,
            **more,
        }
    )


def settle(store, *achievements, sources=None, **more):
    store.achievements.settle(
        [
            Evaluation(
                due=DueEvaluation(one.persona, one.unit, 0),
                achievement=one,
                sources=sources,
                **more,
            )
            for one in achievements
        ]
    )


def due(store):
    return {(one.persona, one.unit) for one in store.achievements.due(100)}


def clear(store):
    store.achievements.settle([Evaluation(due=one) for one in store.achievements.due(100)])


def waiting(store, **more):
    return [one.id for _, one in store.achievements.officer_queue(None, 10, **more)]


def ruling(candidate, **changes):
    return Ruling(
        candidate=candidate,
        becomes=replace(candidate, **changes),
        decision=OfficerDecision(
            achievement=candidate.id,
            at=1,
            principal="person:1",
            verdict="approve",
            reason="seen",
            evidence_hash=candidate.evidence_hash,
        ),
        act=ACT,
        dependents={"P1"},
    )


def test_published_versions_never_change_and_are_paged(store):
    assert store.units.last_published() == 0
    for version in (1, 2, 3):
        assert store.units.publish(unit(version=version), {"https://a"})
    last = store.units.last_published()
    assert not store.units.publish(unit(), {"https://a"})
    with pytest.raises(UnitTaken, match="next version"):
        store.units.publish(unit(credits=3), {"https://a"})
    assert store.units.last_published() == last > 0
    assert [one.version for one in store.units.page(None, 2)] == [1, 2]
    assert [one.version for one in store.units.page(("U1", 2), 2)] == [3]
    assert store.units.unit("U1", 2) == unit(version=2)
    assert store.units.unit("U1", 4) is None
    assert len(store.facts.after(0, 10)) == 3


def test_drafts_change_and_go_when_they_are_published(store):
    store.units.put_draft(unit())
    store.units.put_draft(unit(credits=3))
    assert store.units.drafts(None, 10) == [store.units.draft("U1", 1)] == [unit(credits=3)]
    store.units.publish(unit(credits=3), ())
    assert store.units.draft("U1", 1) is None
    assert not store.units.drop_draft("U1", 1)


def test_publishing_marks_those_whom_it_may_concern(store):
    settle(
        store,
        achievement(state="verified"),
        achievement("U2", "p2", state="verified"),
        achievement("U3", "p3", state="verified"),
    )
    clear(store)
    store.units.publish(unit("P1"), (), {"U2", "U9"}, ACT)
    assert due(store) == {("p2", "P1")}
    assert [one.act.action for one in store.audit.page(None, 10)] == [ACT.action]
    clear(store)
    store.units.publish(unit(version=2, supersedes=(1,)), ())
    assert due(store) == {("p1", "U1")}


def test_an_equivalence_marks_who_has_achieved_one_of_its_units(store):
    settle(store, achievement(state="verified"), achievement("U3", "p3", state="verified"))
    clear(store)
    equivalence = Equivalence(
        code="E", version=1, title={"en": "e"}, sources=("U1",), target="C1", awarding_body="us"
    )
    assert store.equivalences.publish(equivalence)
    assert due(store) == {("p1", "U1"), ("p1", "C1")}
    assert not store.equivalences.publish(equivalence)
    with pytest.raises(UnitTaken, match="equivalence E"):
        store.equivalences.publish(replace(equivalence, both_ways=True))
    assert store.equivalences.all() == [equivalence]
    assert store.equivalences.last_published() > 0


def test_candidates_wait_until_they_are_decided(store):
    first, second = achievement(), achievement("U2", "p2")
    settle(store, first)
    settle(store, second, achievement("U3", "p3", state="verified"))
    assert waiting(store) == [first.id, second.id]
    assert waiting(store, units={"U2", "U3"}) == [second.id]
    assert waiting(store, units=()) == []
    (since, _), _ = store.achievements.officer_queue(None, 10)
    rest = store.achievements.officer_queue((since, first.id), 10)
    assert [one.id for _, one in rest] == [second.id]
    clear(store)
    assert store.achievements.rule_on(ruling(first, state="verified"))
    assert waiting(store) == [second.id]
    assert store.achievements.achievement(first.id).state == "verified"
    (told,) = store.achievements.decisions(first.id)
    assert (told.verdict, told.reason, told.principal) == ("approve", "seen", "person:1")
    assert due(store) == {("p1", "P1")}
    assert [one.act for one in store.audit.page(None, 10)] == [ACT]


def test_a_decision_on_what_has_changed_writes_nothing(store):
    seen = achievement()
    settle(store, seen)
    settle(store, replace(seen, evidence={"s2": "0" * 64}, evidence_hash="2" * 64))
    assert not store.achievements.rule_on(ruling(seen, state="verified"))
    assert store.achievements.achievement(seen.id).state == "candidate"
    assert store.achievements.decisions(seen.id) == store.audit.page(None, 10) == []


def test_who_was_asked_for_more_waits_no_longer_and_again_later(store):
    seen = achievement()
    settle(store, seen)
    assert store.achievements.rule_on(ruling(seen, asked=True))
    assert waiting(store) == []
    settle(store, replace(seen, asked=True))
    assert waiting(store) == []
    settle(store, seen)
    assert waiting(store) == [seen.id]


def test_a_verified_one_that_is_a_candidate_again_is_told_as_revoked(store):
    settle(store, achievement(state="verified"))
    settle(store, achievement(evidence_hash="2" * 64))
    assert [one.kind for one in store.facts.about("a-U1-p1")] == ["verified", "revoked"]


def test_what_takes_the_place_of_another_is_written_with_it(store):
    old = achievement(state="verified")
    settle(store, old)
    clear(store)
    new = achievement(version=2, state="verified")
    settle(store, new, superseded=replace(old, state="superseded"), dependents={"P1"})
    states = [one.state for one in store.achievements.of_unit("p1", "U1")]
    assert states == ["superseded", "verified"]
    assert due(store) == {("p1", "P1")}


def test_what_changes_nothing_marks_nobody(store):
    settle(store, achievement())
    clear(store)
    settle(store, achievement(), dependents={"P1"})
    assert due(store) == set()


def test_what_rests_on_a_source_is_marked(store):
    settle(store, achievement(state="verified"), sources={1, 2})
    settle(store, achievement("U2", "p2", state="verified"), sources={2})
    clear(store)
    assert store.achievements.mark_of_source(1) == 1
    assert due(store) == {("p1", "U1")}
    settle(store, achievement(state="verified"), sources={2})
    clear(store)
    assert store.achievements.mark_of_source(1) == 0
    assert store.achievements.mark_of_source(2) == 2


def test_a_persona_is_marked_for_what_it_has(store):
    settle(store, achievement(), achievement("U2"), achievement("U3", "p3"))
    clear(store)
    store.achievements.mark_of_persona("p1")
    assert due(store) == {("p1", "U1"), ("p1", "U2")}
    of_persona = store.achievements.of_persona("p1")
    assert [one.unit for one in of_persona] == ["U1", "U2"]
    assert [one.unit for one in store.achievements.of_persona("p1", {"U2", "U9"})] == ["U2"]


def test_personas_concerned_are_paged(store):
    settle(store, *(achievement("U1", f"p{n}") for n in range(5)), achievement("U3", "p9"))
    concerned = store.achievements.personas_concerned
    assert concerned("U1", {"https://a"}, (), "", 3) == ["p0", "p1", "p2"]
    assert concerned("U1", {"https://a"}, (), "p2", 3) == ["p3", "p4"]
    assert concerned("U1", (), {"U3"}, "p4", 3) == ["p9"]
