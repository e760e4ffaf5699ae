"""Child processes that end when the process that started them is gone."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping

VARIABLE = "LRS_EXIT_WITH_PARENT"
"""Holds the id of the process to live and die with."""


def bound_to_this_process() -> Mapping[str, str]:
    """Return the environment of children that are to end with this process."""
    return {VARIABLE: str(os.getpid())}


def is_bound() -> bool:
    """Tell whether this process was started to live and die with another one."""
    return VARIABLE in os.environ


def exit_with_parent(poll: float = 0.3) -> None:
    """Where it was asked for, end this process at once when its parent is gone.

    No orphan keeps a port. Everything acknowledged is on disk at any moment, so there is
    nothing to tidy up.
    """
    parent = os.environ.get(VARIABLE, "")
    if not parent.isdecimal():
        return

    def watch() -> None:
        while os.getppid() == int(parent):
            time.sleep(poll)
        os._exit(1)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()
