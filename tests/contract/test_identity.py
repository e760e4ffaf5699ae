from concurrent.futures import ThreadPoolExecutor

import pytest

from lrs.store.identity import NotPossible
from schemas.identity import IdentityLink
from tests.contract.projected import named, project

WORK, HOME = "mbox:mailto:li.na@work.cn", "mbox:mailto:lina@home.cn"
CLERK, CHIEF = "person:clerk", "person:chief"


def link(kind="merge", persona="p1", other="p2", **rest):
    return IdentityLink(
        id=rest.pop("id", "l1"),
        kind=kind,
        persona=persona,
        other=other,
        reason="The same identity card.",
        proposed_by=CLERK,
        **rest,
    )


@pytest.fixture
def people(store):
    project(
        store,
        personas=[
            named("p1", "李娜", identifier=WORK),
            named("p2", "李娜", identifier=HOME),
            named("p3", "王芳", identifier="openid:http://wang.example"),
        ],
    )
    return store


def confirm(store, one):
    store.identity.propose(one)
    return store.identity.decide(one.id, CHIEF, "confirmed", "Seen.")


def facts(store):
    return [(fact.kind, fact.subject) for fact in store.facts.after(0, 100)]


def test_a_merge_takes_two_principals_and_is_noted(people):
    store = people
    proposed = store.identity.propose(link())
    assert proposed.state == "proposed"
    assert store.records.persona("p1").merged_into is None
    with pytest.raises(NotPossible, match="somebody else"):
        store.identity.decide("l1", CLERK, "confirmed", "I say so.")
    confirmed = store.identity.decide("l1", CHIEF, "confirmed", "Seen.")
    assert (confirmed.state, confirmed.decided_by) == ("confirmed", CHIEF)
    assert store.identity.link("l1") == confirmed
    assert store.records.persona("p1").merged_into == "p2"
    assert store.records.persona("p2").identifiers == (WORK, HOME)
    assert store.records.personas_of([WORK]) == {WORK: "p2"}
    assert [one.id for one in store.records.personas(None, 10)] == ["p2", "p3"]
    assert facts(store) == [("merged", "p1")]
    acts = [(event.act.action, event.act.principal) for event in store.audit.page(None, 10)]
    assert acts == [("identity.confirm", CHIEF), ("identity.propose", CLERK)]
    waiting = store.projections.rework(1)
    assert (waiting.kind, waiting.subject) == ("persona", "p1")
    with pytest.raises(NotPossible, match="confirmed already"):
        store.identity.decide("l1", CHIEF, "refused", "No.")


def test_a_refused_link_changes_nothing(people):
    people.identity.propose(link())
    people.identity.decide("l1", CHIEF, "refused", "Another Li Na.")
    assert people.records.persona("p1").merged_into is None
    assert facts(people) == []
    assert people.identity.history("p1") == []


def test_what_does_not_fit_is_not_proposed(people):
    for wrong in (
        link(other="p1"),
        link(other="nobody"),
        link(kind="undo", undoes="none"),
        link(kind="transfer", identifier="mbox:mailto:unknown@work.cn", since=5),
        link(kind="transfer"),
    ):
        with pytest.raises(NotPossible):
            people.identity.propose(wrong)
    assert people.identity.links(None, 10) == []
    assert people.identity.decide("none", CHIEF, "confirmed", "?") is None


def test_a_link_that_fits_no_longer_is_not_confirmed(people):
    people.identity.propose(link())
    people.identity.propose(link(persona="p1", other="p3", id="l2"))
    people.identity.decide("l2", CHIEF, "confirmed", "Seen.")
    with pytest.raises(NotPossible, match="merged into 'p3'"):
        people.identity.decide("l1", CHIEF, "confirmed", "Seen.")
    assert people.records.persona("p1").merged_into == "p3"


def test_a_merge_is_undone_with_all_that_was_merged_before(people):
    store = people
    confirm(store, link(persona="p1", other="p2"))
    confirm(store, link(persona="p2", other="p3", id="l2"))
    assert store.records.personas_of([WORK, HOME]) == {WORK: "p3", HOME: "p3"}
    confirm(store, link(kind="undo", undoes="l2", id="l3"))
    assert store.records.personas_of([WORK, HOME]) == {WORK: "p2", HOME: "p2"}
    assert store.records.persona("p3").identifiers == ("openid:http://wang.example",)
    confirm(store, link(kind="undo", undoes="l1", id="l4"))
    assert store.records.personas_of([WORK, HOME]) == {WORK: "p1", HOME: "p2"}
    assert facts(store) == [
        ("merged", "p1"),
        ("merged", "p2"),
        ("unmerged", "p2"),
        ("unmerged", "p1"),
    ]
    history = {one.id: one for one in store.identity.history("p2")}
    assert set(history) == {"l1", "l2", "l3", "l4"}
    assert history["l1"].undone_at == history["l4"].decided_at
    with pytest.raises(NotPossible, match="in force"):
        store.identity.propose(link(kind="undo", undoes="l1", id="l5"))


def at_once(*works):
    """What each of the works gives, or raises, done at the same time."""
    with ThreadPoolExecutor(len(works)) as pool:
        waiting = [pool.submit(work) for work in works]
    return [one.exception() or one.result() for one in waiting]


def test_of_two_merges_that_contradict_each_other_one_is_made(people):
    people.identity.propose(link(persona="p1", other="p2"))
    people.identity.propose(link(persona="p2", other="p1", id="l2"))
    came = at_once(
        *(
            lambda one=one: people.identity.decide(one, CHIEF, "confirmed", "Seen.")
            for one in ("l1", "l2")
        )
    )
    assert sorted(type(one).__name__ for one in came) == ["IdentityLink", "NotPossible"]
    assert len(people.records.personas(None, 10)) == people.figures.total("persona") == 2


def test_an_identifier_changes_hands_at_a_time_and_back(people):
    store = people
    confirmed = confirm(store, link(kind="transfer", identifier=WORK, since=1_000, other=None))
    heir = confirmed.other
    before, after = store.projections.holdings([WORK])[WORK]
    assert (before.persona, after.since, after.persona) == ("p1", 1_000, heir)
    assert store.records.personas_of([WORK]) == {WORK: heir}
    assert facts(store) == [("transferred", "p1")]
    confirm(store, link(kind="undo", undoes="l1", id="l2"))
    assert store.records.personas_of([WORK]) == {WORK: "p1"}


def listed(store, identifiers, organisations=(), person="7", name="李娜"):
    return store.identity.link_by_roster(
        "hr", person, identifiers=identifiers, name=name, organisations=organisations
    )


def test_an_address_of_several_persons_links_nobody(people):
    office = "mbox:mailto:office@work.cn"
    assert listed(people, [WORK, office], person="1")
    assert listed(people, [HOME, office], person="2") == []
    assert people.records.persona("p2").identifiers == (HOME,)


def test_an_address_that_two_persons_get_at_once_links_one_of_them(people):
    office = "mbox:mailto:office@work.cn"
    came = at_once(
        lambda: listed(people, [WORK, office], person="1"),
        lambda: listed(people, [HOME, office], person="2"),
    )
    assert sorted(len(made) for made in came) == [0, 1]


def test_a_roster_links_what_it_lists_as_one_persons(people):
    store = people
    new = "account:https://hr.work.cn|007"
    (made,) = listed(store, [new, WORK, new], [("work", "某公司")])
    root = made.other
    assert made.proposed_by == made.decided_by == "roster:hr"
    assert store.records.personas_of([new, WORK]) == {new: root, WORK: root}
    assert store.records.persona(root).name == "李娜"
    assert listed(store, [new, WORK], [("work", "某公司")]) == []
    assert store.identity.employers(root) == [("work", "某公司")]
    listed(store, [])
    assert store.identity.employers(root) == []
    assert store.identity.rosters_followed() == 0
    store.identity.follow_rosters(7)
    store.identity.follow_rosters(5)
    assert store.identity.rosters_followed() == 7


def test_what_people_took_back_a_roster_does_not_do_again(people):
    store = people
    (made,) = listed(store, [WORK, HOME])
    confirm(store, link(kind="undo", undoes=made.id))
    assert listed(store, [WORK, HOME]) == []
    assert store.records.personas_of([WORK, HOME]) == {WORK: "p1", HOME: "p2"}


def test_one_name_and_employer_are_a_suggestion_and_no_more(people):
    store = people
    for identifier, name in (
        (WORK, "李娜"),
        (HOME, "李娜"),
        ("openid:http://wang.example", "王芳"),
    ):
        listed(store, [identifier], [("work", "某公司")], identifier, name)
    (suggested,) = store.identity.suggestions(None, 10)
    assert {suggested.persona, suggested.other} == {"p1", "p2"}
    assert (suggested.name, suggested.organisation_name) == ("李娜", "某公司")
    assert store.records.persona("p1").merged_into is None
    place = (suggested.organisation, suggested.name, suggested.persona, suggested.other)
    assert store.identity.suggestions(place, 10) == []
    store.identity.propose(link())
    assert store.identity.suggestions(None, 10) == []


def test_suggestions_are_paged_by_employer_name_and_both_personas(store):
    names = ("李娜", "王芳")
    people = [(f"{n}", name, [("a", "甲"), ("b", "乙")]) for n in range(3) for name in names]
    for person, name, organisations in people:
        listed(store, [f"account:{name}|{person}"], organisations, name + person, name)
    whole = store.identity.suggestions(None, 100)
    seen, after = [], None
    while page := store.identity.suggestions(after, 5):
        seen += page
        after = (page[-1].organisation, page[-1].name, page[-1].persona, page[-1].other)
    assert seen == whole
    places = [(one.organisation, one.name, one.persona, one.other) for one in whole]
    assert places == sorted(places)
    assert len(set(places)) == 12


def test_links_are_paged_from_the_latest(people):
    for number in range(5):
        people.identity.propose(link(id=f"l{number}"))
    seen, after = [], None
    while page := people.identity.links(after, 2, "proposed"):
        seen += [one.id for one in page]
        after = (page[-1].proposed_at, page[-1].id)
    assert seen == ["l4", "l3", "l2", "l1", "l0"]
    assert people.identity.links(None, 10, "confirmed") == []
