"""The SQLite file: readers on their own threads, writers in turns, many writes to one fsync.

Of the threads of a process that want to write, one leads: it takes the turn that all processes
share (an exclusive lock on the file `turn`), opens a transaction, runs all work that waits, its
own and that of others, each piece behind its own savepoint, and commits once. A piece that raises
leaves nothing behind and does not disturb the others. The turn then goes on, and callers return
once an fsync has brought their commit to the disk (`lrs.store.sqlite.disk`). A thread that is
alone never waits for another one to be woken.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import struct
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from lrs.store.errors import StoreError
from lrs.store.sqlite.disk import Disk
from lrs.store.sqlite.migration import LaterVersion, MovedAway, bring_up_to_date

Result = TypeVar("Result")

GROUP_LIMIT = 256
"""Pieces of work in one transaction at the most, so that no caller waits for all others."""

LOG_PAGES = 4_000
"""Pages in SQLite's log before they are copied into the file: many change again within so few
transactions, and are copied once. Whoever does it holds up others for some tens of milliseconds.
"""

JUST_NOW = 20_000
"""Microseconds: where a transaction was committed less long ago, its instant is late enough for
those who read, and nobody's turn to write is disturbed by asking for a later one.
"""


class _Connection(sqlite3.Connection):
    """A connection that is closed with the thread that it was opened for: the web server ends
    threads that have nothing to do.
    """


class Transaction:
    """One open write transaction.

    `instant` is its time in microseconds since the epoch, later than that of every earlier
    transaction of any process and than every instant a reader was ever promised.
    """

    def __init__(self, connection: sqlite3.Connection, instant: int) -> None:
        self._connection = connection
        self.instant = instant

    def execute(self, sql: str, values: Iterable[Any] = ()) -> sqlite3.Cursor:
        """Run one statement."""
        return self._connection.execute(sql, tuple(values))

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> sqlite3.Cursor:
        """Run one statement for every row."""
        return self._connection.executemany(sql, rows)


class Turn:
    """The turn to write, shared by all processes, and the last instant given out.

    Instants live in the lock file beside the database: whoever holds the lock reads the last
    one and leaves a later one, so that they grow across processes even when a clock steps back.
    Behind it stands that of the last transaction that was committed.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Wait for the turn and hold it."""
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def try_now(self) -> int | None:
        """Return an instant before which nothing can still be written, or None while another
        process or thread writes.
        """
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        try:
            return self.next_instant()
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def next_instant(self) -> int:
        """Return a new instant, the latest so far. The turn must be held."""
        instant = max(time.time_ns() // 1000, self._last() + 1)
        os.pwrite(self._descriptor, struct.pack("<q", instant), 0)
        return instant

    def committed(self) -> int:
        """Return the instant of the last transaction that was committed."""
        return self._at(8)

    def commit(self, instant: int) -> None:
        """Keep that a transaction was committed. The turn must be held."""
        os.pwrite(self._descriptor, struct.pack("<q", instant), 8)

    def now(self) -> int:
        """Return the time, never before an instant that was given out."""
        return max(time.time_ns() // 1000, self._last())

    def _last(self) -> int:
        return self._at(0)

    def _at(self, place: int) -> int:
        kept = os.pread(self._descriptor, 8, place)
        return int(struct.unpack("<q", kept)[0]) if len(kept) == 8 else 0

    def close(self) -> None:
        """Let go of the lock file."""
        os.close(self._descriptor)


class Database:
    """One SQLite file and this process's way to it. Safe to use from many threads."""

    def __init__(self, path: Path) -> None:
        """Open the file, making it and its tables where they are missing.

        Raises StoreError where it cannot be opened or is of a later version.
        """
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._turn = Turn(path.with_name("turn"))
            self._reader_turn = Turn(path.with_name("turn"))
        except OSError as error:
            raise StoreError(f"{path} cannot be opened: {error.strerror}") from error
        self._place = _place_of(path)
        self._local = threading.local()
        self._readers: weakref.WeakSet[_Connection] = weakref.WeakSet()
        self._readers_lock = threading.Lock()
        self._writer = self._connect()
        self._prepare_schema()
        # From now on it is the disk that brings commits there, not SQLite.
        self._writer.execute("PRAGMA synchronous = NORMAL")
        self._disk = Disk(path)
        self._waiting: deque[_Job] = deque()
        self._lead = threading.Lock()
        self._closed = False

    def read(self) -> sqlite3.Connection:
        """Return this thread's connection, which only reads."""
        connection: _Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._connect()
            connection.execute("PRAGMA query_only = ON")
            self._local.connection = connection
            with self._readers_lock:
                self._readers.add(connection)
        return connection

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Give this thread's connection with all reads inside seeing one state."""
        connection = self.read()
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            connection.execute("COMMIT")

    def write(self, work: Callable[[Transaction], Result]) -> Result:
        """Run `work` in a transaction and return its result once it is on disk.

        What `work` raises is raised here, with nothing of it written.
        """
        job = _Job(work)
        self._waiting.append(job)
        with self._lead:
            while not job.settled:
                self._run_waiting()
        result: Result = job.result()
        try:
            self._disk.bring(job.committed, self._turn.committed)
        except OSError as error:
            raise StoreError(f"the store could not be brought to the disk: {error}") from error
        return result

    def now(self) -> int:
        """Return the time in microseconds since the epoch, never before that of any write."""
        return self._reader_turn.now()

    def consistent_through(self) -> int:
        """Return an instant (microseconds) up to which nothing more can appear.

        Ask before the read it is to vouch for.
        """
        committed = self._reader_turn.committed()
        if time.time_ns() // 1000 - committed < JUST_NOW:
            return committed
        now = self._reader_turn.try_now()
        if now is not None:
            return now
        row = self.read().execute("SELECT stored FROM statement ORDER BY seq DESC LIMIT 1")
        found = row.fetchone()
        return int(found[0]) if found else 0

    def close(self) -> None:
        """Finish the work that waits and close every connection."""
        with self._lead:
            if self._closed:
                return
            self._closed = True
            with suppress(OSError):  # whoever waits is told of it
                self._disk.bring(self._turn.committed(), self._turn.committed)
            self._writer.close()
        with self._readers_lock:
            for connection in self._readers:
                connection.close()
        self._disk.close()
        self._turn.close()
        self._reader_turn.close()

    def _connect(self) -> _Connection:
        try:
            connection = sqlite3.connect(
                self._path,
                isolation_level=None,
                check_same_thread=False,
                timeout=60,
                factory=_Connection,
            )
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA cache_size = -32768")
            connection.execute("PRAGMA temp_store = MEMORY")
        except sqlite3.Error as error:
            raise StoreError(f"{self._path} cannot be opened: {error}") from error
        return connection

    def _prepare_schema(self) -> None:
        with self._turn.held():
            try:
                bring_up_to_date(self._writer)
            except MovedAway:
                raise StoreError(
                    f"{self._path} was moved to MongoDB: set LRS_STORE to its address there"
                ) from None
            except LaterVersion as error:
                raise StoreError(
                    f"{self._path} was written by a later version of this program "
                    f"({error} is not known here): upgrade the program"
                ) from None

    def _run_waiting(self) -> None:
        """Run the work that waits, all of it with one commit. The lead must be held."""
        group: list[_Job] = []
        committed = 0
        try:
            if self._closed:
                raise StoreError("the store is closed")
            with self._turn.held():
                if _place_of(self._path) != self._place:
                    raise StoreError(f"{self._path} is not there any more")
                self._writer.execute("BEGIN IMMEDIATE")
                transaction = Transaction(self._writer, self._turn.next_instant())
                changes = self._writer.total_changes
                first = True
                while self._waiting and len(group) < GROUP_LIMIT:
                    group.append(self._waiting.popleft())
                    first = not group[-1].run(self._writer, transaction, first=first) and first
                self._writer.execute("COMMIT")
                if self._writer.total_changes > changes:
                    self._turn.commit(transaction.instant)
                # Who changed nothing may have found what another one has changed just now.
                committed = self._turn.committed()
        except BaseException as error:
            if not self._closed and self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            failure = StoreError(f"the store could not be written: {error}")
            failure.__cause__ = error
            group += self._waiting
            self._waiting.clear()
            for job in group:
                job.error = failure
        for job in group:
            job.committed = committed
            job.settled = True


def _place_of(path: Path) -> tuple[int, int] | None:
    """Return which file is under the path: what is written into one that was moved away, or whose
    disk is unmounted, would be found by nobody.
    """
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


class _Job:
    """One piece of work; `settled` once it is known what came of it, `committed` the instant up to
    which commits have to be on the disk before that is told.
    """

    def __init__(self, work: Callable[[Transaction], Any]) -> None:
        self._work = work
        self._result: Any = None
        self.error: BaseException | None = None
        self.settled = False
        self.committed = 0

    def run(self, connection: sqlite3.Connection, transaction: Transaction, *, first: bool) -> bool:
        """Do the work; False, with nothing of it written, where it raises an error.

        What is first in its transaction needs no savepoint, for which SQLite copies each page
        that is changed, and beyond 64 KiB into a file.
        """
        if not first:
            connection.execute("SAVEPOINT piece")
        try:
            self._result = self._work(transaction)
        except sqlite3.OperationalError:
            # The disk or the file fails, not this piece alone: nothing of the group may stand.
            raise
        except BaseException as error:
            self.error = error
            connection.execute("ROLLBACK" if first else "ROLLBACK TO piece")
            if first:
                connection.execute("BEGIN IMMEDIATE")
        if not first:
            connection.execute("RELEASE piece")
        return self.error is None

    def result(self) -> Any:
        if self.error is not None:
            raise self.error
        return self._result
