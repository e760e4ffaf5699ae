"""Workers at the outbox: what they carry, when they give up, and how they end."""

import threading
import time
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from adapters.outbound import Refused, Unavailable, Unproven
from lrs.exchange import deliverer as module
from lrs.exchange.connections import Connections
from lrs.exchange.deliverer import Deliverer
from lrs.exchange.retry import MOST_ATTEMPTS, MOST_UNPROVEN
from lrs.service import Service
from lrs.settings import Settings
from lrs.store.achievements import DueEvaluation, Evaluation, NewClaim
from schemas.claims import IdentityDocument, Receipt, claim_hash
from tests.contract.projected import named, project
from tests.contract.test_exchange import BANK, achievement, claim


class Bank:
    """An adapter and connection that answers as a test says."""

    name = "fake"

    def __init__(self, answer=None):
        self.answer = answer or (lambda payload: None)
        self.submitted = []
        self.looked_up = []

    def connect(self, receiver):
        return self

    def close(self):
        pass

    def submit(self, payload):
        self.submitted.append(payload.outer_id)
        answer = self.answer(payload)
        if isinstance(answer, Exception):
            raise answer
        return Receipt(
            outer_id=payload.outer_id,
            bank_id="B",
            decision="accepted",
            claim_hash=claim_hash(payload),
            issuer=BANK.url,
            issued_at=datetime.now(UTC),
            jws="a.b.c",
        )

    def look_up(self, name, document):
        self.looked_up.append((name, document))
        return "account:http://bank|7"


class _Key:
    kid = "k"


@pytest.fixture
def service(tmp_path):
    service = Service(Settings(data=tmp_path, public_url="http://lrs.example"))
    service.store.exchange.put_receiver(replace(BANK, adapter="fake"))
    yield service
    service.close()


def put(service, number, receiver="bank"):
    one = replace(achievement(), id=f"a{number}{receiver}", persona=f"p{number}", unit=receiver)
    payload = replace(claim().payload, outer_id=f"c{number}{receiver}")
    new = NewClaim(achievement=one.id, receiver=receiver, payload=payload)
    due = DueEvaluation(one.persona, one.unit, 0)
    service.store.achievements.settle([Evaluation(due=due, achievement=one, claims=[new])])


@pytest.fixture
def worker(service):
    made = []

    def make(**adapters):
        store = service.store
        to = Connections(store.exchange, adapters, lambda: _Key, service.secret_places)
        one = Deliverer(store.outbox, to, store.records, service.learner_documents, {})
        made.append(one)
        return one

    yield make
    for one in made:
        one.close()


def until(condition, *workers):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        for one in workers:
            one.step()


def states(service):
    return sorted(one.state for one in service.store.exchange.claims(None, 100))


def test_several_workers_carry_each_claim_once(service, worker):
    bank = Bank()
    for number in range(20):
        put(service, number)
    until(lambda: states(service) == ["accepted"] * 20, worker(fake=bank), worker(fake=bank))
    assert len(bank.submitted) == len(set(bank.submitted)) == 20


def test_a_slow_receiver_holds_no_other_up(service, worker):
    free = threading.Event()
    slow, quick = Bank(lambda payload: free.wait(20) and None), Bank()
    service.store.exchange.put_receiver(replace(BANK, name="quick", adapter="quick"))
    for number in range(10):
        put(service, number)
    one = worker(fake=slow, quick=quick)
    until(lambda: len(slow.submitted) == module.AT_A_TIME // 2, one)
    for number in range(5):
        put(service, number, "quick")
    until(lambda: states(service).count("accepted") == 5, one)
    assert len(slow.submitted) == module.AT_A_TIME // 2
    free.set()


def test_the_lease_of_a_long_delivery_is_renewed(service, worker, monkeypatch):
    monkeypatch.setattr(module, "LEASE", 0.4)
    monkeypatch.setattr(module, "RENEW_EVERY", 0.1)
    free = threading.Event()
    bank = Bank(lambda payload: free.wait(20) and None)
    put(service, 1)
    first, second = worker(fake=bank), worker(fake=bank)
    until(lambda: bank.submitted, first)
    held_until = time.monotonic() + 1.0
    until(lambda: time.monotonic() > held_until, first, second)
    assert len(bank.submitted) == 1
    free.set()
    until(lambda: states(service) == ["accepted"], first, second)


def test_a_worker_that_ends_brings_what_it_is_at_to_an_end(service, worker):
    bank = Bank(lambda payload: time.sleep(0.3))
    put(service, 1)
    one = worker(fake=bank)
    until(lambda: bank.submitted, one)
    one.close()
    assert states(service) == ["accepted"]


@pytest.mark.parametrize(
    ("error", "most"), [(Unavailable("away"), MOST_ATTEMPTS), (Unproven("forged"), MOST_UNPROVEN)]
)
def test_after_the_last_attempt_it_is_parked_and_says_so(service, worker, monkeypatch, error, most):
    monkeypatch.setattr(module, "delay", lambda *_: 0.0)
    put(service, 1)
    (delivery,) = service.store.outbox.lease(1, 60)
    one = worker(fake=Bank(lambda payload: error))
    one._deliver(replace(delivery, attempts=most - 2))
    assert service.store.outbox.items(None, 1, parked=True) == []
    (delivery,) = service.store.outbox.lease(1, 60)
    one._deliver(replace(delivery, attempts=most - 1))
    (item,) = service.store.outbox.items(None, 1, parked=True)
    assert str(error) in item.error and f"{most} attempts" in item.error


def test_what_is_refused_is_parked_at_once_and_the_circuit_stays_closed(service, worker):
    put(service, 1)
    one = worker(fake=Bank(lambda payload: Refused("no such unit")))
    until(lambda: service.store.outbox.items(None, 1, parked=True), one)
    assert service.store.outbox.circuits()["bank"].failures == 0


def test_an_error_of_our_own_loses_nothing(service, worker, monkeypatch):
    monkeypatch.setattr(module, "LEASE", 0.1)
    answers = [KeyError("a mistake of ours"), None]
    bank = Bank(lambda payload: answers.pop(0))
    put(service, 1)
    until(lambda: states(service) == ["accepted"], worker(fake=bank))
    assert len(bank.submitted) == 2


def test_a_learner_is_looked_up_by_name_and_document(service, worker):
    settings = {"learner": {"look_up": True}}
    service.store.exchange.put_receiver(replace(BANK, adapter="fake", settings=settings))
    bank = Bank()
    one = worker(fake=bank)
    put(service, 1)
    until(lambda: service.store.outbox.items(None, 1, parked=True), one)
    (item,) = service.store.outbox.items(None, 1, parked=True)
    assert "name" in item.error
    project(service.store, personas=[named(name="李娜")])
    document = IdentityDocument(type="resident", number="3101")
    service.learner_documents.keep("p1", document, "person:1")
    until(lambda: service.store.exchange.account("bank", "p1"), one)
    assert bank.looked_up == [("李娜", document)]
    put(service, 1)
    until(lambda: states(service) == ["accepted"], one)
    (kept,) = service.store.exchange.claims(None, 1)
    assert kept.payload.learner.identifier == "account:http://bank|7"
