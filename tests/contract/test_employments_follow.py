"""Employments follow rosters, and with consents the persona that is left of a merge."""

from datetime import date
from functools import partial

import pytest

from lrs.auth.organisations import today
from lrs.store.organisations import SharedQuery
from schemas.organisations import Consent, Employment, Organisation
from tests.contract.racing import each_at_once
from tests.contract.test_identity import CHIEF, HOME, WORK, confirm, link, listed
from tests.contract.test_organisations import ACME, ACT, achievement, settle

DAY = date(2026, 3, 1)


@pytest.fixture(autouse=True)
def acme(store):
    store.organisations.put(Organisation(id="acme", kind="enterprise", name="ACME"), ACT)


@pytest.fixture
def people(store):
    """Two personas of one person, each known by an identifier."""
    for number, identifier in enumerate((WORK, HOME)):
        listed(store, [identifier], person=f"card-{number}")
    return [store.records.personas_of([one])[one] for one in (WORK, HOME)]


def employ(store, persona, **rest):
    one = Employment(organisation="acme", persona=persona, **{"since": DAY, **rest})
    store.organisations.employ([one], today(), ACT)


def consent(store, persona, **rest):
    one = Consent(organisation="acme", persona=persona, level="achievements", by="test", **rest)
    store.organisations.consent([one], today(), ACT)


def merge(store, persona, other):
    return confirm(store, link(persona=persona, other=other))


def unmerge(store):
    return confirm(store, link(kind="undo", undoes="l1", id="l2"))


def level(store, *personas):
    return [store.organisations.level("acme", one) for one in personas]


def seen(store):
    return {one.id for one in store.organisations.shared(ACME, 0, 100)}


def test_employment_and_consent_follow_the_persona_that_is_left_and_come_back(store, people):
    one, other = people
    employ(store, one)
    consent(store, one)
    settle(store, achievement(one))
    settle(store, achievement(other, "U2"))
    assert (level(store, *people), seen(store)) == (["achievements", None], {f"{one}-U1"})
    merge(store, one, other)
    assert (level(store, *people), seen(store)) == ([None, "achievements"], {f"{other}-U2"})
    gone = [each.id for each in store.organisations.changes(ACME, 0, 100) if each.gone]
    assert gone == [f"{one}-U1"], "the sync is told"
    unmerge(store)
    assert (level(store, *people), seen(store)) == (["achievements", None], {f"{one}-U1"})
    assert [each.persona for each in store.organisations.employments("acme", None, 9)] == [one]


def test_employment_of_one_and_consent_of_the_other_are_those_of_one_person(store, people):
    one, other = people
    employ(store, one)
    consent(store, other)
    assert level(store, *people) == [None, None]
    merge(store, one, other)
    assert level(store, *people) == [None, "achievements"]
    unmerge(store)
    assert level(store, *people) == [None, None]


def test_who_withdraws_withdraws_what_was_given_under_the_other_name_too(store, people):
    one, other = people
    employ(store, one)
    consent(store, one)
    merge(store, one, other)
    assert [each.persona for each in store.organisations.consents_of(other)] == [one]
    assert store.organisations.withdraw("acme", other, ACT)
    assert level(store, *people) == [None, None]
    assert not store.organisations.withdraw("acme", other, ACT)
    unmerge(store)
    assert level(store, *people) == [None, None], "what was withdrawn stays so"


def test_who_leaves_leaves_under_each_name(store, people):
    one, other = people
    employ(store, one)
    consent(store, one)
    merge(store, one, other)
    employ(store, other, until=today())
    assert level(store, *people) == [None, None]
    unmerge(store)
    assert level(store, *people) == [None, None]


def test_a_merge_of_what_was_merged_and_its_undoing(store, people):
    one, other = people
    listed(store, ["mbox:mailto:third@x.cn"], person="card-9")
    third = store.records.personas_of(["mbox:mailto:third@x.cn"])["mbox:mailto:third@x.cn"]
    employ(store, one)
    consent(store, one)
    merge(store, one, other)
    store.identity.propose(link(persona=other, other=third, id="l3"))
    store.identity.decide("l3", CHIEF, "confirmed", "Seen.")
    assert level(store, one, other, third) == [None, None, "achievements"]
    unmerge(store)
    assert level(store, one, other, third) == ["achievements", None, None]


def test_a_roster_gives_employments_and_leaving_it_ends_them(store):
    listed(store, [WORK], [("acme", "ACME"), ("elsewhere", "Elsewhere")], person="4711")
    persona = store.records.personas_of([WORK])[WORK]
    [given] = store.organisations.employments("acme", None, 10)
    assert (given.persona, given.employee, given.roster) == (persona, "4711", "hr")
    assert (given.since, given.until) == (today(), None)
    consent(store, persona)
    assert level(store, persona) == ["achievements"]
    listed(store, [WORK], [("acme", "ACME")], person="4711")
    assert store.organisations.employments("acme", None, 10) == [given], "the same is no change"
    listed(store, [WORK], [], person="4711")
    [ended] = store.organisations.employments("acme", None, 10)
    assert ended.until == today()
    assert level(store, persona) == [None]
    acts = [one.act.action for one in store.audit.page(None, 50, persona=persona)]
    assert {"organisation.employ", "organisation.leave"} <= set(acts)
    listed(store, [WORK], [("acme", "ACME")], person="4711")
    assert level(store, persona) == ["achievements"], "who comes back is seen again"


def test_a_roster_leaves_what_somebody_recorded_as_it_is(store, people):
    employ(store, people[0], employee="by hand")
    listed(store, [WORK], [("acme", "ACME")], person="card-0")
    listed(store, [WORK], [], person="card-0")
    [kept] = store.organisations.employments("acme", None, 10)
    assert (kept.employee, kept.roster, kept.until) == ("by hand", "", None)


def test_a_summary_counts_nobody_twice(store, people):
    one, other = people
    for persona in people:
        employ(store, persona)
        consent(store, persona)
        settle(store, achievement(persona))
    merge(store, one, other)
    lines = store.organisations.summary(SharedQuery(organisation="acme"), None, 10)
    assert sum(line.count for line in lines) == 1


def test_a_merge_and_a_consent_at_once_are_both_heeded(store, second_store):
    for number in range(8):
        identifiers = [f"mbox:mailto:{name}{number}@x.cn" for name in ("a", "b")]
        for identifier in identifiers:
            listed(store, [identifier], person=identifier)
        found = store.records.personas_of(identifiers)
        one, other = (found[identifier] for identifier in identifiers)
        employ(store, other)
        name = f"race-{number}"
        store.identity.propose(link(persona=one, other=other, id=name))
        steps = [
            partial(store.identity.decide, name, CHIEF, "confirmed", "Seen."),
            partial(consent, second_store, one),
        ]
        each_at_once(lambda step: step(), steps)
        assert level(store, one, other) == [None, "achievements"]


def test_whoever_is_erased_is_seen_by_nobody_under_the_name_that_was_left(store, people):
    one, other = people
    employ(store, one)
    consent(store, one)
    merge(store, one, other)
    settle(store, achievement(other))
    assert seen(store) == {f"{other}-U1"}
    store.erasure.erase(other, ACT)
    assert seen(store) == set()
    assert store.organisations.summary(SharedQuery(organisation="acme"), None, 10) == []
    assert {each.persona for each in store.organisations.changes(ACME, 0, 10)} == {""}
