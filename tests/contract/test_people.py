import pytest

from lrs.store.people import NameTaken
from schemas.audit import Act
from schemas.people import Person

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


def test_a_session_is_found_until_it_ends(store):
    for hashed, principal in ((b"1", "person:a"), (b"2", "person:a"), (b"3", "person:b")):
        store.sessions.start(hashed, principal, ACT)
    assert store.sessions.find(b"1", idle=HOUR, life=HOUR).principal == "person:a"
    assert store.sessions.find(b"1", idle=0, life=HOUR) is None
    assert store.sessions.find(b"1", idle=HOUR, life=0) is None
    assert [one.hash for one in store.sessions.of("person:a")] == [b"2", b"1"]
    store.sessions.end(b"1", ACT)
    assert store.sessions.find(b"1", idle=HOUR, life=HOUR) is None
    assert store.sessions.end_all("person:a", ACT) == 1
    assert store.sessions.find(b"3", idle=HOUR, life=HOUR) is not None
