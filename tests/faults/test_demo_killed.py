"""The demonstration killed between any two of its steps, and run again."""

import os
import re
import signal
import subprocess
import sys
from contextlib import closing, suppress

import pytest

DEMO = [sys.executable, "-m", "lrs", "demo", "--exit"]
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("LRS_")}


def start(data):
    return subprocess.Popen(
        [*DEMO, "--data", str(data)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**CLEAN, "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
    )


def kill(process):
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def run_to_the_end(data):
    with start(data) as process, closing(process.stdout):
        output = process.stdout.read()
    assert process.returncode == 0, output
    return output


def table(output):
    """The tables without what differs from bank to bank: the numbers it gives its receipts."""
    lines = [line for line in output.splitlines() if line.startswith("│")]
    return [re.sub(r"│[^│]*│$", "│", line) if "v1" in line else line for line in lines]


def receipts(output):
    return re.findall(r"accepted\s*│\s*(\S+)", output)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    output = run_to_the_end(tmp_path_factory.mktemp("undisturbed"))
    assert len(receipts(output)) == 2, output
    return table(output)


@pytest.mark.parametrize("step", range(1, 8))
def test_killed_at_a_step_and_run_again_it_ends_in_the_same_table(undisturbed, tmp_path, step):
    with start(tmp_path) as process, closing(process.stdout):
        for line in process.stdout:
            if line.startswith(f"[{step}/"):
                break
        kill(process)
    output = run_to_the_end(tmp_path)
    assert table(output) == undisturbed
    assert len(set(receipts(output))) == 2


def test_a_second_run_shows_the_same_receipts(tmp_path):
    first, second = run_to_the_end(tmp_path), run_to_the_end(tmp_path)
    assert receipts(first)
    assert table(first) == table(second)
    assert receipts(first) == receipts(second)


def test_a_run_beside_a_living_one_reports_from_it(tmp_path):
    living = subprocess.Popen(
        [*DEMO[:-1], "--data", str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**CLEAN, "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
    )
    with living, closing(living.stdout):
        shown = ""
        for line in living.stdout:
            shown += line
            if "keeps running" in line:
                break
        beside = run_to_the_end(tmp_path)
        living.send_signal(signal.SIGINT)
        assert living.wait(30) == 0
    assert "running already" in beside
    assert table(beside) == table(shown)
