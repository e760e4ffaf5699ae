"""What every store of reconciliations must do."""

from lrs.store.reconciliations import Difference, Reconciliation
from schemas.claims import RecognisedUnit
from tests.contract.racing import each_at_once
from tests.contract.test_exchange import BANK, park, queued, receipt, revoke, states

__all__ = ["queued"]


def reconciliation(receiver="bank", started=1, **more):
    return Reconciliation(
        **{"receiver": receiver, "started": started, "finished": 9, "compared": 3, **more}
    )


def recognised(*codes):
    return [
        RecognisedUnit(code=code, title={"en": code}, level=4, credits=2, kind="training")
        for code in codes
    ]


def test_reconciliations_are_kept_with_their_differences(store):
    differences = [
        Difference(claim=f"c{number}", kind="unknown there", ours="sent", theirs=None, repair=how)
        for number, how in enumerate(("none", "submission queued", "none"))
    ]
    kept = store.reconciliations
    assert kept.last("bank") is None
    first = kept.keep(reconciliation(differences=differences))
    second = kept.keep(reconciliation(started=2, error="no answer"))
    third = kept.keep(reconciliation("other", 3))
    assert [one.id for one in kept.page(None, 2)] == [third, second]
    (summary,) = kept.page(second, 2)
    assert (summary.differences, summary.repaired, summary.error) == (3, 1, None)
    assert [one.id for one in kept.page(None, 9, "bank")] == [second, first]
    assert kept.differences(first, 0, 2) == differences[:2]
    assert kept.differences(first, 2, 2) == differences[2:]
    assert kept.last("bank") == 1


def test_a_catalogue_takes_the_place_of_the_one_before(store):
    store.exchange.put_receiver(BANK)
    kept = store.reconciliations
    kept.put_catalogue("bank", recognised("U3", "U1", "U2"))
    assert kept.catalogue("bank", "", 2) == recognised("U1", "U2")
    assert kept.catalogue("bank", "U2", 2) == recognised("U3")
    kept.put_catalogue("bank", recognised("U2", "U4"))
    assert kept.catalogue("bank", "", 9) == recognised("U2", "U4")
    assert kept.catalogue("other", "", 9) == []
    catalogues = [recognised("A1", "A2"), recognised("B1", "B2")]
    each_at_once(lambda units: kept.put_catalogue("bank", units), catalogues)
    assert kept.catalogue("bank", "", 9) in catalogues


def test_a_receipt_that_was_missed_is_taken_once(queued):
    assert queued.reconciliations.on_its_way("c1")
    assert [one.id for one in queued.reconciliations.claims_of("bank", "", 9)] == ["c1"]
    assert queued.reconciliations.claims_of("bank", "c1", 9) == []
    taken = each_at_once(lambda _: queued.reconciliations.take_receipt("c1", receipt()), range(3))
    assert sorted(taken) == [False, False, True]
    assert states(queued) == {"c1": "accepted"}
    assert not queued.reconciliations.on_its_way("c1")
    assert queued.outbox.items(None, 10) == []
    assert [fact.kind for fact in queued.facts.about("c1")] == ["claimed", "accepted"]


def test_a_claim_that_got_lost_is_submitted_again_once(queued):
    (delivery,) = queued.outbox.lease(10, 60)
    assert not queued.reconciliations.queue_again("c1")
    assert queued.outbox.delivered(delivery)
    assert not queued.reconciliations.on_its_way("c1")
    again = each_at_once(lambda _: queued.reconciliations.queue_again("c1"), range(3))
    assert sorted(again) == [False, False, True]
    assert [one.kind for one in queued.outbox.lease(10, 60)] == ["submit"]


def test_a_claim_on_the_shelf_is_not_submitted_again(queued):
    park(queued)
    assert not queued.reconciliations.on_its_way("c1")
    assert not queued.reconciliations.queue_again("c1")


def test_what_is_withdrawn_here_only_is_withdrawn_there_once(queued):
    revoke(queued)
    assert states(queued) == {"c1": "withdrawn"}
    each_at_once(lambda _: queued.reconciliations.withdraw_there("c1", "revoked"), range(3))
    (withdrawal,) = queued.outbox.lease(10, 60)
    assert withdrawal.kind == "withdraw"
    assert queued.outbox.settle(withdrawal, receipt("withdrawn"))
    assert queued.exchange.claim("c1").withdrawal == receipt("withdrawn")
