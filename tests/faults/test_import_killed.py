import contextlib
import os
import random
import signal
import subprocess
import sys
import time

from lrs.store.sqlite.store import SqliteStore
from tests.unit.spreadsheets import write_csv

ROWS = 3_000
HEADER = ["学号", "姓名", "课程", "课次", "日期", "出勤", "成绩"]
TIMEOUT = 120


def rows():
    for number in range(ROWS):
        day = "soon" if number % 97 == 0 else "2026-03-07"
        learner = number - 1 if number % 53 == 0 and number else number
        yield [str(learner), "李娜", "SAFETY", "1", day, "出勤", 80]


def run(path, data):
    options = ["--home-page=https://lms.example", "--course-base=https://lms.example/course/"]
    return subprocess.Popen(
        [sys.executable, "-m", "lrs", "import", str(path), f"--data={data}", *options],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "LRS_PUBLIC_URL": "http://lrs.example", "LANG": "C"},
    )


@contextlib.contextmanager
def opened(data):
    store = SqliteStore(data / "lrs.db")
    try:
        yield store
    finally:
        store.close()


def progress(store):
    found = store.imports.page(None, 10)
    return found[0] if found else None


def outcome(data):
    """All that an import leaves, but for ids and instants of its own."""
    with opened(data) as store:
        (imported,) = store.imports.page(None, 10)
        taken = []
        while found := store.imports.rows(imported.id, taken[-1].number if taken else 0, 1000):
            taken += found
        statements = {one.id for one in store.statements.following(0, 3 * ROWS)}
        assert store.statements.last_seq() == len(statements)
        return imported.state, imported.counts, imported.through, taken, statements


def test_an_import_that_is_killed_again_and_again_ends_like_one_that_is_not(tmp_path):
    path = write_csv(tmp_path, [HEADER, *rows()])
    assert run(path, tmp_path / "whole").wait(TIMEOUT) == 1
    data, kills = tmp_path / "killed", 0
    for target in sorted(random.Random(7).sample(range(ROWS), 3)):
        process = run(path, data)
        deadline = time.monotonic() + TIMEOUT
        with opened(data) as store:
            while process.poll() is None and time.monotonic() < deadline:
                found = progress(store)
                if found is not None and found.counts.rows > target:
                    process.send_signal(signal.SIGKILL)
                    break
                time.sleep(0.001)
            process.wait(TIMEOUT)
            kills += progress(store).state == "running"
    assert kills, "no process was killed while it imported"
    assert run(path, data).wait(TIMEOUT) == 1
    assert outcome(data) == outcome(tmp_path / "whole")
    state, counts, *_ = outcome(data)
    assert state == "done"
    assert counts.refused == len(range(0, ROWS, 97))
