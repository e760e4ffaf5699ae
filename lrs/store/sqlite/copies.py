"""Copies of the SQLite file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from lrs.store.copies import Copied, Progress
from lrs.store.errors import StoreError
from lrs.store.sqlite.database import Database

PAGES = 4096
"""Pages copied between two reports."""


class SqliteCopies:
    """Fulfils `lrs.store.copies.Copies`."""

    def __init__(self, database: Database, file: Path) -> None:
        self._database = database
        self._file = file

    def copy(self, target: Path, progress: Progress) -> Copied:
        """Write the state of one moment to a file.

        All pages are read in one transaction, so that the copy never begins anew, however much
        is written meanwhile; what is written stays in the write-ahead log until it is done.
        """
        try:
            with (
                closing(sqlite3.connect(self._file, isolation_level=None, timeout=60)) as source,
                closing(sqlite3.connect(target, isolation_level=None)) as copy,
            ):
                instant = self._database.now()
                source.execute("BEGIN")
                last = source.execute("SELECT max(seq) FROM statement").fetchone()[0]
                signed = source.execute(
                    "SELECT note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1"
                ).fetchone()
                source.backup(
                    copy, pages=PAGES, progress=lambda _, left, total: progress(total - left, total)
                )
                source.execute("COMMIT")
                # One file alone: without a write-ahead log that would have to come along.
                copy.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.Error as error:
            raise StoreError(f"the store could not be copied to {target}: {error}") from error
        return Copied(instant, last or 0, signed[0] if signed else None)

    def noted(self, instant: int) -> None:
        """Remember when the last backup was made."""
        self._database.write(
            lambda tx: tx.execute(
                "INSERT INTO health_mark (name, at) VALUES ('backup', ?) "
                "ON CONFLICT DO UPDATE SET at = excluded.at",
                (instant,),
            )
        )

    def last(self) -> int | None:
        """Return when the last backup was made."""
        row = (
            self._database.read()
            .execute("SELECT at FROM health_mark WHERE name = 'backup'")
            .fetchone()
        )
        return row[0] if row else None
