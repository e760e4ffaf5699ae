"""Child processes that end when the process that started them is gone."""

from __future__ import annotations

import os
import threading
import time


def exit_with_parent(poll: float = 0.3) -> None:
    """End this process at once when its parent has died, so that no orphan keeps a port.

    Everything acknowledged is on disk at any moment, so there is nothing to tidy up.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(poll)
        os._exit(1)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()
