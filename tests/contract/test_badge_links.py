"""What every store of links to hosts of Open Badges must do."""

from msgspec.structs import replace

from schemas.audit import Act
from schemas.badge_links import BadgeLink
from tests.contract.racing import each_at_once
from tests.contract.test_achievements import achievement, settle

ACT = Act(principal="person:1", action="badge-link.ask", subject="l1", persona="p1")


def link(number=1, persona="p1"):
    return BadgeLink(
        id=f"l{number}",
        persona=persona,
        host="https://host",
        language="en",
        state="asked",
        asked_by="person:1",
        asked_at=number,
    )


def ask(store, number=1, persona="p1"):
    store.badge_links.ask(link(number, persona), b"state %d" % number, b"verifier", ACT)


def waiting(store):
    return sorted((one.destination, one.subject) for one in store.outbox.items(None, 100))


def fan_out(store):
    while store.badge_links.fan_out(2):
        pass


def test_the_first_account_at_a_host_stands(store):
    assert store.badge_links.account("https://host") is None
    accounts = [b"one", b"two", b"three"]
    kept = each_at_once(
        lambda sealed: store.badge_links.keep_account("https://host", sealed), accounts
    )
    assert set(kept) == {store.badge_links.account("https://host")}


def test_a_state_is_answered_once(store):
    ask(store)
    ask(store, 2)
    answers = each_at_once(lambda _: store.badge_links.answered(b"state 1"), range(3))
    assert [one for one in answers if one] == [(link(), b"verifier")]
    assert store.badge_links.answered(b"state 9") is None
    assert [one.id for one in store.badge_links.of_persona("p1")] == ["l2", "l1"]
    assert len(store.audit.page(None, 10)) == 2


def test_what_was_achieved_and_what_is_later_are_brought_once(store):
    settle(store, achievement(state="verified"), achievement("U2"))
    settle(store, achievement("U1", "p2", state="verified"))
    ask(store)
    assert store.badge_links.secret("l1") is None
    store.badge_links.agree("l1", b"tokens", ACT)
    assert store.badge_links.secret("l1") == b"tokens"
    assert waiting(store) == [("host:l1", "a-U1-p1")]
    fan_out(store)
    assert waiting(store) == [("host:l1", "a-U1-p1")]
    settle(store, achievement("U2", state="verified"), achievement("U2", "p2", state="verified"))
    each_at_once(lambda _: fan_out(store), range(3))
    assert waiting(store) == [("host:l1", "a-U1-p1"), ("host:l1", "a-U2-p1")]
    assert {one.kind for one in store.outbox.lease(10, 60)} == {"present"}


def test_what_is_verified_as_the_learner_agrees_is_brought(store):
    for number in range(1, 4):
        ask(store, number, f"p{number}")
        verified = achievement(persona=f"p{number}", state="verified")
        steps = [
            lambda number=number: store.badge_links.agree(f"l{number}", b"tokens", ACT),
            lambda verified=verified: (settle(store, verified), fan_out(store)),
        ]
        each_at_once(lambda step: step(), steps)
    fan_out(store)
    assert waiting(store) == [(f"host:l{number}", f"a-U1-p{number}") for number in (1, 2, 3)]


def test_a_link_that_ended_brings_nothing(store):
    settle(store, achievement(state="verified"))
    ask(store)
    store.badge_links.agree("l1", b"tokens", ACT)
    store.badge_links.set_secret("l1", b"others")
    assert store.badge_links.secret("l1") == b"others"
    assert store.badge_links.end("l1", "the learner left", ACT)
    assert not store.badge_links.end("l1", "again", ACT)
    assert store.badge_links.link("l1") == replace(link(), state="ended", reason="the learner left")
    assert store.badge_links.link("l9") is None
    assert store.badge_links.secret("l1") is None
    settle(store, achievement("U2", state="verified"))
    fan_out(store)
    assert waiting(store) == []
    assert len(store.audit.page(None, 10)) == 3
