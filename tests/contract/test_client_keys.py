"""The keys that we sign in with: published before they sign, and after."""

import pytest

from tests.contract.racing import at_once


@pytest.fixture
def clock(store, monkeypatch):
    """Let the store read its keys as so many seconds later."""

    def later(seconds):
        now = store.now() + int(seconds * 1e6)
        monkeypatch.setattr(store.database, "now", lambda: now)

    return later


def test_the_first_key_stays_and_of_those_who_make_it_at_once_all_have_the_same(store):
    assert store.client_keys.signing() is None
    first = at_once(lambda n: store.client_keys.first(f"kid {n}", b"key %d" % n), 4)
    assert len(set(first)) == 1
    assert store.client_keys.published() == [first[0]]
    assert store.client_keys.first("another", b"another") == first[0]


def test_a_key_is_published_before_it_signs_and_the_one_before_it_after(store, clock):
    store.client_keys.first("1", b"one")
    store.client_keys.add("2", b"two", 60, 60)
    assert store.client_keys.signing() == b"one"
    assert store.client_keys.published() == [b"one", b"two"]
    clock(61)
    assert store.client_keys.signing() == b"two"
    assert store.client_keys.published() == [b"one", b"two"]
    clock(61)
    assert store.client_keys.published() == [b"two"]


def test_a_key_that_is_over_is_forgotten_by_the_next_and_never_published_longer(store):
    store.client_keys.first("1", b"one")
    store.client_keys.add("2", b"two", 0, 0)
    assert store.client_keys.published() == [b"two"]
    store.client_keys.add("3", b"three", 60, 0)
    store.client_keys.add("4", b"four", 600, 600)
    assert store.client_keys.published() == [b"two", b"three", b"four"]
    store.client_keys.add("1", b"one again", 0, 0)
    assert store.client_keys.signing() == b"one again"


def test_the_only_key_of_an_earlier_version_is_taken_over(store):
    store.settings.keep("client_key", b"old")
    assert store.client_keys.first("kid", b"new") == b"old"
