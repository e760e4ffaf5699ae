"""Real processes killed in the middle of the ledger's checkpoint and of a rebuild of records."""

import signal
import subprocess
import sys
import time

from lrs.auth.secrets import RootSecret
from lrs.ledger.merkle import range_hash
from lrs.ledger.tiles import TiledTree
from lrs.store.sqlite.store import SqliteStore
from tests.bench.cohort import statements
from tests.unit.ledgers import LedgerAtWork
from tests.unit.records_service import dump, post, project, records_service

APPENDING = """
import os, sys
from pathlib import Path
from lrs.auth.secrets import RootSecret
from lrs.store.sqlite.store import SqliteStore
from tests.unit.ledgers import LedgerAtWork

store = SqliteStore(Path(sys.argv[1]))
ledger = LedgerAtWork.with_secret(store, RootSecret(bytes(32)))
left = int(sys.argv[2])
def traced(sql):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), 9)
store.database._writer.set_trace_callback(traced)
while ledger.appender.step():
    pass
"""

REBUILDING = """
import sys
from lrs.records import rebuild
rebuild.BATCH = 100
from lrs.cli import lrs
lrs(["records", "rebuild", f"--data={sys.argv[1]}"])
"""


def child(program, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def test_an_appender_killed_at_any_write_leaves_the_ledger_as_it_was_signed(tmp_path):
    """Killed before the first, the second, … of all that it writes, and gone on with each time."""
    file = tmp_path / "lrs.db"
    store = SqliteStore(file)
    ledger = LedgerAtWork.with_secret(store, RootSecret(bytes(32)))
    ledger.grow(3)
    kills, seen = 0, []
    for step in (1, 3, 5, 8, 12):
        seen.append(store.ledger.checkpoint())
        ledger.note(6)
        process = child(APPENDING, file, step)
        assert process.wait(30) in (0, -signal.SIGKILL), process.stderr.read()
        kills += process.returncode != 0
        # Whole or not at all: leaves, tiles and checkpoint are of one size.
        size, _ = store.ledger.place()
        assert store.ledger.checkpoint().size == size
    assert kills >= 4
    while ledger.appender.step():
        pass
    size, last = store.ledger.place()
    assert (size, last) == (33, store.facts.after(0, 100)[-1].seq)
    for one in [*seen, store.ledger.checkpoint()]:
        assert range_hash(0, one.size, TiledTree(store.ledger.tile).hash_of) == one.root
    store.close()


def test_a_rebuild_killed_again_and_again_ends_in_the_same_records(tmp_path):
    """Also where statements come in meanwhile."""
    cohort = list(statements(1200))
    with records_service(tmp_path) as service:
        post(service, *cohort[:1000])
        project(service, batch=500)
        projections = service.store.projections
        before = dump(service, projections.checkpoint().generation)
        for reached in (100, 600):
            process = child(REBUILDING, tmp_path)
            while (building(service) or 0) < reached and process.poll() is None:
                time.sleep(0.002)
            process.kill()
            assert process.wait(30) == -signal.SIGKILL, process.stderr.read()
            serving = projections.checkpoint().generation
            assert dump(service, serving) == before
        post(service, *cohort[1000:])
        project(service, batch=500)
        expected = dump(service, projections.checkpoint().generation)
        process = child(REBUILDING, tmp_path)
        assert process.wait(60) == 0, process.stderr.read()
        assert projections.checkpoint().generation != serving
        assert dump(service, projections.checkpoint().generation) == expected


def building(service):
    row = (
        service.store.database.read()
        .execute("SELECT seq FROM generation WHERE state = 'building'")
        .fetchone()
    )
    return row and row[0]
