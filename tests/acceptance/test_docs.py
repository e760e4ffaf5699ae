"""What the documentation tells to type works, and names only what there is.

Blocks marked `sh` are run, in order, in a folder of their own; those that need another machine are
marked `sh norun`, and like all text are checked for commands and options that do not exist.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from lrs.cli import lrs

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("docs/*.md"), ROOT / "README.md"])
BLOCK = re.compile(r"^( *)```sh( norun)?\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(lrs [^`\n]+)`")
TARGET = re.compile(r"\bmake ([a-z]+)\b")

RUN = ["operations", "retention", "research"]
"""The pages whose commands are run here; those of others are run by the tests of their part."""


def blocks(page):
    return [(norun, code) for _, norun, code in BLOCK.findall(page.read_text("utf-8"))]


def typed(page):
    """Every command line of `lrs` that the page shows."""
    lines = [
        line.split("#")[0].strip()
        for _, code in blocks(page)
        for line in code.replace("\\\n", " ").splitlines()
    ]
    lines = [part.strip() for line in lines for part in line.split("&&")]
    return [
        line.removeprefix("/opt/lrs/bin/").removeprefix(".venv/bin/")
        for line in lines
        if re.match(r"(\S*/)?lrs ", line)
    ] + INLINE.findall(page.read_text("utf-8"))


def fault(line):
    """What of a command line does not exist, None where all does."""
    words = shlex.split(line.replace("…", ""))[1:]
    command, context = lrs, click.Context(lrs)
    while words and isinstance(command, click.Group) and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        if found is None:
            return f"no command {words[0]}"
        command = found
        words.pop(0)
    known = {
        name for one in command.get_params(context) for name in (*one.opts, *one.secondary_opts)
    }
    known.add("--help")
    unknown = [word for word in words if word.startswith("--") and word.split("=")[0] not in known]
    return f"no option {unknown[0]}" if unknown else None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_and_options_exist(page):
    faults = [(line, fault(line)) for line in typed(page)]
    assert [one for one in faults if one[1]] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_make_targets_exist(page):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    shown = [code for _, code in blocks(page)] + re.findall(r"`(make [^`]+)`", page.read_text())
    assert {target for text in shown for target in TARGET.findall(text)} <= targets


@pytest.mark.parametrize("name", RUN)
def test_the_blocks_of_a_page_run(name, tmp_path):
    """Each in turn, by a shell that ends at the first failure; /srv is in the test's folder."""
    secret = tmp_path / "srv" / "safe" / "secret.key"
    secret.parent.mkdir(parents=True)
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("LRS_")
    } | {
        "LRS_DATA": str(tmp_path / "data"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    units = ROOT / "examples/units/enterprise-safety.yaml"
    run("lrs units publish " + shlex.quote(str(units)), tmp_path, environment)
    shutil.copy(tmp_path / "data" / "secret.key", secret)
    runnable = [code for norun, code in blocks(ROOT / f"docs/{name}.md") if not norun]
    assert runnable
    for code in runnable:
        run(code.replace("/srv/", f"{tmp_path}/srv/"), tmp_path, environment)


def run(code, folder, environment):
    done = subprocess.run(
        ["bash", "-eu", "-c", code],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, f"{code}\n{done.stdout}{done.stderr}"
