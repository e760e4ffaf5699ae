"""What every store of engagements must do."""

from msgspec.structs import replace

from lrs.store.achievements import DueEvaluation, Evaluation, NewClaim
from lrs.store.ledger import Growth, NewLeaf, Opening
from schemas.achievements import Achievement
from schemas.audit import Act
from schemas.engagements import Engagement
from tests.contract.test_exchange import BANK, T, claim

ACT = Act(principal="person:root", action="test", subject="test")


def engagement(number, auditor="person:ada", ends=2**60):
    return Engagement(
        id=f"e{number}",
        auditor=auditor,
        purpose="audit",
        since=0,
        until=2**60,
        profile="minimal",
        created_by="person:root",
        ends=ends,
    )


def test_engagements_are_paged_and_ended_with_their_acts(store):
    made = [store.engagements.add(engagement(number), ACT) for number in range(5)]
    store.engagements.add(engagement(9, auditor="person:bob"), ACT)
    assert all(one.created for one in made)
    first = store.engagements.page(None, 3, "person:ada")
    rest = store.engagements.page((first[-1].created, first[-1].id), 3, "person:ada")
    assert [one.id for one in [*first, *rest]] == ["e4", "e3", "e2", "e1", "e0"]
    assert len(store.engagements.page(None, 10)) == 6
    assert store.engagements.end("e1", ACT)
    assert store.engagements.get("e1").ended is not None
    for over in ("e1", "nothing"):
        assert not store.engagements.end(over, ACT)
    assert len(store.audit.page(None, 100)) == 7


def test_a_population_are_the_claims_within_the_scope_that_the_ledger_has(store):
    store.exchange.put_receiver(BANK)
    facts = [claimed(store, number) for number in range(4)]
    assert store.ledger.append(growth([fact.seq for fact in facts[:3]]))
    made = store.engagements.add(engagement(1), ACT)

    def population(unit=None, size=3, **scope):
        found = store.engagements.population(replace(made, **scope), unit, size)
        return sorted(found)

    assert population() == ["c0", "c1", "c2"]
    assert population(size=2) == ["c0", "c1"]
    assert population(size=0) == []
    assert population("U1") == population(units=("U1", "U9")) == ["c1"]
    assert population("U9") == []
    assert population(since=facts[1].at, until=facts[2].at) == ["c1"]


def claimed(store, number):
    """Claim an achievement of a unit of its own; return the fact of it."""
    one = achievement(f"a{number}", f"p{number}", f"U{number}")
    put = NewClaim(achievement=one.id, receiver=BANK.name, payload=claim(f"c{number}").payload)
    due = DueEvaluation(one.persona, one.unit, 0)
    store.achievements.settle([Evaluation(due=due, achievement=one, claims=[put])])
    (fact,) = store.facts.about(f"c{number}")
    return fact


def achievement(name, persona, unit):
    return Achievement(
        id=name,
        persona=persona,
        unit=unit,
        version=1,
        state="verified",
        achieved_at=T,
        evidence_hash="1" * 64,
    )


def growth(facts):
    leaves = [
        NewLeaf(fact=fact, entry=b"e", opening=Opening(persona=None, secret=b"s", document=b"{}"))
        for fact in facts
    ]
    return Growth(size=0, leaves=leaves, tiles={}, root=b"r", note="note\n")
