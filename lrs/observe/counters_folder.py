"""The folder in which the processes of one run keep their counters for each other.

Apart from `metrics`, whose library decides at its import whether there is such a folder: the
process that names it must not have imported it before.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

MEMORY = Path("/dev/shm")  # noqa: S108 - only a folder that is ours alone is used there
"""Counters are files that are mapped into memory: where a disk is full, writing to one kills."""


def prepare(data: Path) -> None:
    """Make the folder, empty, and name it to the processes that this one starts."""
    folder = _in_memory(data) or data / "metrics"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in folder.glob("*.db"):
        old.unlink(missing_ok=True)
    os.environ[VARIABLE] = str(folder)


def remove() -> None:
    """Remove the folder, once no process is left that counts."""
    folder = Path(os.environ.pop(VARIABLE))
    for old in folder.glob("*.db"):
        old.unlink(missing_ok=True)
    folder.rmdir()


def _in_memory(data: Path) -> Path | None:
    """Return a folder in memory that is ours alone; None where there can be none."""
    folder = MEMORY / f"lrs-{hashlib.sha256(os.fsencode(data)).hexdigest()[:16]}"
    try:
        folder.mkdir(exist_ok=True, mode=0o700)
        found = folder.lstat()
    except OSError:
        return None
    ours = found.st_uid == os.geteuid() and found.st_mode & 0o077 == 0
    return folder if ours and folder.is_dir() and not folder.is_symlink() else None
