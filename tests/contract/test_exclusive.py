"""What must be decided once is, whoever else does the same at the same time."""

from msgspec.structs import replace

from lrs.store.achievements import Evaluation, NewClaim
from tests.contract.racing import each_at_once
from tests.contract.test_achievements import achievement, ruling, settle
from tests.contract.test_exchange import (
    BANK,
    DUE,
    accept,
    claim,
    look_up,
    receipt,
    revoke,
    states,
    verify_again,
)
from tests.contract.test_exchange import achievement as claimable
from tests.contract.test_ledger import growth


def put(store, number):
    """Have an achievement verified and claimed."""
    verified = achievement(persona=f"p{number}", state="verified")
    payload = replace(claim().payload, outer_id=f"c{number}")
    wanted = NewClaim(achievement=verified.id, receiver="bank", payload=payload)
    settle(store, verified, claims=[wanted])


def test_each_delivery_is_leased_to_one_worker(store, second_store):
    store.exchange.put_receiver(BANK)
    for number in range(12):
        put(store, number)

    def lease_all(worker):
        leased = []
        while taken := worker.outbox.lease(3, 60):
            leased += taken
        return leased

    leased = each_at_once(lease_all, [store, second_store] * 4)
    subjects = [one.subject for some in leased for one in some]
    assert sorted(subjects) == sorted(f"c{number}" for number in range(12))
    assert {one.state for one in store.exchange.claims(None, 20)} == {"sent"}
    assert store.figures.counts("claim") == {"sent": 12}


def test_of_two_who_settle_the_same_delivery_one_does(store, second_store):
    store.exchange.put_receiver(BANK)
    verify_again(store)
    (delivery,) = store.outbox.lease(10, 60)
    ends = [
        lambda: store.outbox.settle(delivery, receipt()),
        lambda: second_store.outbox.postpone(delivery, 60, "no answer"),
        lambda: second_store.outbox.park(delivery, "no such unit"),
    ]
    assert sorted(each_at_once(lambda end: end(), ends)) == [False, False, True]


def test_of_two_officers_one_decides(store, second_store):
    seen = achievement()
    settle(store, seen)
    rulings = [
        (store, ruling(seen, state="verified")),
        (second_store, ruling(seen, state="refused", reason="no")),
        (store, ruling(seen, asked=True)),
    ]
    decided = each_at_once(lambda one: one[0].achievements.rule_on(one[1]), rulings)
    assert sorted(decided) == [False, False, True]
    becomes = rulings[decided.index(True)][1].becomes
    assert store.achievements.achievement(seen.id) == becomes
    assert len(store.achievements.decisions(seen.id)) == len(store.audit.page(None, 10)) == 1


def test_two_processes_claim_an_achievement_once(store, second_store):
    store.exchange.put_receiver(BANK)

    def settle_claim(one):
        process, name = one
        evaluation = Evaluation(due=DUE, achievement=claimable(), claims=[claim(name)])
        process.achievements.settle([evaluation])

    each_at_once(settle_claim, [(store, "c1"), (second_store, "c1"), (store, "c2")])
    assert list(states(store).values()) == ["queued"]
    assert len(store.outbox.items(None, 10)) == 1
    assert [fact.kind for fact in store.facts.about(*states(store))] == ["claimed"]


def test_what_is_revoked_as_it_is_claimed_is_not_claimed(store, second_store):
    store.exchange.put_receiver(BANK)
    for _ in range(4):
        store.achievements.settle([Evaluation(due=DUE, achievement=claimable())])
        each_at_once(
            lambda step: step(), [lambda: verify_again(store), lambda: revoke(second_store)]
        )
        verified = store.achievements.achievement("a1").state == "verified"
        assert verified == ("queued" in states(store).values())
        assert verified == (len(store.outbox.items(None, 10)) == 1)
        revoke(store)


def test_what_stands_again_as_it_is_withdrawn_is_claimed_anew(store, second_store):
    store.exchange.put_receiver(BANK)
    verify_again(store)
    accept(store)
    revoke(store)
    (withdrawal,) = store.outbox.lease(10, 60)
    steps = [
        lambda: store.outbox.settle(withdrawal, receipt("withdrawn")),
        lambda: verify_again(second_store),
    ]
    each_at_once(lambda step: step(), steps)
    if store.achievements.due(10):
        verify_again(store)
    assert states(store) == {"c1": "withdrawn", "c1.1": "queued"}


def test_a_learner_is_looked_up_once_for_all_that_waits_for_it(store, second_store):
    look_up(store)
    for item in store.outbox.lease(10, 60):
        assert store.outbox.delivered(item)
    second = achievement("U2", state="verified")
    wanted = NewClaim(achievement=second.id, receiver="bank", payload=claim("c2").payload)
    steps = [lambda: verify_again(store), lambda: settle(second_store, second, claims=[wanted])]
    each_at_once(lambda step: step(), steps)
    assert [one.kind for one in store.outbox.items(None, 10)] == ["lookup"]


def test_of_two_who_append_to_the_ledger_one_does(store, second_store):
    growths = [(store, growth(0, 3)), (second_store, growth(0, 2)), (store, growth(0, 1))]
    appended = each_at_once(lambda one: one[0].ledger.append(one[1]), growths)
    assert sorted(appended) == [False, False, True]
    grown = growths[appended.index(True)][1]
    assert store.ledger.place()[0] == len(grown.leaves)
    assert store.ledger.checkpoint().note == grown.note
    assert store.ledger.tile(0, 0) == grown.tiles[0, 0]
