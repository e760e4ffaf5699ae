"""What every store of engagements must do."""

import pytest

from schemas.audit import Act
from schemas.engagements import Engagement

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


@pytest.mark.parametrize("size", [0, 5])
def test_a_population_without_claims_is_empty(store, size):
    made = store.engagements.add(engagement(1), ACT)
    assert list(store.engagements.population(made, None, size)) == []
