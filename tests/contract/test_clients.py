import time

from msgspec.structs import replace

from schemas.audit import Act
from schemas.clients import Client
from tests.contract.racing import at_once

ACT = Act(principal="test", action="tested", subject="it")


def client(name):
    return Client(id=name, name=name, method="client_secret_basic", scopes=("all/read",))


def test_clients_are_found_and_listed_in_order_and_an_id_is_taken_once(store):
    assert all(store.clients.add(client(name), b"hash", ACT) for name in ("c", "a", "b"))
    assert not store.clients.add(client("a"), b"other", ACT)
    assert [one.id for one in store.clients.page("a", 1)] == ["b"]
    assert store.clients.secret_hash("a") == b"hash"
    store.clients.set_secret("a", b"other", ACT)
    assert store.clients.secret_hash("a") == b"other"
    changed = store.clients.change("a", lambda one: replace(one, name="A"), ACT)
    assert store.clients.client("a") == changed
    assert store.clients.change("x", lambda one: one, ACT) is store.clients.client("x") is None


def test_an_assertion_is_used_once_by_each_client_and_forgotten_when_it_is_over(store):
    now = int(time.time())

    def use(client, now):
        return store.clients.use_assertion(client, "1", now + 60, now)

    assert [use("a", now), use("a", now), use("b", now)] == [True, False, True]
    assert not use("a", now + 60)
    assert use("a", now + 61)


def test_of_those_who_use_an_assertion_at_once_one_does(store):
    now = int(time.time())
    used = at_once(lambda n: store.clients.use_assertion("a", "1", now + 60, now), 4)
    assert used.count(True) == 1


def test_a_revoked_token_is_remembered(store):
    store.clients.revoke_token("x", int(time.time()) + 60, ACT)
    store.clients.revoke_token("x", int(time.time()) + 60, ACT)
    assert store.clients.is_revoked("x")
    assert not store.clients.is_revoked("y")


def test_of_several_processes_that_would_renew_the_key_one_does(store):
    (first,) = {
        key.created: key
        for keys in at_once(lambda n: store.clients.add_signing_key(b"1", 0, 0), 4)
        for key in keys
    }.values()
    assert store.clients.add_signing_key(b"2", 0, 0) == [first]
    second, kept = store.clients.add_signing_key(b"2", first.created, 0)
    assert (second.sealed, kept) == (b"2", first)
    third = store.clients.add_signing_key(b"3", second.created, second.created + 1)
    assert [one.sealed for one in third] == [b"3", b"2"]
