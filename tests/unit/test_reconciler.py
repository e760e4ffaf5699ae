"""What we think and what a receiver holds, compared; and what is done about it."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.outbound import Refused, Unavailable, Unproven
from lrs.app import create_app
from lrs.exchange.connections import Connections
from lrs.exchange.reconciler import Reconciler, difference_of, paired
from lrs.settings import Settings
from lrs.store.achievements import DueEvaluation, Evaluation, NewClaim
from lrs.store.exchange import Claim
from schemas.audit import Act
from schemas.claims import Holding, Receipt, RecognisedUnit, claim_hash
from tests.contract.test_exchange import BANK, achievement, claim, receipt
from tests.unit.test_statement_resource import signed_in

UNIT = RecognisedUnit(code="U1", title={"en": "Unit"}, level=4, credits=2, kind="training")


def kept(state, **rest):
    decided = {"receipt": receipt()} if state in ("accepted", "rejected") else {}
    return Claim(
        id="c1",
        achievement="a1",
        receiver="bank",
        state=state,
        changed=0,
        payload=claim().payload,
        **{**decided, **rest},
    )


@pytest.mark.parametrize(
    ("ours", "theirs", "kind"),
    [
        ("accepted", "accepted", None),
        ("rejected", "rejected", None),
        ("withdrawn", "withdrawn", None),
        ("withdrawn", None, None),
        ("withdrawn", "rejected", None),
        ("queued", None, "undecided here"),
        ("sent", None, "undecided here"),
        ("sent", "accepted", "undecided here"),
        ("accepted", None, "unknown there"),
        ("rejected", None, "unknown there"),
        ("accepted", "rejected", "state differs"),
        ("rejected", "accepted", "state differs"),
        ("accepted", "withdrawn", "withdrawn there only"),
        ("withdrawn", "accepted", "withdrawn here only"),
    ],
)
def test_where_we_differ(ours, theirs, kind):
    found = difference_of(kept(ours), theirs, None, "c1")
    assert (found.kind if found else None) == kind
    if found:
        assert (found.ours, found.theirs, found.repair) == (ours, theirs, "none")


def test_another_content_and_an_unknown_claim():
    found = difference_of(kept("accepted"), "accepted", "f" * 64, "c1")
    assert found.kind == "content differs"
    assert difference_of(kept("accepted"), "accepted", receipt().claim_hash, "c1") is None
    assert difference_of(None, "accepted", None, "c9").kind == "unknown here"
    answered = kept("withdrawn", withdrawal=receipt("withdrawn"))
    assert difference_of(answered, None, None, "c1").kind == "unknown there"


@given(
    st.sets(st.text("abc019-.", min_size=1, max_size=4)),
    st.sets(st.text("abc019-.", min_size=1, max_size=4)),
)
def test_each_claim_and_holding_is_met_once_with_its_counterpart(ours, theirs):
    claims = [msgspec.structs.replace(kept("sent"), id=one) for one in sorted(ours)]
    holdings = [
        Holding(outer_id=one, bank_id="B", state="accepted", claim_hash="h")
        for one in sorted(theirs)
    ]
    pairs = [(c and c.id, h and h.outer_id) for c, h in paired(claims, holdings)]
    assert pairs == [
        (one if one in ours else None, one if one in theirs else None)
        for one in sorted(ours | theirs)
    ]


class Books:
    """An adapter and connection whose receiver holds what a test writes into it."""

    name = "fake"

    def __init__(self):
        self.held = {}
        self.failure = None
        self.forged = False

    def connect(self, receiver):
        return self

    def close(self):
        pass

    def catalogue(self):
        return iter([UNIT])

    def holdings(self):
        if self.failure:
            raise self.failure
        for one in sorted(self.held):
            yield Holding(
                outer_id=one, bank_id="B", state=self.held[one], claim_hash=self.hash_of(one)
            )

    def hash_of(self, outer_id):
        return claim_hash(claim(outer_id).payload)

    def status(self, payload):
        if self.forged:
            raise Unproven("a receipt that proves nothing")
        state = self.held.get(payload.outer_id)
        return state and Receipt(
            outer_id=payload.outer_id,
            bank_id="B",
            decision=state,
            claim_hash=claim_hash(payload),
            issuer=BANK.url,
            issued_at=datetime.now(UTC),
            jws="a.b.c",
        )

    def submit(self, payload):
        self.held.setdefault(payload.outer_id, "accepted")
        return self.status(payload)

    def withdraw(self, payload, reason):
        self.held[payload.outer_id] = "withdrawn"
        return self.status(payload)


@pytest.fixture
def service(tmp_path):
    app = create_app(Settings(data=tmp_path, public_url="http://lrs.example"))
    service = app.extensions["lrs"]
    service.credentials.ensure("admin", "s3cret", name="Administrator")
    service.client = signed_in(app, "admin", "s3cret")
    service.store.exchange.put_receiver(msgspec.structs.replace(BANK, adapter="fake"))
    yield service
    service.close()


@pytest.fixture
def books():
    return Books()


@pytest.fixture
def reconcile(service, books):
    store = service.store
    to = Connections(store.exchange, {"fake": books}, lambda: _Key, service.secret_places)
    reconciler = Reconciler(store.exchange, store.reconciliations, to)
    return lambda: reconciler.reconcile("bank")


class _Key:
    kid = "k"


def put(service, number):
    """Queue a claim of its own achievement, and return its id."""
    one = msgspec.structs.replace(achievement(), id=f"a{number}", persona=f"p{number}")
    new = NewClaim(achievement=one.id, receiver="bank", payload=claim(f"c{number}").payload)
    due = DueEvaluation(one.persona, "U1", 0)
    service.store.achievements.settle([Evaluation(due=due, achievement=one, claims=[new])])
    return f"c{number}"


def answered(service, books, number, decision="accepted"):
    """Put a claim, have it decided, and return its id."""
    outer_id = put(service, number)
    (delivery,) = (one for one in service.store.outbox.lease(50, 60) if one.subject == outer_id)
    books.held[outer_id] = decision
    assert service.store.outbox.settle(delivery, books.status(delivery.claim))
    return outer_id


def seen(report):
    return {one.claim: (one.kind, one.repair) for one in report.differences}


def test_where_all_agree_the_report_is_clean_and_the_catalogue_kept(service, books, reconcile):
    answered(service, books, 1)
    answered(service, books, 2, "rejected")
    report = reconcile()
    assert (report.compared, list(report.differences), report.error) == (2, [], None)
    (summary,) = service.store.reconciliations.page(None, 10)
    assert (summary.id, summary.differences) == (report.id, 0)
    assert service.store.reconciliations.last("bank") == report.started
    listed = service.client.get("/api/v1/receivers/bank/catalogue").json["items"]
    assert [unit["code"] for unit in listed] == ["U1"]
    assert service.client.get("/api/v1/receivers/none/catalogue").status_code == 404


def test_what_is_on_its_way_is_no_difference(service, books, reconcile):
    put(service, 1)
    assert seen(reconcile()) == {}


def test_a_decision_that_we_missed_is_taken_with_its_receipt(service, books, reconcile):
    outer_id = put(service, 1)
    (delivery,) = service.store.outbox.lease(10, 60)
    service.store.outbox.park(delivery, "given up")
    books.held[outer_id] = "accepted"
    assert seen(reconcile()) == {outer_id: ("undecided here", "receipt taken")}
    assert service.store.exchange.claim(outer_id).receipt.decision == "accepted"
    assert service.store.outbox.items(None, 10) == []
    assert [fact.kind for fact in service.store.facts.about(outer_id)] == ["claimed", "accepted"]
    assert seen(reconcile()) == {}


def test_a_decision_is_not_taken_without_its_proof(service, books, reconcile):
    outer_id = put(service, 1)
    (delivery,) = service.store.outbox.lease(10, 60)
    service.store.outbox.park(delivery, "given up")
    books.held[outer_id] = "accepted"
    books.forged = True
    assert seen(reconcile()) == {outer_id: ("undecided here", "none")}
    assert service.store.exchange.claim(outer_id).state == "sent"


def test_what_a_person_must_look_at_is_shown_and_left(service, books, reconcile):
    lost, turned, gone = (answered(service, books, number) for number in (1, 2, 3))
    del books.held[lost]
    books.held[turned] = "rejected"
    books.held[gone] = "withdrawn"
    books.held["stranger"] = "accepted"
    expected = {
        lost: ("unknown there", "none"),
        turned: ("state differs", "none"),
        gone: ("withdrawn there only", "none"),
        "stranger": ("unknown here", "none"),
    }
    report = reconcile()
    assert seen(report) == expected
    states = {service.store.exchange.claim(one).state for one in (lost, turned, gone)}
    assert states == {"accepted"}
    answer = service.client.get(f"/api/v1/reconciliations/{report.id}/differences?limit=3").json
    more = service.client.get(answer["next"]).json
    listed = [*answer["items"], *more["items"]]
    assert {one["claim"]: (one["kind"], one["repair"]) for one in listed} == expected
    (summary,) = service.client.get("/api/v1/reconciliations?receiver=bank").json["items"]
    assert (summary["differences"], summary["repaired"]) == (4, 0)


def test_what_is_withdrawn_here_and_held_there_is_withdrawn_there(service, books, reconcile):
    outer_id = put(service, 1)
    (delivery,) = service.store.outbox.lease(10, 60)
    service.store.outbox.park(delivery, "no such unit")
    act = Act(principal="person:1", action="outbox.discard", subject="1", reason="a mistake")
    assert service.store.outbox.discard(delivery.id, act)
    books.held[outer_id] = "accepted"
    assert seen(reconcile()) == {outer_id: ("withdrawn here only", "withdrawal queued")}
    (withdrawal,) = service.store.outbox.lease(10, 60)
    proof = books.withdraw(withdrawal.claim, "")
    assert service.store.outbox.settle(withdrawal, proof)
    assert seen(reconcile()) == {}
    assert service.store.exchange.claim(outer_id).withdrawal == proof


def test_a_bank_that_fails_in_the_middle_leaves_a_report_that_says_so(service, books, reconcile):
    answered(service, books, 1)
    books.failure = Unavailable("the bank is away")
    report = reconcile()
    assert report.error == "the bank is away"
    assert service.store.reconciliations.last("bank") is None
    books.failure = None
    assert reconcile().error is None


def test_a_receiver_without_books_is_refused(service):
    class Plain:
        name = "fake"

        def connect(self, receiver):
            return object()

    store = service.store
    to = Connections(store.exchange, {"fake": Plain()}, lambda: _Key, service.secret_places)
    with pytest.raises(Refused, match="does not say"):
        Reconciler(store.exchange, store.reconciliations, to).reconcile("bank")


def test_receivers_are_listed_with_how_they_answered_last(service):
    (found,) = service.client.get("/api/v1/receivers").json["items"]
    assert (found["name"], found["failures"], found["left_alone_until"]) == ("bank", 0, None)
    assert "settings" not in found
    put(service, 1)
    (delivery,) = service.store.outbox.lease(1, 60)
    service.store.outbox.postpone(delivery, 60, "away", 60)
    (found,) = service.client.get("/api/v1/receivers").json["items"]
    assert found["failures"] == 1 and found["left_alone_until"]


def test_the_outbox_is_read_and_tended_by_people(service):
    put(service, 1)
    (delivery,) = service.store.outbox.lease(10, 60)
    service.store.outbox.park(delivery, "no such unit")
    (item,) = service.client.get("/api/v1/outbox?parked=true").json["items"]
    assert (item["subject"], item["error"]) == ("c1", "no such unit")
    assert service.client.post(f"/api/v1/outbox/{item['id']}/retry", json={}).status_code == 400
    reason = {"reason": "the unit is listed now"}
    answer = service.client.post(f"/api/v1/outbox/{item['id']}/retry", json=reason)
    assert answer.status_code == 204
    assert service.client.get("/api/v1/outbox?parked=true").json["items"] == []
    for unknown in ("7", str(1 << 64), "9" * 99, "-1", "x"):
        answer = service.client.post(f"/api/v1/outbox/{unknown}/discard", json=reason)
        assert answer.status_code == 404


def test_a_delivery_has_an_id_that_every_reader_of_json_keeps(service):
    put(service, 1)
    service.store.database.write(lambda tx: tx.execute("UPDATE outbox SET id = (1 << 53) + 1"))
    (delivery,) = service.store.outbox.lease(10, 60)
    service.store.outbox.park(delivery, "no such unit")
    (item,) = service.client.get("/api/v1/outbox").json["items"]
    assert item["id"] == "9007199254740993"
    answer = service.client.post(f"/api/v1/outbox/{item['id']}/discard", json={"reason": "x"})
    assert answer.status_code == 204
