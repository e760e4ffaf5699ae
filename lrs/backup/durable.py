"""Files that are there whole or not at all, also after a power failure."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write(target: Path, content: bytes, drafts: Path) -> None:
    """Put a file in place by a draft in `drafts`, a folder on the same file system."""
    descriptor, draft = tempfile.mkstemp(dir=drafts)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        Path(draft).replace(target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Bring to the disk which files are in a folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
