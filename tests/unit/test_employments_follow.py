"""Employments follow rosters, and with consents the persona that is left of a merge."""

from datetime import date, timedelta

import pytest

from lrs.auth.organisations import today
from lrs.store.organisations import SharedQuery
from lrs.store.sqlite.store import SqliteStore
from schemas.organisations import Consent, Employment, Organisation, consent_of, employment_of
from tests.contract.test_identity import CHIEF, HOME, WORK, confirm, link, listed
from tests.contract.test_organisations import ACME, ACT, achievement, settle

DAY = date(2026, 3, 1)


@pytest.fixture
def store(tmp_path):
    store = SqliteStore(tmp_path / "lrs.db")
    store.organisations.put(Organisation(id="acme", kind="enterprise", name="ACME"), ACT)
    yield store
    store.close()


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


def test_of_several_the_live_employment_and_the_last_word_count():
    def employed(**rest):
        return Employment(organisation="a", persona="p", **rest)

    ended = employed(since=DAY - timedelta(days=9), until=DAY)
    live, late = employed(since=DAY - timedelta(days=99)), employed(since=DAY + timedelta(days=1))
    assert employment_of([ended, live, late], DAY) == live
    assert employment_of([ended, late], DAY) == late
    assert employment_of([], DAY) is None

    def said(**rest):
        return Consent(organisation="a", persona="p", level="records", by="t", **rest)

    first, withdrawn, again = said(given=1), said(given=2, withdrawn=5), said(given=6)
    assert consent_of([first, withdrawn]) == withdrawn
    assert consent_of([again, withdrawn]) == again
    assert consent_of([]) is None


def test_a_summary_counts_nobody_twice(store, people):
    one, other = people
    for persona in people:
        employ(store, persona)
        consent(store, persona)
        settle(store, achievement(persona))
    merge(store, one, other)
    lines = store.organisations.summary(SharedQuery(organisation="acme"), None, 10)
    assert sum(line.count for line in lines) == 1
