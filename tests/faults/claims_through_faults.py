"""Claims through a bank with every fault on, by workers that are killed every few seconds.

`python -m tests.faults.claims_through_faults 1000` prints the figures that docs/reliability.md
shows; the test in this folder runs it with fewer.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from lrs.auth.client_key import public_jwks
from lrs.lifeline import bound_to_this_process
from lrs.service import Service
from lrs.settings import Settings
from lrs.store.achievements import DueEvaluation, Evaluation, NewClaim
from lrs.store.exchange import KnownReceiver
from schemas.achievements import Achievement
from schemas.claims import ClaimLearner, ClaimPayload, ClaimUnit
from tests.bank_process import BankProcess

EVERY_FAULT = (
    "latency=0.2:0.2,429=0.05:1,500=0.05,drop-after-commit=0.08,slow-body=0.1:0.5,"
    "wrong-signature=0.05,expired-certificate=0.03,clock-skew=0.2:60"
)
SELDOMER = (
    "latency=0.2:0.1,429=0.03:1,500=0.03,drop-after-commit=0.05,slow-body=0.1:0.3,"
    "wrong-signature=0.03,expired-certificate=0.02,clock-skew=0.2:60"
)
"""The same faults, with fewer claims that wait for a sixth attempt."""

T = datetime(2026, 3, 28, tzinfo=UTC)


def payload(number):
    return ClaimPayload(
        outer_id=f"claim-{number:05d}",
        kind="training",
        learner=ClaimLearner(name="学员", identifier=f"mbox:mailto:l{number}@example.cn"),
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


def evaluation(number):
    persona = f"p{number:05d}"
    achievement = Achievement(
        id=f"a{number:05d}",
        persona=persona,
        unit="U1",
        version=1,
        state="verified",
        achieved_at=T,
        evidence_hash="1" * 64,
    )
    claim = NewClaim(achievement=achievement.id, receiver="bank", payload=payload(number))
    due = DueEvaluation(persona, "U1", 0)
    return Evaluation(due=due, achievement=achievement, claims=[claim])


class Workers:
    """Background processes that are killed (SIGKILL) and started again."""

    def __init__(self, data, count, log):
        self._data, self._log = data, log
        self._processes = [self._start() for _ in range(count)]
        self.kills = 0

    def _start(self):
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "lrs.background"],
                stdout=log,
                stderr=log,
                env={**os.environ, **bound_to_this_process(), "LRS_DATA": str(self._data)},
            )

    def kill_one(self, chance):
        place = chance.randrange(len(self._processes))
        self._processes[place].kill()
        self._processes[place].wait()
        self._processes[place] = self._start()
        self.kills += 1

    def stop(self):
        for process in self._processes:
            process.send_signal(signal.SIGTERM)
        for process in self._processes:
            # One that has just begun has no handler yet and ends by the signal.
            assert process.wait(30) in (0, -signal.SIGTERM)


def run(folder, count, *, faults=EVERY_FAULT, workers=2, kill_every=3.0, within=120.0, seed=1):
    """Put `count` claims through and return the figures, once all are answered."""
    folder = Path(folder)
    service = Service(Settings(data=folder / "lrs", public_url="http://lrs.example"))
    jwks = folder / "jwks.json"
    jwks.write_text(json.dumps(public_jwks(service.store.client_keys, service.root_secret)))
    options = ("--tls", f"--fault={faults}", f"--seed={seed}")
    with BankProcess(folder, {"lrs": str(jwks)}, *options) as bank:
        service.store.exchange.put_receiver(
            KnownReceiver(
                name="bank",
                adapter="credit_bank",
                url=bank.url,
                client_id="lrs",
                institution="us",
                settings={"authorities": str(bank.data / "tls" / "ca.pem")},
            )
        )
        service.store.achievements.settle([evaluation(number) for number in range(count)])
        began = time.monotonic()
        killed = Workers(folder / "lrs", workers, folder / "workers.log")
        try:
            _wait(service, killed, count, kill_every, within, random.Random(seed))
            took = time.monotonic() - began
        finally:
            killed.stop()
        met = bank.ask("GET", "/faults")["requests"]
        bank.ask("PUT", "/faults", {"faults": {}})
        reconciled = subprocess.run(
            [sys.executable, "-m", "lrs", "reconcile", "bank", f"--data={folder / 'lrs'}"],
            capture_output=True,
            text=True,
            check=False,
        )
        figures = {
            "claims": count,
            "seconds": round(took, 1),
            "kills": killed.kills,
            "requests": met,
            "states": dict(Counter(claim.state for claim in _claims(service))),
            "facts": _accepted_facts(service),
            "ledger": _ledger(bank),
            "outbox": len(service.store.outbox.items(None, 10)),
            "reconciliation": reconciled.stdout + reconciled.stderr,
            "reconciled": reconciled.returncode,
        }
    service.close()
    return figures


def _wait(service, workers, count, kill_every, within, chance):
    """Kill a worker every few seconds, where anything was done since the last time: a machine on
    which a worker takes longer than that to begin would show nothing.
    """
    deadline = time.monotonic() + within
    kill_at, done_by_then = time.monotonic() + kill_every, 0
    while left := service.store.outbox.items(None, count):
        if time.monotonic() > deadline:
            raise AssertionError(f"{len(left)} are not answered, such as {left[0]}")
        done = count - len(left)
        if time.monotonic() > kill_at and done > done_by_then:
            workers.kill_one(chance)
            kill_at, done_by_then = time.monotonic() + kill_every, done
        time.sleep(0.1)


def _claims(service):
    after = ""
    while found := service.store.reconciliations.claims_of("bank", after, 500):
        yield from found
        after = found[-1].id


def _accepted_facts(service):
    """How many facts there are of an accepted claim, and of how many claims."""
    subjects, after = [], 0
    while facts := service.store.facts.after(after, 500):
        subjects += [fact.subject for fact in facts if fact.kind == "accepted"]
        after = facts[-1].seq
    return [len(subjects), len(set(subjects))]


def _ledger(bank):
    """How many claims the bank accepted, and how many different ones."""
    accepted, cursor = [], ""
    while True:
        page = bank.ask("GET", f"/ledger{cursor}")
        accepted += [one["outer_id"] for one in page["entries"] if one["decision"] == "accepted"]
        if "next" not in page:
            return [len(accepted), len(set(accepted))]
        cursor = f"?cursor={page['next']}"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        print(json.dumps(run(place, int(sys.argv[1]), within=1800), indent=2))
