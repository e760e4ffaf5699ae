"""From statements to claims: what the background work makes of them."""

import random
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from adapters.outbound import Refused, Unavailable
from lrs.achievements.evaluate import activities_of
from lrs.app import create_app
from lrs.auth.client_key import client_key
from lrs.background import projection_steps
from lrs.exchange.connections import Connections
from lrs.exchange.deliverer import Deliverer
from lrs.exchange.retry import delay
from lrs.records.projector import Projector
from lrs.settings import Settings
from lrs.store.exchange import KnownReceiver
from schemas.claims import Receipt, claim_hash
from schemas.units import Completed, Period, Unit
from tests.unit.test_statement_resource import signed_in
from tests.unit.test_statement_rules import GOOD, with_

COURSE = GOOD["object"]["id"]
UNIT = Unit(
    code="U1",
    version=1,
    title={"en": "Safety"},
    field="safety",
    level=4,
    credits=2,
    hours=32,
    awarding_body="us",
    kind="training",
    effective=Period(),
    rule=Completed(activity=COURSE),
)
BANK = KnownReceiver(
    name="bank",
    adapter="fake",
    url="https://bank.example",
    client_id="us",
    institution="国家开放大学",
)


@pytest.fixture
def service(tmp_path):
    app = create_app(Settings(data=tmp_path, public_url="http://lrs.example"))
    service = app.extensions["lrs"]
    service.app = app
    service.credentials.ensure("admin", "s3cret", name="Administrator")
    service.client = signed_in(app, "admin", "s3cret")
    service.store.exchange.put_receiver(BANK)
    yield service
    service.close()


def publish(service, unit=UNIT):
    service.store.units.publish(unit, activities_of(unit))


def post(service, *statements):
    answer = service.client.post("/xapi/statements", json=list(statements))
    assert answer.status_code == 200, answer.json
    return answer.json


def settle(service):
    steps = projection_steps(service)
    while sum(step() for step in steps):
        pass


def void(service, statement_id):
    voiding = with_("verb.id", "http://adlnet.gov/expapi/verbs/voided")
    voiding["object"] = {"objectType": "StatementRef", "id": statement_id}
    post(service, voiding)
    settle(service)


def achievements(service):
    return [one for _, one in service.store.achievements.page(None, 10)]


def claims(service):
    return service.store.exchange.claims(None, 10)


def test_a_statement_that_an_adapter_stumbles_over_is_counted_and_passed_over(service, caplog):
    class Clumsy:
        name = "clumsy"

        def recognises(self, statement):
            raise RuntimeError("stumbled")

    post(service, GOOD)
    store = service.store
    projector = Projector(
        store.statements,
        store.projections,
        store.courses,
        store.sources.all,
        [Clumsy()],
        units_of=dict,
    )
    assert projector.step()
    assert not projector.step()
    assert store.records.unrecognised() == {(GOOD["verb"]["id"], "failed"): 1}
    assert "stumbled" in caplog.text


@pytest.mark.parametrize("unit_first", [True, False])
def test_a_rule_that_is_met_makes_one_achievement_and_one_claim(service, unit_first):
    if unit_first:
        publish(service)
    (statement,) = post(service, GOOD)
    settle(service)
    publish(service)
    settle(service)
    post(service, with_("timestamp", "2026-03-02T08:00:00Z"))
    settle(service)
    (achievement,) = achievements(service)
    (claim,) = claims(service)
    assert achievement.state == "verified"
    assert set(achievement.evidence) == {statement}
    assert claim.achievement == achievement.id
    assert claim.payload.learner.name == "李娜"
    assert claim.payload.evidence_hash == achievement.evidence_hash
    assert claim.state == "queued"


def test_a_unit_with_an_officer_waits_for_one(service):
    publish(service, replace(UNIT, officer=True))
    post(service, GOOD)
    settle(service)
    assert [one.state for one in achievements(service)] == ["candidate"]
    assert claims(service) == []


def test_a_voided_evidence_revokes_and_withdraws(service):
    publish(service)
    (statement,) = post(service, GOOD)
    settle(service)
    void(service, statement)
    assert [one.state for one in achievements(service)] == ["revoked"]
    assert [one.state for one in claims(service)] == ["withdrawn"]


def test_other_evidence_takes_the_place_of_what_was_voided(service):
    publish(service)
    first, second = post(service, GOOD, with_("timestamp", "2026-11-01T00:00:00Z"))
    settle(service)
    bound = set(achievements(service)[0].evidence)
    void(service, bound.pop())
    (achievement,) = achievements(service)
    assert achievement.state == "verified"
    assert set(achievement.evidence) <= {first, second}
    assert not set(achievement.evidence) & bound


def test_what_was_achieved_is_not_achieved_again_under_a_later_version(service):
    publish(service)
    post(service, GOOD)
    settle(service)
    publish(service, replace(UNIT, version=2))
    settle(service)
    assert [one.version for one in achievements(service)] == [1]
    assert len(claims(service)) == 1


def test_a_statement_from_the_future_counts_when_its_time_has_come(service):
    publish(service)
    later = datetime.now(UTC) + timedelta(hours=1)
    post(service, with_("timestamp", later.isoformat()))
    settle(service)
    assert achievements(service) == []
    assert service.store.achievements.due(10) == []


def test_a_receiver_added_later_gets_what_was_verified_before(service):
    publish(service)
    post(service, GOOD)
    settle(service)
    service.store.exchange.put_receiver(
        KnownReceiver(
            name="second",
            adapter="fake",
            url="https://two.example",
            client_id="us",
            institution="x",
        )
    )
    service.store.achievements.mark_achieved()
    settle(service)
    assert sorted(claim.receiver for claim in claims(service)) == ["bank", "second"]
    assert len({claim.id for claim in claims(service)}) == 2


class Bank:
    """An outbound adapter whose receiver answers what it is told to."""

    name = "fake"

    def __init__(self, *answers):
        self.answers = list(answers)
        self.submitted = []

    def connect(self, receiver):
        assert "PRIVATE" not in repr(receiver)
        return self

    def close(self):
        pass

    def submit(self, payload):
        self.submitted.append(payload.outer_id)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return Receipt(
            outer_id=payload.outer_id,
            bank_id=str(uuid.uuid4()),
            decision=answer,
            claim_hash=claim_hash(payload),
            issuer=BANK.url,
            issued_at=datetime.now(UTC),
            jws="a.b.c",
        )


@pytest.fixture
def queued(service):
    publish(service)
    post(service, GOOD)
    settle(service)
    return service


def deliver(service, bank):
    with delivering(service, {"fake": bank}) as deliverer:
        while deliverer.step():
            pass


@contextmanager
def delivering(service, adapters):
    store = service.store
    key = client_key(store.client_keys, service.root_secret)
    connections = Connections(store.exchange, adapters, lambda: key, service.secret_places)
    documents = service.learner_documents
    deliverer = Deliverer(store.outbox, connections, store.records, documents, {})
    yield deliverer
    deliverer.close()


@pytest.mark.parametrize("decision", ["accepted", "rejected"])
def test_the_receivers_decision_is_the_claims(queued, decision):
    deliver(queued, Bank(decision))
    (claim,) = claims(queued)
    assert claim.state == decision
    assert claim.receipt.jws == "a.b.c"


def test_what_cannot_be_delivered_now_stays_in_the_outbox(queued):
    bank = Bank(Unavailable("the bank is away", retry_after=3600))
    deliver(queued, bank)
    assert [claim.state for claim in claims(queued)] == ["sent"]
    assert len(bank.submitted) == 1


def test_what_is_refused_is_parked_with_its_reason(queued):
    deliver(queued, Bank(Refused("the bank knows no such unit")))
    (claim,) = claims(queued)
    assert (claim.state, claim.reason) == ("sent", "the bank knows no such unit")
    deliver(queued, Bank())


def test_a_receiver_without_its_adapter_is_parked_and_says_so(queued):
    with delivering(queued, {}) as deliverer:
        deliverer.step()
    assert "fake" in claims(queued)[0].reason


def test_waits_double_up_to_a_bound_and_keep_what_the_receiver_asks():
    chance = random.Random(1)
    for attempts in (1, 2, 5, 40, 4000):
        longest = min(3600, 2 ** (attempts - 1))
        for _ in range(20):
            assert longest / 2 <= delay(attempts, None, chance) <= longest
    assert delay(1, 90, chance) == 90
    assert delay(1, 10**9, chance) == 3600
