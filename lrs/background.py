"""The background process: brings projections up to date until it is told to stop."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable

from lrs.lifeline import exit_with_parent
from lrs.service import Service
from lrs.settings import Settings

IDLE = 0.1
"""Seconds between two looks for work where there was none."""

Step = Callable[[], bool]
"""Does one bounded piece of work and tells whether there was any."""


def steps(service: Service) -> list[Step]:
    """Return the background work of a service, in the direction of the data."""
    return []


def run(work: list[Step], stopping: threading.Event) -> None:
    """Do all steps in turn until `stopping` is set.

    A step that fails is tried again later and does not keep the others from their work.
    """
    while not stopping.is_set():
        busy = False
        for step in work:
            try:
                busy |= step()
            except Exception:
                logging.getLogger("lrs").exception("a background step failed; it is tried again")
        if not busy:
            stopping.wait(IDLE)


def main() -> None:
    """Run until SIGTERM, or until the parent is gone where LRS_EXIT_WITH_PARENT is set."""
    exit_with_parent()
    stopping = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stopping.set())
    service = Service(Settings.from_environment())
    try:
        run(steps(service), stopping)
    finally:
        service.close()


if __name__ == "__main__":
    main()
