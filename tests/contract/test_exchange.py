from datetime import UTC, datetime

import msgspec
import pytest

from lrs.store.achievements import DueEvaluation, Evaluation, NewClaim
from lrs.store.circuit import TOLERATED
from lrs.store.exchange import KnownReceiver
from schemas.achievements import Achievement
from schemas.audit import Act
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
    (delivery,) = queued.outbox.lease(10, 60)
    assert (delivery.subject, delivery.claim, delivery.attempts) == ("c1", claim().payload, 0)
    assert (delivery.kind, delivery.destination) == ("submit", "bank")
    assert states(queued) == {"c1": "sent"}
    assert queued.outbox.lease(10, 60) == []


def test_a_lease_that_ended_is_given_to_another(queued):
    queued.outbox.lease(10, 0)
    assert len(queued.outbox.lease(10, 60)) == 1


@pytest.mark.parametrize("decision", ["accepted", "rejected"])
def test_a_receipt_settles_the_claim(queued, decision):
    (delivery,) = queued.outbox.lease(10, 60)
    queued.outbox.settle(delivery, receipt(decision))
    (kept,) = queued.exchange.claims(None, 10, "p1")
    assert (kept.state, kept.receipt) == (decision, receipt(decision))
    assert queued.exchange.claim("c1") == kept
    assert queued.outbox.lease(10, 0) == []


def test_a_postponed_delivery_is_not_due_and_remembers_its_attempts(queued):
    (delivery,) = queued.outbox.lease(10, 60)
    assert queued.outbox.postpone(delivery, 0, "the bank is away")
    (again,) = queued.outbox.lease(10, 60)
    assert again.attempts == 1
    assert queued.outbox.postpone(again, 60, "the bank is away")
    assert queued.outbox.lease(10, 60) == []
    (item,) = queued.outbox.items(None, 10)
    assert (item.attempts, item.error, item.parked) == (2, "the bank is away", False)


def test_a_parked_delivery_waits_for_a_person(queued):
    (delivery,) = queued.outbox.lease(10, 60)
    queued.outbox.park(delivery, "no such unit at the bank")
    assert queued.outbox.lease(10, 0) == []
    assert queued.exchange.claim("c1").reason == "no such unit at the bank"


def test_a_revoked_achievement_withdraws_only_what_no_receiver_has_seen(queued):
    queued.achievements.settle([Evaluation(due=DUE, achievement=achievement("revoked"))])
    assert states(queued) == {"c1": "withdrawn"}
    assert queued.outbox.lease(10, 0) == []


def revoke(store):
    store.achievements.settle([Evaluation(due=DUE, achievement=achievement("revoked"))])


def verify_again(store):
    store.achievements.settle([Evaluation(due=DUE, achievement=achievement(), claims=[claim()])])


def accept(store):
    (submission,) = store.outbox.lease(10, 60)
    assert store.outbox.settle(submission, receipt())


def test_a_withdrawal_follows_its_submission(queued):
    (submission,) = queued.outbox.lease(10, 60)
    revoke(queued)
    assert states(queued) == {"c1": "sent"}
    assert queued.outbox.lease(10, 60) == []
    assert queued.outbox.settle(submission, receipt())
    (withdrawal,) = queued.outbox.lease(10, 60)
    assert (withdrawal.kind, withdrawal.claim) == ("withdraw", claim().payload)
    assert queued.outbox.settle(withdrawal, receipt("withdrawn"))
    kept = queued.exchange.claim("c1")
    assert kept.state == "withdrawn"
    assert (kept.receipt, kept.withdrawal) == (receipt(), receipt("withdrawn"))
    kinds = [fact.kind for fact in queued.facts.about("c1")]
    assert kinds == ["claimed", "accepted", "withdrawn"]


def test_a_rejected_claim_is_not_withdrawn(queued):
    (submission,) = queued.outbox.lease(10, 60)
    revoke(queued)
    queued.outbox.settle(submission, receipt("rejected"))
    assert queued.outbox.lease(10, 60) == []
    assert states(queued) == {"c1": "rejected"}


def test_what_stands_again_before_its_withdrawal_is_not_withdrawn(queued):
    accept(queued)
    revoke(queued)
    verify_again(queued)
    assert queued.outbox.lease(10, 60) == []
    assert states(queued) == {"c1": "accepted"}


def test_what_was_withdrawn_is_claimed_anew_under_another_id(queued):
    accept(queued)
    revoke(queued)
    (withdrawal,) = queued.outbox.lease(10, 60)
    verify_again(queued)
    queued.outbox.settle(withdrawal, receipt("withdrawn"))
    assert [(due.persona, due.unit) for due in queued.achievements.due(10)] == [("p1", "U1")]
    verify_again(queued)
    assert states(queued) == {"c1": "withdrawn", "c1.1": "queued"}
    (again,) = queued.outbox.lease(10, 60)
    assert again.claim.outer_id == again.subject == "c1.1"


def replace_evidence(store):
    other = msgspec.structs.replace(achievement(), evidence_hash="2" * 64)
    payload = msgspec.structs.replace(claim().payload, evidence_hash="2" * 64)
    claims = [NewClaim(achievement="a1", receiver="bank", payload=payload)]
    store.achievements.settle([Evaluation(due=DUE, achievement=other, claims=claims)])


@pytest.mark.parametrize("revoked", [False, True])
def test_what_stands_on_other_evidence_is_withdrawn_and_claimed_anew(queued, revoked):
    accept(queued)
    if revoked:
        revoke(queued)
    replace_evidence(queued)
    replace_evidence(queued)
    (withdrawal,) = queued.outbox.lease(10, 60)
    assert (withdrawal.kind, withdrawal.subject) == ("withdraw", "c1")
    assert states(queued) == {"c1": "accepted"}
    assert queued.outbox.settle(withdrawal, receipt("withdrawn"))
    assert [(due.persona, due.unit) for due in queued.achievements.due(10)] == [("p1", "U1")]
    replace_evidence(queued)
    assert states(queued) == {"c1": "withdrawn", "c1.1": "queued"}
    (again,) = queued.outbox.lease(10, 60)
    assert (again.subject, again.claim.evidence_hash) == ("c1.1", "2" * 64)


def test_what_nobody_has_seen_is_claimed_anew_at_once_on_other_evidence(queued):
    replace_evidence(queued)
    assert states(queued) == {"c1": "withdrawn", "c1.1": "queued"}
    assert [one.subject for one in queued.outbox.lease(10, 60)] == ["c1.1"]


def test_what_was_rejected_is_not_claimed_again_on_other_evidence(queued):
    (submission,) = queued.outbox.lease(10, 60)
    queued.outbox.settle(submission, receipt("rejected"))
    replace_evidence(queued)
    assert states(queued) == {"c1": "rejected"}
    assert queued.outbox.lease(10, 60) == []


def test_the_withdrawal_of_one_version_comes_before_the_claim_of_the_next(queued):
    accept(queued)
    another = NewClaim(achievement="a2", receiver="bank", payload=claim("c2").payload)
    revoke(queued)
    queued.achievements.settle(
        [Evaluation(due=DUE, achievement=achievement(version=2), claims=[another])]
    )
    (withdrawal,) = queued.outbox.lease(10, 60)
    assert (withdrawal.kind, withdrawal.subject) == ("withdraw", "c1")
    assert queued.outbox.settle(withdrawal, receipt("withdrawn"))
    assert [one.subject for one in queued.outbox.lease(10, 60)] == ["c2"]


def test_a_worker_that_lost_its_lease_settles_nothing(queued):
    (lost,) = queued.outbox.lease(10, 0)
    (held,) = queued.outbox.lease(10, 60)
    assert not queued.outbox.settle(lost, receipt("rejected"))
    assert not queued.outbox.postpone(lost, 0, "late")
    assert not queued.outbox.park(lost, "late")
    queued.outbox.renew([lost], 0)
    assert queued.outbox.lease(10, 60) == []
    assert queued.outbox.settle(held, receipt())
    assert states(queued) == {"c1": "accepted"}


def test_a_renewed_lease_is_held_longer(queued):
    (held,) = queued.outbox.lease(10, 0)
    queued.outbox.renew([held], 60)
    assert queued.outbox.lease(10, 60) == []


def park(store):
    (delivery,) = store.outbox.lease(10, 60)
    assert store.outbox.park(delivery, "no such unit at the bank")
    (item,) = store.outbox.items(None, 10, parked=True)
    return item


def test_a_person_has_what_is_parked_tried_again(queued):
    item = park(queued)
    assert (item.subject, item.error) == ("c1", "no such unit at the bank")
    assert queued.outbox.items(None, 10, parked=False) == []
    assert queued.outbox.towards(item.destination, 10, parked=True) == [item]
    assert queued.outbox.towards(item.destination, 10, parked=False) == []
    assert queued.outbox.towards("elsewhere", 10, parked=True) == []
    assert queued.outbox.set_aside([item.destination, "elsewhere"]) == {item.destination}
    act = Act(principal="person:1", action="outbox.retry", subject=str(item.id))
    assert queued.outbox.retry([item.id], act) == 1
    assert queued.outbox.retry([item.id], act) == 0
    assert queued.outbox.set_aside([item.destination]) == set()
    assert queued.outbox.lease(10, 60)[0].attempts == 0
    assert [event.act for event in queued.audit.page(None, 10)] == [act]


def test_what_a_person_discards_is_withdrawn_and_not_claimed_again(queued):
    act = Act(principal="person:1", action="outbox.discard", subject="1", reason="a mistake")
    assert not queued.outbox.discard(1, act)
    assert queued.outbox.discard(park(queued).id, act)
    assert queued.exchange.claim("c1").reason == "a mistake"
    verify_again(queued)
    assert states(queued) == {"c1": "withdrawn"}
    assert queued.outbox.items(None, 10) == []


def test_a_withdrawal_is_sent_though_its_submission_is_on_the_shelf(queued):
    park(queued)
    revoke(queued)
    assert [one.kind for one in queued.outbox.lease(10, 60)] == ["withdraw"]


def test_a_destination_that_fails_is_left_alone_for_a_while(queued):
    for _ in range(TOLERATED):
        (delivery,) = queued.outbox.lease(10, 60)
        queued.outbox.postpone(delivery, 0, "away")
    assert queued.outbox.lease(10, 60) == []
    circuit = queued.outbox.circuits()["bank"]
    assert circuit.failures == TOLERATED and circuit.closed_off > 0


def test_a_destination_that_says_when_is_left_alone_until_then(queued):
    (delivery,) = queued.outbox.lease(10, 60)
    queued.outbox.postpone(delivery, 0, "429", retry_after=600)
    assert queued.outbox.lease(10, 60) == []


def test_a_rate_is_kept_by_all_workers(queued):
    queued.exchange.put_receiver(msgspec.structs.replace(BANK, settings={"per_second": 0.01}))
    another = NewClaim(achievement="a2", receiver="bank", payload=claim("c2").payload)
    queued.achievements.settle(
        [Evaluation(due=DUE, achievement=achievement(version=2), claims=[another])]
    )
    assert len(queued.outbox.lease(10, 60)) == 1
    assert queued.outbox.lease(10, 60) == []


def look_up(store):
    settings = {"learner": {"look_up": True}}
    store.exchange.put_receiver(msgspec.structs.replace(BANK, settings=settings))
    verify_again(store)
    return store


def test_a_learner_is_looked_up_once_and_claimed_under_its_account(store):
    queued = look_up(store)
    verify_again(queued)
    assert states(queued) == {}
    (lookup,) = (one for one in queued.outbox.lease(10, 60) if one.kind == "lookup")
    assert lookup.subject == "p1"
    assert queued.exchange.account("bank", "p1") is None
    assert queued.outbox.found(lookup, "account:http://bank|7")
    assert queued.exchange.account("bank", "p1") == "account:http://bank|7"
    assert [(due.persona, due.unit) for due in queued.achievements.due(10)] == [("p1", "U1")]
    verify_again(queued)
    assert queued.exchange.claim("c1").payload.learner.identifier == "account:http://bank|7"


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
