import pytest
from msgspec.structs import replace

from lrs.store.people import NameTaken
from schemas.audit import Act
from schemas.people import Person
from tests.contract.racing import at_once

ACT = Act(principal="test", action="tested", subject="it")
HOUR = 3_600_000_000


def person(name, **rest):
    return Person(id=f"id-{name}", name=name, display_name=name, roles=("reader",), **rest)


def test_people_are_found_by_every_way_and_in_order(store):
    for name in ("c", "a", "b"):
        assert store.people.add(person(name, subject=f"idp|{name}"), ACT).created > 0
    assert [one.name for one in store.people.page(None, 2)] == ["a", "b"]
    assert [one.name for one in store.people.page("b", 2)] == ["c"]
    assert store.people.with_subject("idp|b") == store.people.person("id-b")
    assert store.people.account("a").person == store.people.account_of("id-a").person
    assert store.people.account("nobody") is store.people.person("nobody") is None


@pytest.mark.parametrize("rest", [{"name": "a"}, {"name": "b", "subject": "idp|a"}])
def test_a_name_and_a_subject_are_one_persons(store, rest):
    store.people.add(person("a", subject="idp|a"), ACT)
    with pytest.raises(NameTaken):
        store.people.add(person(**{**rest}), ACT)
    assert len(store.audit.page(None, 10)) == 1


def test_a_change_that_is_refused_changes_nothing(store):
    store.people.add(person("a"), ACT)

    def refuse(one):
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        store.people.change("id-a", refuse, ACT)
    assert store.people.change("nobody", refuse, ACT) is None
    assert len(store.audit.page(None, 10)) == 1


def test_a_link_works_once_the_latest_only_and_not_for_the_disabled(store):
    store.people.add(person("a"), ACT)
    later = store.database.now() + HOUR
    store.people.add_link("id-a", b"first", later, ACT)
    store.people.add_link("id-a", b"second", later, ACT)
    assert store.people.of_link(b"first") is None
    assert store.people.of_link(b"second").id == "id-a"
    assert store.people.use_link(b"second", "hash", ACT)
    assert not store.people.use_link(b"second", "hash", ACT)
    assert store.people.account("a").password == "hash"
    store.people.add_link("id-a", b"old", store.database.now() - 1, ACT)
    assert store.people.of_link(b"old") is None
    assert not store.people.use_link(b"old", "hash", ACT)


def test_a_code_and_a_recovery_code_are_used_once(store):
    store.people.add(person("a"), ACT)
    store.people.set_second_factor("id-a", b"sealed", [b"one", b"two"], ACT)
    assert [store.people.use_totp("id-a", step) for step in (5, 5, 4, 6)] == [
        True,
        False,
        False,
        True,
    ]
    used = [store.people.use_recovery_code("id-a", one, ACT) for one in (b"one", b"one", b"x")]
    assert used == [True, False, False]
    store.people.set_second_factor("id-a", None, (), ACT)
    assert not store.people.use_recovery_code("id-a", b"two", ACT)


def test_a_name_is_waited_for_longer_with_each_failure_until_it_is_forgiven(store):
    assert [store.people.attempt("a") for _ in range(5)] == [None] * 5
    until = store.people.attempt("a")
    assert 0 < until - store.now() <= 15_000_000
    assert store.people.attempt("a") == until
    assert store.people.attempt("b") is None
    store.people.forgive("a")
    assert store.people.attempt("a") is None


def test_of_those_who_attempt_at_once_no_more_get_through_than_one_after_the_other(store):
    assert at_once(lambda n: store.people.attempt("a"), 8).count(None) == 5


def test_of_those_who_take_a_name_at_once_one_gets_it(store):
    def take(n):
        try:
            return store.people.add(replace(person("a"), id=f"id-{n}"), ACT).id
        except NameTaken:
            return None

    (winner,) = set(at_once(take, 4)) - {None}
    assert store.people.account("a").person.id == winner
    assert len(store.audit.page(None, 10)) == 1


def test_what_works_once_works_for_one_of_those_who_use_it_at_once(store):
    store.people.add(person("a"), ACT)
    store.people.set_second_factor("id-a", b"sealed", [b"one"], ACT)
    store.people.add_link("id-a", b"link", store.now() + HOUR, ACT)
    for use in (
        lambda n: store.people.use_totp("id-a", 7),
        lambda n: store.people.use_recovery_code("id-a", b"one", ACT),
        lambda n: store.people.use_link(b"link", f"hash {n}", ACT),
    ):
        assert at_once(use, 4).count(True) == 1


def test_of_links_that_are_added_at_once_one_works(store):
    store.people.add(person("a"), ACT)
    later = store.now() + HOUR
    at_once(lambda n: store.people.add_link("id-a", b"%d" % n, later, ACT), 4)
    assert sum(store.people.of_link(b"%d" % n) is not None for n in range(4)) == 1


def test_another_password_and_a_person_who_is_disabled_leave_no_session_or_link(store):
    def lost():
        return (
            store.sessions.of("person:id-a") == []
            and store.people.of_link(b"link") is None
            and [one.hash for one in store.sessions.of("person:id-b")] == [b"2"]
        )

    for name, token in (("a", b"1"), ("b", b"2")):
        store.people.add(person(name), ACT)
        store.sessions.start(token, f"person:id-{name}", ACT)
    store.people.add_link("id-a", b"link", store.now() + HOUR, ACT)
    store.people.set_password("id-a", "hash", ACT)
    assert lost()
    store.sessions.start(b"3", "person:id-a", ACT)
    store.people.add_link("id-a", b"link", store.now() + HOUR, ACT)
    store.people.change("id-a", lambda one: replace(one, disabled=1), ACT)
    assert lost()
