"""An enterprise of 100,000 employees: exports in bounded memory, and the pace of the rest."""

import json
import subprocess
import sys
import time
from datetime import UTC, date, datetime

import pytest

from lrs.store.achievements import DueEvaluation, Evaluation
from lrs.store.organisations import SharedQuery
from lrs.store.sqlite.store import SqliteStore
from schemas.achievements import Achievement
from schemas.audit import Act
from schemas.organisations import Consent, Employment, Organisation

ACT = Act(principal="test", action="tested", subject="it")
EMPLOYEES = 100_000
MOST = 200 * 1024
"""KiB of resident memory at the most."""

EXPORT = """
import json, resource, sys
from pathlib import Path
from lrs.app import create_app
from lrs.settings import Settings
folder, kind = sys.argv[1:]
app = create_app(Settings(data=Path(folder), public_url="http://localhost"))
app.extensions["lrs"].credentials.ensure("admin", "s3cret", name="Administrator")
url = f"/api/v1/enterprise/export?organisation=acme&format={kind}"
answer = app.test_client().get(url, auth=("admin", "s3cret"), buffered=False)
size = lines = 0
for piece in answer.response:
    size += len(piece)
    lines += piece.count(b"\\n")
app.extensions["lrs"].close()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"status": answer.status_code, "size": size, "lines": lines, "peak": peak}))
"""


def in_thousands(items):
    for at in range(0, len(items), 1000):
        yield items[at : at + 1000]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bulk")
    store = SqliteStore(folder / "lrs.db")
    store.organisations.put(Organisation(id="acme", kind="enterprise", name="ACME"), ACT)
    people = [f"persona-{number:06}" for number in range(EMPLOYEES)]
    today = date(2026, 3, 1)
    for some in in_thousands(people):
        store.organisations.employ(
            [
                Employment(
                    organisation="acme",
                    persona=one,
                    since=date(2020, 1, 1),
                    employee=one,
                    department=f"department {int(one[-2:])}",
                )
                for one in some
            ],
            today,
            ACT,
        )
        store.organisations.consent(
            [
                Consent(organisation="acme", persona=one, level="achievements", by="test")
                for one in some
            ],
            today,
            ACT,
        )
        store.achievements.settle([evaluation(one) for one in some])
    store.close()
    return folder


def evaluation(persona):
    return Evaluation(
        due=DueEvaluation(persona, "U1", 0),
        achievement=Achievement(
            id=f"{persona}-U1",
            persona=persona,
            unit="U1",
            version=1,
            state="verified",
            achieved_at=datetime(2026, 1, 15, tzinfo=UTC),
            evidence_hash="0" * 64,
        ),
    )


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["ndjson", "csv", "xlsx"])
def test_an_export_of_all_employees_stays_within_200_mib(folder, kind):
    begun = time.monotonic()
    run = subprocess.run(
        [sys.executable, "-c", EXPORT, str(folder), kind],
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(run.stdout.splitlines()[-1])
    print(f"{kind}: {told} in {time.monotonic() - begun:.1f} s")
    assert told["status"] == 200
    assert told["peak"] < MOST
    expected = {"ndjson": EMPLOYEES, "csv": EMPLOYEES + 1}
    assert told["lines"] == expected.get(kind, told["lines"])


@pytest.mark.soak
def test_a_summary_and_the_changes_are_read_without_counting(folder):
    store = SqliteStore(folder / "lrs.db")
    query = SharedQuery(organisation="acme")
    lines = store.organisations.summary(query, None, 1000)
    assert (len(lines), sum(one.count for one in lines)) == (100, EMPLOYEES)
    place = told = 0
    while page := store.organisations.changes(query, place, 1000):
        place, told = page[-1].seq, told + len(page)
    assert told == EMPLOYEES
    store.close()
