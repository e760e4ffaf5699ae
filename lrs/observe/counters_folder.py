"""The folder in which the processes of one run keep their counters for each other.

Apart from `metrics`, whose library decides at its import whether there is such a folder: the
process that names it must not have imported it before.
"""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def prepare(data: Path) -> None:
    """Make the folder, empty, and name it to the processes that this one starts."""
    folder = data / "metrics"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in folder.glob("*.db"):
        old.unlink(missing_ok=True)
    os.environ[VARIABLE] = str(folder)
