"""Claims, withdrawals, look-ups and the commands around them, with a real bank process."""

import json
import os
import subprocess
import sys

import pytest
import yaml

from lrs.auth.client_key import client_key, public_jwks
from lrs.exchange.work import ExchangeWork
from lrs.service import Service
from lrs.settings import Settings
from lrs.store.achievements import Evaluation
from tests.bank_process import BankProcess
from tests.contract.projected import named, project
from tests.contract.test_exchange import DUE, achievement, claim
from tests.unit.test_deliverer import until

UNITS = [{"code": "U1", "title": {"en": "Unit"}, "level": 4, "credits": 2, "kind": "training"}]
LEARNERS = [{"account": "L-7", "name": "李娜", "document": {"type": "resident", "number": "3101"}}]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "units.yaml").write_text(yaml.safe_dump(UNITS))
    (tmp_path / "learners.yaml").write_text(yaml.safe_dump(LEARNERS))
    (tmp_path / "settings.yaml").write_text(
        yaml.safe_dump({"learner": {"look_up": True}, "oauth": {"dpop": True}})
    )
    return tmp_path


@pytest.fixture
def service(folder):
    service = Service(Settings(data=folder / "lrs", public_url="http://lrs.example"))
    project(service.store, personas=[named(name="李娜")])
    yield service
    service.close()


@pytest.fixture
def bank(folder, service):
    jwks = folder / "jwks.json"
    jwks.write_text(json.dumps(public_jwks(service.store.client_keys, service.root_secret)))
    options = (
        "--dpop",
        f"--catalogue={folder / 'units.yaml'}",
        f"--learners={folder / 'learners.yaml'}",
    )
    with BankProcess(folder, {"lrs": str(jwks)}, *options) as bank:
        yield bank


@pytest.fixture
def lrs(folder):
    def run(*arguments, said=None):
        done = subprocess.run(
            [sys.executable, "-m", "lrs", *arguments, f"--data={folder / 'lrs'}"],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "COLUMNS": "200"},
            input=said,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


def good(done):
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def verify(service, state="verified"):
    service.store.achievements.settle(
        [
            Evaluation(
                due=DUE,
                achievement=achievement(state),
                claims=[claim()] if state == "verified" else [],
            )
        ]
    )


def test_a_claim_from_look_up_to_withdrawal(folder, service, bank, lrs):
    add = ("receiver", "add", "bank", f"--url={bank.url}", "--client-id=lrs", "--institution=us")
    good(lrs(*add, f"--settings={folder / 'settings.yaml'}"))
    work = ExchangeWork(service)
    steps = work.deliveries[-1]
    verify(service)

    class Worker:
        step = staticmethod(steps)

    parked = lambda: service.store.outbox.items(None, 9, parked=True)  # noqa: E731
    until(parked, Worker)
    shown = good(lrs("outbox", "list", "--parked"))
    assert "lookup" in shown and "identity document" in shown

    assert "sealed" in good(lrs("learner", "identify", "p1", "--type=resident", said="3101\n"))
    until(lambda: service.store.exchange.account("bank", "p1"), Worker)
    verify(service)
    until(lambda: _state(service) == "accepted", Worker)
    kept = service.store.exchange.claim("c1")
    assert kept.payload.learner.identifier == f"account:{bank.url}|L-7"
    assert "1 claims compared, 0 differ" in good(lrs("reconcile", "bank"))
    assert "not published" in good(lrs("receiver", "catalogue", "bank"))

    verify(service, "revoked")
    until(lambda: _state(service) == "withdrawn", Worker)
    kept = service.store.exchange.claim("c1")
    assert (kept.receipt.decision, kept.withdrawal.decision) == ("accepted", "withdrawn")
    assert kept.receipt.bank_id == kept.withdrawal.bank_id
    decisions = [one["decision"] for one in bank.ask("GET", "/ledger")["entries"]]
    assert decisions == ["accepted", "withdrawn"]
    assert "0 differ" in good(lrs("reconcile"))

    verify(service)
    until(lambda: _state(service, "c1.1") == "accepted", Worker)
    assert "2 claims compared, 0 differ" in good(lrs("reconcile", "bank"))
    work.close()


def _state(service, outer_id="c1"):
    found = service.store.exchange.claim(outer_id)
    return found and found.state


def test_the_shelf_is_tended_at_the_command_line(folder, service, bank, lrs):
    (folder / "plain.yaml").write_text("oauth: {dpop: true}\n")
    add = ("receiver", "add", "bank", f"--url={bank.url}", "--client-id=lrs", "--institution=us")
    good(lrs(*add, f"--settings={folder / 'plain.yaml'}"))
    verify(service)
    (delivery,) = service.store.outbox.lease(1, 60)
    service.store.outbox.park(delivery, "no such unit")
    assert lrs("outbox", "retry", "--reason=x").returncode == 2
    assert "1 of 1" in good(lrs("outbox", "retry", str(delivery.id), "--reason=listed now"))
    assert lrs("outbox", "retry", "77", "--reason=x").returncode == 1
    assert lrs("outbox", "discard", str(delivery.id), "--reason=x").returncode == 1
    (delivery,) = service.store.outbox.lease(1, 60)
    service.store.outbox.park(delivery, "no such unit")
    good(lrs("outbox", "discard", str(delivery.id), "--reason=a mistake"))
    assert _state(service) == "withdrawn"
    acts = [(event.act.action, event.act.reason) for event in service.store.audit.page(None, 9)]
    assert ("outbox.discard", "a mistake") in acts and ("outbox.retry", "listed now") in acts


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("surplus: 1", "surplus"),
        ("per_second: 0", "per_second"),
        ("oauth: {method: password}", "oauth.method"),
        ("secret: hunter2-in-the-clear", "secret"),
        ("mapping: {format: bank-mapping/1, name: x, claims: {hobby: {}}}", "claims"),
        ("mapping: nowhere.yaml", "nowhere"),
        ("[", "cannot be read"),
    ],
)
def test_settings_that_cannot_be_used_are_named(folder, lrs, settings, said):
    (folder / "wrong.yaml").write_text(settings)
    done = lrs(
        "receiver",
        "add",
        "bank",
        "--url=https://bank.example",
        "--client-id=lrs",
        "--institution=us",
        f"--settings={folder / 'wrong.yaml'}",
    )
    assert done.returncode == 1
    assert said in done.stderr
    assert "hunter2" not in done.stderr


def test_a_new_key_is_published_beside_the_old_one(service, lrs):
    old = client_key(service.store.client_keys, service.root_secret)
    kid = good(lrs("receiver", "rotate-key", "--reason=yearly")).split()[0]
    published = json.loads(good(lrs("receiver", "jwks")))["keys"]
    assert [key["kid"] for key in published] == [old.kid, kid]
    good(lrs("receiver", "secret", "bank", said="s3cret\ns3cret\n"))
    assert service.secret_places.read("store:bank") == "s3cret"
    acts = {event.act.action for event in service.store.audit.page(None, 9)}
    assert {"client-key.rotate", "receiver-secret.keep"} <= acts
