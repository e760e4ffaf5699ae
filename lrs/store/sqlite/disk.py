"""Commits brought to the disk: one fsync for those of all threads and all processes.

SQLite's own fsync at each commit would be made by whoever holds the turn to write, with all others
waiting. So a commit only writes to the log, and the turn goes on. Then everybody waits for an
fsync that began after their commit; whoever makes one makes it for all that have committed before.
"""

from __future__ import annotations

import fcntl
import os
import struct
import threading
from collections.abc import Callable
from pathlib import Path


class Disk:
    """Brings the log of one database file to the disk. Safe to use from many threads.

    The file `synced` beside the database holds the instant of the last commit that is on the disk,
    and is the lock that whoever makes an fsync holds.
    """

    def __init__(self, database: Path) -> None:
        self._log = Path(f"{database}-wal")
        self._descriptor = os.open(
            database.with_name("synced"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        # What it says may be of before a loss of power, with a clock that was ahead of this one.
        os.pwrite(self._descriptor, struct.pack("<q", 0), 0)
        self._log_descriptor: int | None = None
        self._one_at_a_time = threading.Lock()
        self._synced = 0
        self._failed: OSError | None = None

    def bring(self, instant: int, committed: Callable[[], int]) -> None:
        """Return once all commits up to the instant are on the disk.

        `committed` gives the instant of the last one made. Raises OSError where the disk fails,
        and from then on always: the system may forget what it could not write.
        """
        if self._synced >= instant:
            return
        with self._one_at_a_time:
            if self._synced >= instant:
                return
            if self._failed is not None:
                raise OSError(*self._failed.args)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            try:
                self._synced = struct.unpack("<q", os.pread(self._descriptor, 8, 0))[0]
                if self._synced < instant:
                    self._sync(committed())
            except OSError as error:
                self._failed = error
                raise
            finally:
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def _sync(self, through: int) -> None:
        if self._log_descriptor is None:
            self._log_descriptor = os.open(self._log, os.O_RDWR | os.O_CLOEXEC)
        os.fdatasync(self._log_descriptor)
        os.pwrite(self._descriptor, struct.pack("<q", through), 0)
        self._synced = through

    def close(self) -> None:
        """Let go of the files."""
        os.close(self._descriptor)
        if self._log_descriptor is not None:
            os.close(self._log_descriptor)
