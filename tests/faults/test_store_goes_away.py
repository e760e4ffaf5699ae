"""The disk under the store: a log torn by a kill, a folder that goes away and comes back, a file
system that takes no writes.
"""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from urllib.parse import urlsplit

import pytest

from lrs.lifeline import bound_to_this_process
from lrs.store.sqlite.store import SqliteStore
from tests.acceptance.lrs_process import lrs_process
from tests.faults.test_disk_and_clock import BASIC
from tests.unit.unit_service import learner

WRITER = """
import json, os, sys, uuid
from pathlib import Path
from lrs.app import create_app
from lrs.settings import Settings
from tests.unit.unit_service import learner
from tests.unit.xapi_service import Client

app = create_app(Settings(data=Path(sys.argv[1]), public_url="http://lrs.example"))
app.extensions["lrs"].credentials.ensure("admin", "s3cret", name="Administrator")
app.extensions["lrs"].store.database._writer.execute("PRAGMA wal_autocheckpoint = 0")
client = Client(app)
for number in range(int(sys.argv[2])):
    (one,) = client.post_statements([learner(number)])
    size = os.stat(Path(sys.argv[1]) / "lrs.db-wal").st_size
    print(json.dumps([one, size]), flush=True)
os.kill(os.getpid(), 9)
"""


def killed_writer(data, count):
    """What a process that was killed acknowledged, each with the length of the log then."""
    done = subprocess.run(
        [sys.executable, "-c", WRITER, str(data), str(count)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def held(data):
    store = SqliteStore(data / "lrs.db")
    try:
        assert store.database.read().execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return [str(uuid.UUID(bytes=one.id)) for one in store.statements.following(0, 1000)]
    finally:
        store.close()


def test_a_write_that_was_torn_off_after_what_was_acknowledged_loses_nothing(tmp_path):
    """The kill came in the middle of the next write: half of its pages, or garbage, are there."""
    acknowledged = killed_writer(tmp_path, 8)
    log = tmp_path / "lrs.db-wal"
    whole = log.read_bytes()
    torn = whole[len(whole) - 3000 :] + os.urandom(5000)
    log.write_bytes(whole + torn)
    assert held(tmp_path) == [one for one, _ in acknowledged]


@pytest.mark.parametrize("damage", ["cut", "garbled"])
def test_what_a_lying_disk_loses_is_the_end_and_the_store_goes_on(tmp_path, damage):
    """A disk that acknowledged what it had not written: the last of the log is cut or garbled.

    What is lost then is what came last, whole statements, never one in the middle or half of one.
    """
    acknowledged = killed_writer(tmp_path, 8)
    log = tmp_path / "lrs.db-wal"
    place = acknowledged[4][1] + 2000
    whole = log.read_bytes()
    end = b"" if damage == "cut" else os.urandom(len(whole) - place)
    log.write_bytes(whole[:place] + end)
    assert held(tmp_path) == [one for one, _ in acknowledged[:5]]
    again = killed_writer(tmp_path, 2)
    assert held(tmp_path) == [one for one, _ in (*acknowledged[:5], *again)]


class Service:
    """A running service, asked with a connection of its own each time."""

    def __init__(self, xapi):
        self.where = urlsplit(xapi)
        self.acknowledged, self.asked = [], 0

    def ask(self, path, body=None):
        connection = http.client.HTTPConnection(self.where.hostname, self.where.port, timeout=20)
        headers = {
            "Authorization": f"Basic {BASIC}",
            "Content-Type": "application/json",
            "X-Experience-API-Version": "2.0.0",
        }
        with contextlib.closing(connection):
            try:
                connection.request("POST" if body else "GET", path, body, headers)
                answer = connection.getresponse()
                return answer.status, answer.read()
            except (OSError, http.client.HTTPException):
                return 0, b""  # killed or not up yet: no answer, which callers wait for or count

    def post(self):
        self.asked += 1
        status, body = self.ask("/xapi/statements", json.dumps([learner(self.asked)]).encode())
        if status == 200:
            self.acknowledged += json.loads(body)
        return status

    def failing(self):
        """The checks that fail, and /readyz answers accordingly."""
        time.sleep(1.1)  # longer than an answer stands
        status, body = self.ask("/readyz")
        failing = json.loads(body)["failing"]
        assert status == (503 if failing else 200)
        return failing

    def until(self, wanted, within=15):
        """Ask until a statement is answered so."""
        deadline = time.monotonic() + within
        while (status := self.post()) != wanted and time.monotonic() < deadline:
            time.sleep(0.2)
        assert status == wanted

    def every_one_is_there(self):
        for one in self.acknowledged:
            assert self.ask(f"/xapi/statements?statementId={one}")[0] == 200


def test_a_folder_that_goes_away_and_comes_back_costs_nothing_that_was_acknowledged(tmp_path):
    """As a disk that is unmounted: nothing is acknowledged that would go nowhere."""
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    with lrs_process(tmp_path) as xapi:
        service = Service(xapi)
        service.until(200)
        data.rename(elsewhere)
        assert [service.post() for _ in range(3)] == [503, 503, 503]
        assert service.failing() == ["store"]
        elsewhere.rename(data)
        service.until(200)
        assert service.failing() == []
        service.every_one_is_there()
    assert held(data) == service.acknowledged


def test_a_process_that_is_started_again_while_the_disk_is_away_begins_no_empty_store(tmp_path):
    data = tmp_path / "data"
    env = {**os.environ, **bound_to_this_process(), "LRS_DATA": str(data)}
    for command in (
        ["-m", "lrs.background"],
        ["-c", "from lrs.app import create_app; create_app()"],
    ):
        done = subprocess.run(
            [sys.executable, *command], env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        assert "is its disk mounted?" in done.stderr
        assert not data.exists()


@contextlib.contextmanager
def mounted(folder):
    """A small file system of its own in the folder; gives what mounts it anew with options."""

    def mount(*options):
        command = ["mount", "-t", "tmpfs", *options, "lrs-test", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if "permission denied" in done.stderr or "must be superuser" in done.stderr:
            # Mounting takes root or a container that allows it; with CI=true a skip is a failure.
            pytest.skip("this user may not mount a file system")
        assert done.returncode == 0, done.stderr

    folder.mkdir()
    mount("-o", "size=160m")
    try:
        yield lambda how: mount("-o", f"remount,{how}")
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_store_on_a_read_only_disk_says_so_and_serves_again_once_it_can_be_written(tmp_path):
    with mounted(tmp_path / "disk") as remount:
        data = tmp_path / "disk" / "data"
        acknowledged = [one for one, _ in killed_writer(data, 3)]
        remount("ro")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "lrs", "serve", f"--data={data}", f"--port={port}"],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        assert done.returncode == 1
        assert "Read-only file system" in done.stderr
        assert "Traceback" not in done.stderr
        remount("rw")
        assert held(data) == acknowledged


def test_a_disk_that_is_full_refuses_and_loses_nothing(tmp_path):
    """The disk itself, filled by another program, under the running service."""
    with mounted(tmp_path / "disk"), lrs_process(tmp_path / "disk") as xapi:
        service = Service(xapi)
        service.until(200)
        other = tmp_path / "disk" / "other"
        # Until there is no space left, which is an OSError.
        with pytest.raises(OSError, match="No space left"), other.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        service.until(503)
        assert service.failing() == ["store"]
        other.unlink()
        service.until(200)
        assert service.failing() == []
        service.every_one_is_there()
        assert service.acknowledged
