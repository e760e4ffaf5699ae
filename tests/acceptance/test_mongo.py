"""The whole service on MongoDB, and an installation that moves there."""

import os
import re
import subprocess
import sys
import time

import pytest
import requests

from lrs.lifeline import bound_to_this_process
from tests.acceptance.lrs_process import KEY, SECRET, lrs_process
from tests.browser.filled import filled_console
from tests.mongo_server import mongo_server

LISTS = (
    "achievements",
    "audit-events",
    "claims",
    "devices",
    "engagements",
    "imports",
    "organisations",
    "outbox",
    "people",
    "personas",
    "quarantine",
    "receivers",
    "records",
    "sources",
    "webhooks",
)
NOT_PAGED = ("equivalences", "units", "retention")


@pytest.fixture
def mongo(tmp_path):
    with mongo_server(tmp_path / "mongo") as address:
        yield f"{address}lrs"


def lrs(*arguments, mongo):
    return subprocess.run(
        [sys.executable, "-m", "lrs", *arguments],
        env={**os.environ, **bound_to_this_process(), "LRS_STORE": mongo},
        capture_output=True,
        text=True,
        check=False,
    )


def all_of(xapi):
    """Everything that the API lists, by noun."""
    session = requests.Session()
    session.auth = (KEY, SECRET)
    site = xapi.removesuffix("/xapi/")

    def asked(path):
        answer = session.get(f"{site}{path}", timeout=60)
        answer.raise_for_status()
        return answer.json()

    found = {noun: asked(f"/api/v1/{noun}") for noun in NOT_PAGED}
    for noun in LISTS:
        found[noun], path = [], f"/api/v1/{noun}?limit=100"
        while path:
            page = asked(path)
            found[noun] += page["items"]
            path = page.get("next")
    return found


def all_once_settled(xapi):
    """Everything that the API lists, once it is the same as a moment before and nothing is on its
    way any more.
    """
    deadline = time.monotonic() + 60
    before = all_of(xapi)
    while (now := all_of(xapi)) != before or not all(item["parked"] for item in now["outbox"]):
        assert time.monotonic() < deadline, now["outbox"]
        before = now
        time.sleep(1)
    return now


def test_the_demonstration_runs_on_mongodb_and_once_more(mongo, tmp_path):
    shown = []
    for _ in range(2):
        done = lrs("demo", "--exit", f"--data={tmp_path / 'data'}", mongo=mongo)
        assert done.returncode == 0, done.stdout + done.stderr
        shown.append(sorted(set(re.findall(r"CB-\d{4}-\w+", done.stdout))))
    assert len(shown[0]) == 2
    assert shown[0] == shown[1]
    assert not (tmp_path / "data" / "lrs.db").exists()


def test_an_installation_moves_and_goes_on(mongo, tmp_path):
    with filled_console(tmp_path, classes=1) as console:
        before = all_once_settled(f"{console.url}/xapi/")
        live = lrs("migrate", "sqlite", "mongo", f"--data={console.data}", mongo=mongo)
        assert "statements are in MongoDB" in live.stdout, live.stderr
        busy = lrs("migrate", "sqlite", "mongo", "--finish", f"--data={console.data}", mongo=mongo)
        assert busy.returncode == 1
        assert "in use" in busy.stderr
    moved = lrs("migrate", "sqlite", "mongo", "--finish", f"--data={console.data}", mongo=mongo)
    assert moved.returncode == 0, moved.stdout + moved.stderr
    assert "hashes of both stores are equal" in moved.stdout
    with lrs_process(tmp_path, "--mongo", mongo) as xapi:
        after = all_of(xapi)
    for noun in before:
        assert after[noun] == before[noun], noun
    assert all(before[noun] for noun in LISTS)
