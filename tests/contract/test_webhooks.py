"""What every store of webhooks must do."""

import json

from msgspec.structs import replace

from lrs.store.outbox import WEBHOOK
from schemas.audit import Act
from schemas.organisations import Organisation
from schemas.webhooks import Webhook
from tests.contract.racing import each_at_once
from tests.contract.test_achievements import achievement, settle
from tests.contract.test_exchange import BANK, verify_again
from tests.contract.test_organisations import consent, employ

ACT = Act(principal="person:1", action="webhook.add", subject="w1")


def webhook(number=1, **more):
    return Webhook(
        **{"id": f"w{number}", "url": "https://a", "kinds": ("verified",), "created": 1, **more}
    )


def verify(store, *personas):
    settle(store, *(achievement(persona=one, state="verified") for one in personas))


def told(store):
    """What is in the outbox, as pairs of the webhook and what it is told of."""
    items = store.outbox.items(None, 1000)
    return sorted((one.destination.removeprefix(WEBHOOK), one.subject) for one in items)


def fan_out(store, limit=10):
    while store.webhooks.fan_out(limit):
        pass


def test_subscriptions_are_kept_and_paged(store):
    for number in (1, 2, 3):
        organisation = "corp" if number == 2 else None
        store.webhooks.add(webhook(number, organisation=organisation), b"sealed", ACT)
    assert store.webhooks.webhook("w1") == webhook()
    assert store.webhooks.webhook("w9") is None
    assert [one.id for one in store.webhooks.page(None, 2)] == ["w1", "w2"]
    assert [one.id for one in store.webhooks.page("w2", 2)] == ["w3"]
    assert [one.id for one in store.webhooks.page(None, 9, "corp")] == ["w2"]
    assert store.webhooks.secrets("w1") == b"sealed"
    store.webhooks.set_secrets("w1", b"other", ACT)
    assert store.webhooks.secrets("w1") == b"other"
    assert len(store.audit.page(None, 10)) == 4


def test_each_is_told_of_what_it_asked_for_since_it_did(store):
    verify(store, "p0")
    store.webhooks.add(webhook(1), b"", ACT)
    store.webhooks.add(webhook(2, kinds=("revoked",)), b"", ACT)
    assert not store.webhooks.fan_out(10)
    verify(store, "p1", "p2")
    settle(store, achievement(persona="p1", state="revoked"))
    fan_out(store)
    assert told(store) == [("w1", "a-U1-p1"), ("w1", "a-U1-p2"), ("w2", "a-U1-p1")]
    delivery = next(one for one in store.outbox.lease(9, 60) if one.destination == "webhook:w2")
    assert json.loads(delivery.body)["type"] == "revoked"
    assert store.outbox.delivered(delivery)


def test_facts_are_told_in_pieces_each_once(store):
    store.webhooks.add(webhook(), b"", ACT)
    verify(store, *(f"p{number}" for number in range(7)))
    assert store.webhooks.fan_out(3)
    assert len(told(store)) == 3
    fan_out(store, 3)
    assert told(store) == [("w1", f"a-U1-p{number}") for number in range(7)]


def test_who_fans_out_at_once_tells_each_fact_once(store):
    store.webhooks.add(webhook(), b"", ACT)
    verify(store, *(f"p{number}" for number in range(7)))
    each_at_once(lambda _: fan_out(store, 3), range(4))
    assert told(store) == [("w1", f"a-U1-p{number}") for number in range(7)]


def test_who_is_gone_or_removed_is_told_nothing_more(store):
    store.webhooks.add(webhook(1), b"", ACT)
    store.webhooks.add(webhook(2), b"", ACT)
    verify(store, "p1")
    fan_out(store)
    store.webhooks.end("w1")
    assert store.webhooks.webhook("w1") == replace(webhook(1), active=False)
    assert store.webhooks.remove("w2", ACT)
    assert not store.webhooks.remove("w2", ACT)
    assert told(store) == []
    verify(store, "p2")
    assert not store.webhooks.fan_out(10)
    assert store.outbox.lease(10, 60) == []


def test_an_organisation_is_told_of_achievements_of_those_alone_whom_it_sees(store):
    for name in ("acme", "other"):
        store.organisations.put(Organisation(id=name, kind="enterprise", name=name), ACT)
    for persona in ("li", "wang", "zhao"):
        employ(store, persona)
    consent(store, "li")
    consent(store, "wang")
    assert store.organisations.withdraw("acme", "wang", ACT)
    kinds = ("verified", "claimed")
    store.webhooks.add(webhook(1, kinds=kinds, organisation="acme"), b"", ACT)
    store.webhooks.add(webhook(2, kinds=kinds, organisation="other"), b"", ACT)
    store.exchange.put_receiver(BANK)
    verify_again(store)
    verify(store, "li", "wang", "zhao")
    fan_out(store)
    assert [one for one in told(store) if one[0] != "bank"] == [("w1", "a-U1-li")]
