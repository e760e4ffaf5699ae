"""The ledger of a running service, watched from outside by the command."""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.acceptance.lrs_process import lrs_process

UNITS = Path(__file__).parents[2] / "examples/units/enterprise-safety.yaml"
SOON = 5


def lrs(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "lrs", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_what_happened_is_signed_within_seconds_and_can_be_watched(tmp_path):
    with lrs_process(tmp_path) as xapi:
        log = xapi.replace("/xapi/", "/ledger")
        done = lrs("units", "publish", str(UNITS), f"--data={tmp_path}/data")
        assert done.returncode == 0, done.stderr
        deadline, text = time.monotonic() + SOON, ""
        while not text and time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{log}/checkpoint") as answer:
                    text = answer.read().decode()
            except urllib.error.HTTPError:
                time.sleep(0.05)
        assert text.splitlines()[1] == "1"
        for expected in ("seen for the first time", "goes on from the 1 seen before"):
            watched = lrs("verify", "--monitor", log, f"--state={tmp_path}/state.json")
            assert watched.returncode == 0, watched.stdout + watched.stderr
            assert expected in watched.stdout
