"""A service that holds the demonstration's cohort, in processes of its own."""

import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from lrs.lifeline import bound_to_this_process
from lrs.store.sqlite.store import SqliteStore
from tests.acceptance.lrs_process import KEY, SECRET, lrs_process

FILLED_WITHIN = 120


class Console(NamedTuple):
    """A service that holds the demonstration's cohort: its address, its data, and the password
    of those whom the demonstration lets in, each by the name of their role.
    """

    url: str
    data: Path
    password: str

    def credentials(self, role):
        return (KEY, SECRET) if role == "administrator" else (role, self.password)


@contextmanager
def filled_console(folder, classes):
    """Serve in the folder, with so many of the demonstration's classes, and its bank."""
    with lrs_process(folder) as xapi, (folder / "fill.log").open("wb") as log:
        url, data = xapi.removesuffix("/xapi/"), folder / "data"
        filling = subprocess.Popen(
            [sys.executable, "-m", "lrs.demo.fill", url, str(classes)],
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **bound_to_this_process(), "LRS_DATA": str(data)},
        )
        try:
            wait_until_filled(filling, data, folder / "fill.log")
            password = re.search(r"password  (\w+)", (folder / "fill.log").read_text())
            yield Console(url, data, password.group(1))
        finally:
            filling.terminate()
            filling.wait(20)


def wait_until_filled(filling, data, log):
    store = SqliteStore(data / "lrs.db")
    try:
        deadline = time.monotonic() + FILLED_WITHIN
        while not (
            (data / "filled").exists()
            and store.records.checkpoint() == store.statements.last_seq()
            and not store.achievements.due(1)
            and not {"queued", "sent"} & store.figures.counts("claim").keys()
        ):
            if filling.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the demonstration was not filled:\n{log.read_text()}")
            time.sleep(0.1)
    finally:
        store.close()
