"""Everything killed at random (SIGKILL) under load, and what is left afterwards.

`python -m tests.faults.kills_under_load 500` prints the figures that docs/reliability.md shows; the
test in this folder runs it with fewer kills.

The load: clients that post batches and send again what was not acknowledged, imports of files,
backups, a bank that takes claims. Whatever dies is started again, by its own parent or by us.
"""

import base64
import contextlib
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from pathlib import Path

import psutil

from lrs.achievements.evaluate import activities_of, units_of
from lrs.auth.client_key import public_jwks
from lrs.backup import manifest as manifests
from lrs.backup import promised
from lrs.backup import restore as restoring
from lrs.lifeline import bound_to_this_process
from lrs.service import Service
from lrs.settings import Settings
from lrs.store.exchange import KnownReceiver
from lrs.store.sqlite.store import SqliteStore
from schemas.audit import Act
from tests.bank_process import BankProcess
from tests.unit.unit_service import learner, unit

KEY, SECRET = "load", "load-secret"
BATCH = 5
ROWS = 100
SETTLED_WITHIN = 180.0
BASIC = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()


def statement(chance):
    return learner(chance.randrange(500), id=str(uuid.UUID(int=chance.getrandbits(128), version=4)))


class Site:
    """The service and what runs beside it, each a process that may die."""

    def __init__(self, folder, chance):
        self.folder, self.data, self.backups = folder, folder / "data", folder / "backups"
        self.log = (folder / "log").open("ab")
        self.reservation = socket.socket()
        self.reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.reservation.bind(("127.0.0.1", 0))
        self.port = self.reservation.getsockname()[1]
        self.chance = chance
        self.kills = Counter()
        self.imported = set()
        self._file = None
        self.serve = self.importing = self.backing_up = None
        self.backgrounds = []

    def start(self, *command, **more):
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            stdout=self.log,
            stderr=subprocess.STDOUT,
            env={
                **os.environ,
                **bound_to_this_process(),
                "LRS_DATA": str(self.data),
                "LRS_ADMIN_KEY": KEY,
                "LRS_ADMIN_SECRET": SECRET,
                "LRS_LOG": "text",
            },
            **more,
        )

    def keep_running(self):
        """Start again what is not there any more."""
        if self.serve is None or self.serve.poll() is not None:
            self.serve = self.start("lrs", "serve", f"--port={self.port}", start_new_session=True)
        self.backgrounds = [one for one in self.backgrounds if one.poll() is None]
        if not self.backgrounds:
            self.backgrounds.append(self.start("lrs.background"))
        if self.backing_up is None or self.backing_up.poll() is not None:
            self.backing_up = self.start("lrs", "backup", str(self.backups), "--keep=4")
        if self.importing is None or self.importing.poll() is not None:
            if self.importing is None or self.importing.returncode == 0:
                self._next_file()
            self.importing = self.start("lrs", "import", str(self._file))

    def _next_file(self):
        if self._file is not None:
            self.imported |= {line["id"] for line in map(json.loads, self._file.open())}
            self._file.unlink()
        self._file = self.folder / f"statements-{self.chance.getrandbits(64)}.ndjson"
        self._file.write_text(
            "".join(f"{json.dumps(statement(self.chance))}\n" for _ in range(ROWS))
        )

    def kill_one(self):
        """Kill something, at random; return what, None where it was not there."""
        what = self.chance.choice(["worker", "service", "background", "import", "backup"])
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if what == "service":
                os.killpg(self.serve.pid, signal.SIGKILL)
                self.serve.wait()
            elif what == "worker":
                children = psutil.Process(self.serve.pid).children()
                self.chance.choice(children).kill() if children else None
            else:
                process = {
                    "background": self.backgrounds[0],
                    "import": self.importing,
                    "backup": self.backing_up,
                }[what]
                if process.poll() is not None:
                    return
                process.kill()
                process.wait()
            self.kills[what] += 1

    def finish(self):
        """Let imports and backups come to their end, and wait until nothing waits."""
        deadline = time.monotonic() + SETTLED_WITHIN
        while time.monotonic() < deadline:
            if self.serve.poll() is not None:
                self.serve = self.start(
                    "lrs", "serve", f"--port={self.port}", start_new_session=True
                )
            if self.importing.poll() not in (None, 0):
                self.importing = self.start("lrs", "import", str(self._file))
            if self.backing_up.poll() not in (None, 0):
                self.backing_up = self.start("lrs", "backup", str(self.backups), "--keep=4")
            done = self.importing.poll() == 0 and self.backing_up.poll() == 0
            if done and self._at_rest():
                self._next_file()
                return
            time.sleep(0.3)
        raise AssertionError(f"not at rest within {SETTLED_WITHIN} s: {self.ask('/readyz')}")

    def _at_rest(self):
        answer = self.ask("/readyz")
        return answer is not None and all(
            one.get("waiting", 0) == 0 for one in json.loads(answer[1])["checks"].values()
        )

    def ask(self, path, body=None):
        """Return status and body of an answer, None where there came none."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {
            "Authorization": f"Basic {BASIC}",
            "Content-Type": "application/json",
            "X-Experience-API-Version": "2.0.0",
        }
        try:
            connection.request("POST" if body else "GET", path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def stop(self):
        for process in (self.importing, self.backing_up, *self.backgrounds):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
        if self.serve is not None and self.serve.poll() is None:
            self.serve.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.serve.wait(20)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.serve.pid, signal.SIGKILL)
            self.serve.wait()
        self.log.close()
        self.reservation.close()


class Client(threading.Thread):
    """Posts batches, each sent again until it is acknowledged."""

    def __init__(self, site, seed, stopping):
        super().__init__(daemon=True)
        self.site, self.chance, self.stopping = site, random.Random(seed), stopping
        self.acknowledged, self.sent_again, self.refused = [], 0, []

    def run(self):
        while not self.stopping.is_set():
            batch = [statement(self.chance) for _ in range(BATCH)]
            body = json.dumps(batch)
            while True:
                answer = self.site.ask("/xapi/statements", body)
                if answer is not None and answer[0] == 200:
                    self.acknowledged += [one["id"] for one in batch]
                    break
                if answer is not None and answer[0] != 503:
                    self.refused.append(answer)
                    return
                self.sent_again += 1
                time.sleep(0.1)


class Watcher(threading.Thread):
    """Collects the checkpoints that the ledger signs: what the world was promised."""

    def __init__(self, site, stopping):
        super().__init__(daemon=True)
        self.site, self.stopping, self.notes = site, stopping, set()

    def run(self):
        while not self.stopping.wait(0.5):
            answer = self.site.ask("/ledger/checkpoint")
            if answer is not None and answer[0] == 200:
                self.notes.add(answer[1].decode())


def prepare(folder, bank_of):
    """The service's unit and bank, as its operator sets them up. Returns the bank's process."""
    service = Service(Settings(data=folder / "data", public_url="http://lrs.example"))
    jwks = folder / "jwks.json"
    jwks.write_text(json.dumps(public_jwks(service.store.client_keys, service.root_secret)))
    bank = bank_of({"lrs": str(jwks)})
    bank.start()
    service.store.exchange.put_receiver(
        KnownReceiver(
            name="bank",
            adapter="credit_bank",
            url=bank.url,
            client_id="lrs",
            institution="us",
            settings={},
        )
    )
    published = unit()
    service.store.units.publish(published, activities_of(published), units_of(published))
    service.credentials.ensure(KEY, SECRET, name="Load")
    service.close()
    return bank


def run(folder, kills, *, clients=3, every=0.7, seed=1, within=3600.0):
    """Kill `kills` times; return what was done and what was found afterwards."""
    folder, chance = Path(folder), random.Random(seed)
    bank = prepare(folder, lambda registered: BankProcess(folder, registered))
    site, stopping = Site(folder, chance), threading.Event()
    posting = [Client(site, f"{seed}-{number}", stopping) for number in range(clients)]
    watcher = Watcher(site, stopping)
    began = time.monotonic()
    try:
        site.keep_running()
        for thread in (*posting, watcher):
            thread.start()
        while not (posting[0].acknowledged and watcher.notes):
            if time.monotonic() - began > SETTLED_WITHIN:
                raise AssertionError("nothing was acknowledged, or nothing signed")
            time.sleep(0.1)
        began = time.monotonic()
        while site.kills.total() < kills and time.monotonic() - began < within:
            time.sleep(chance.uniform(0, 2 * every))
            site.kill_one()
            site.keep_running()
        took = time.monotonic() - began
        stopping.set()
        site.keep_running()
        for thread in posting:
            thread.join(120)
        site.finish()
    finally:
        stopping.set()
        site.stop()
        accepted = [one["outer_id"] for one in _bank_ledger(bank) if one["decision"] == "accepted"]
        bank.stop()
    done = {
        "kills": site.kills.total(),
        "killed": dict(sorted(site.kills.items())),
        "seconds": round(took),
        "acknowledged": sum(len(one.acknowledged) for one in posting),
        "sent_again": sum(one.sent_again for one in posting),
        "refused": [answer for one in posting for answer in one.refused],
        "imported": len(site.imported),
    }
    promises = sorted(watcher.notes)
    expected = {one for client in posting for one in client.acknowledged} | site.imported
    return done | found(folder, expected, accepted, promises)


def found(folder, expected, accepted, promises):
    """What is wrong in the store, the ledger, the bank and the backups; zeros where nothing is."""
    store = SqliteStore(folder / "data" / "lrs.db")
    read = store.database.read()
    ids = [str(uuid.UUID(bytes=row[0])) for row in read.execute("SELECT id FROM statement")]
    projected = _records(read)
    entries = promised.hold(store.ledger, promises)
    facts = read.execute("SELECT count(*), max(seq) FROM fact").fetchone()
    claims = [row[0] for row in read.execute("SELECT id FROM claim WHERE state = 'accepted'")]
    open_claims = read.execute("SELECT count(*) FROM claim WHERE state <> 'accepted'").fetchone()[0]
    integrity = read.execute("PRAGMA integrity_check").fetchone()[0]
    store.close()
    subprocess.run(
        [sys.executable, "-m", "lrs", "records", "rebuild", f"--data={folder / 'data'}"],
        check=True,
        capture_output=True,
    )
    store = SqliteStore(folder / "data" / "lrs.db")
    again = _records(store.database.read())
    store.close()
    backups = manifests.paths(folder / "backups" / "backups")
    restored = restoring.restore(
        folder / "backups", folder / "restored", Act(principal="test", action="test", subject="")
    )
    return {
        "lost": len(expected - set(ids)),
        "doubled": len(ids) - len(set(ids)),
        "not_sent": len(set(ids) - expected),
        "records": len(projected),
        "records_wrong": len(projected.items() ^ again.items()),
        "claims": len(claims),
        "claims_open": open_claims,
        "claims_doubled": len(accepted) - len(set(accepted)),
        "claims_not_at_bank": len(set(claims) ^ set(accepted)),
        "checkpoints_held": len(promises),
        "facts_without_leaf": facts[0] - entries,
        "integrity": integrity,
        "backups": len(backups),
        "restored": restored.manifest.statements,
    }


def _records(read):
    """The records that serve, by their keys."""
    rows = read.execute(
        "SELECT persona, activity, registration, state FROM record "
        "WHERE generation = (SELECT id FROM generation WHERE state = 'serving')"
    )
    return {row[:3]: row[3] for row in rows}


def _bank_ledger(bank):
    cursor = ""
    while True:
        page = bank.ask("GET", f"/ledger{cursor}")
        yield from page["entries"]
        if "next" not in page:
            return
        cursor = f"?cursor={page['next']}"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        print(json.dumps(run(place, int(sys.argv[1]), seed=random.randrange(10**6)), indent=2))
