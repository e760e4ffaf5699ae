from datetime import UTC, datetime

import pytest

from lrs.store.achievements import DueEvaluation, Evaluation, NewClaim
from lrs.store.exchange import KnownReceiver
from schemas.achievements import Achievement
from schemas.claims import ClaimLearner, ClaimPayload, ClaimUnit, Receipt

T = datetime(2026, 3, 28, tzinfo=UTC)
BANK = KnownReceiver(
    name="bank",
    adapter="credit_bank",
    url="http://127.0.0.1:9090",
    client_id="us",
    institution="国家开放大学",
)
DUE = DueEvaluation("p1", "U1", 0)


def achievement(state="verified", version=1):
    return Achievement(
        id=f"a{version}",
        persona="p1",
        unit="U1",
        version=version,
        state=state,
        achieved_at=T,
        evidence={"s1": "0" * 64},
        evidence_hash="1" * 64,
    )


def claim(outer_id="c1"):
    payload = ClaimPayload(
        outer_id=outer_id,
        kind="training",
        learner=ClaimLearner(name="李娜", identifier="mbox:mailto:a@b.cn"),
        unit=ClaimUnit(
            code="U1",
            version=1,
            title={"en": "Unit"},
            field="safety",
            level=4,
            credits=2,
            hours=32,
            awarding_body="us",
        ),
        institution="us",
        achieved_at=T,
        evidence_hash="1" * 64,
    )
    return NewClaim(achievement="a1", receiver="bank", payload=payload)


def receipt(decision="accepted"):
    return Receipt(
        outer_id="c1",
        bank_id="B-1",
        decision=decision,
        claim_hash="2" * 64,
        issuer=BANK.url,
        issued_at=T,
        jws="a.b.c",
    )


@pytest.fixture
def queued(store):
    store.exchange.put_receiver(BANK)
    store.achievements.settle([Evaluation(due=DUE, achievement=achievement(), claims=[claim()])])
    return store


def states(store):
    return {one.id: one.state for one in store.exchange.claims(None, 10)}


def test_a_receiver_is_kept_and_changed(store):
    store.exchange.put_receiver(BANK)
    assert store.exchange.receivers() == {"bank": BANK}


def test_a_claim_comes_with_its_achievement_once(queued):
    queued.achievements.settle(
        [Evaluation(due=DUE, achievement=achievement(), claims=[claim(), claim("c2")])]
    )
    assert states(queued) == {"c1": "queued"}
    assert queued.achievements.achievement("a1") == achievement()
    assert queued.achievements.of_unit("p1", "U1") == [achievement()]
    assert [found for _, found in queued.achievements.page(None, 10, "p1")] == [achievement()]


def test_what_is_leased_is_left_alone_until_the_lease_ends(queued):
    (delivery,) = queued.exchange.lease(10, 60)
    assert (delivery.claim, delivery.payload, delivery.attempts) == ("c1", claim().payload, 0)
    assert states(queued) == {"c1": "sent"}
    assert queued.exchange.lease(10, 60) == []


def test_a_lease_that_ended_is_given_to_another(queued):
    queued.exchange.lease(10, 0)
    assert len(queued.exchange.lease(10, 60)) == 1


@pytest.mark.parametrize("decision", ["accepted", "rejected"])
def test_a_receipt_settles_the_claim(queued, decision):
    (delivery,) = queued.exchange.lease(10, 60)
    queued.exchange.settle(delivery, receipt(decision))
    (kept,) = queued.exchange.claims(None, 10, "p1")
    assert (kept.state, kept.receipt) == (decision, receipt(decision))
    assert queued.exchange.claim("c1") == kept
    assert queued.exchange.lease(10, 0) == []


def test_a_postponed_delivery_is_not_due_and_remembers_its_attempts(queued):
    (delivery,) = queued.exchange.lease(10, 60)
    queued.exchange.postpone(delivery, 60, "the bank is away")
    assert queued.exchange.lease(10, 60) == []
    queued.exchange.postpone(delivery, 0, "the bank is away")
    assert queued.exchange.lease(10, 60)[0].attempts == 2


def test_a_parked_delivery_waits_for_a_person(queued):
    (delivery,) = queued.exchange.lease(10, 60)
    queued.exchange.park(delivery, "no such unit at the bank")
    assert queued.exchange.lease(10, 0) == []
    assert queued.exchange.claim("c1").reason == "no such unit at the bank"


def test_a_revoked_achievement_withdraws_only_what_no_receiver_has_seen(queued):
    queued.achievements.settle([Evaluation(due=DUE, achievement=achievement("revoked"))])
    assert states(queued) == {"c1": "withdrawn"}
    assert queued.exchange.lease(10, 0) == []


def test_a_claim_that_was_sent_is_not_withdrawn(queued):
    queued.exchange.lease(10, 0)
    queued.achievements.settle([Evaluation(due=DUE, achievement=achievement("revoked"))])
    assert states(queued) == {"c1": "sent"}


def test_a_mark_set_during_an_evaluation_outlives_it(queued):
    queued.achievements.mark_achieved()
    (seen,) = queued.achievements.due(10)
    queued.achievements.mark_achieved()
    queued.achievements.settle([Evaluation(due=seen)])
    (later,) = queued.achievements.due(10)
    queued.achievements.settle([Evaluation(due=later)])
    assert queued.achievements.due(10) == []


def test_an_evaluation_for_later_is_not_due_before(queued):
    queued.achievements.mark_achieved()
    (seen,) = queued.achievements.due(10)
    queued.achievements.settle([Evaluation(due=seen, again_at=seen.marked + 3_600_000_000)])
    assert queued.achievements.due(10) == []
    queued.achievements.mark_achieved()
    assert len(queued.achievements.due(10)) == 1
