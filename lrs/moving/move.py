"""Moving an installation as a whole: statements while it is in use, then the rest."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from lrs.moving import (
    achievements,
    exchange,
    foundation,
    identity,
    imports,
    ledger,
    organisations,
    people,
)
from lrs.moving.records import finish_records, make_records, records_differ
from lrs.moving.statements import move_statements, statements_differ
from lrs.moving.tables import Difference, Table, difference, move_table
from lrs.store.copies import Progress
from lrs.store.errors import StoreError
from lrs.store.mongo.store import MongoStore
from lrs.store.sqlite.database import Turn
from lrs.store.sqlite.migration import MOVED
from lrs.store.sqlite.store import SqliteStore

NOUNS = (foundation, identity, imports, achievements, exchange, ledger, organisations, people)

TABLES: tuple[Table, ...] = tuple(table for nouns in NOUNS for table in nouns.TABLES)


class Moved(NamedTuple):
    """What was moved: rows by collection."""

    statements: int
    rows: dict[str, int]


class NotTheSame(StoreError):
    """What was moved is not what was there."""

    def __init__(self, differences: list[str]) -> None:
        super().__init__(
            f"what arrived is not what was there: {', '.join(differences)}. Nothing was given up: "
            "go on with the SQLite store, and try again with an empty database"
        )


def move_all(path: Path, target: MongoStore, progress: Progress) -> Moved:
    """Move what is left, hold everything against what was there, and give up the SQLite store.

    `path` is its file. Raises StoreError where a process has it open, and NotTheSame; the SQLite
    store is then left as it was.
    """
    _check_nobody_uses(path)
    store = SqliteStore(path)
    try:
        finish_records(store)
        turn = Turn(path.with_name("turn"))
        # Whoever opens the file from here on waits for this turn, and then sees the mark.
        with turn.held():
            statements = move_statements(store, target, progress)
            if statements_differ(store, target, progress):
                raise NotTheSame(["statements"])
            rows = _move_tables(store, target, turn.committed())
            make_records(target, progress)
            if records_differ(store, target):
                raise NotTheSame(["records"])
            store.close()
            _give_up(path)
    finally:
        store.close()
    return Moved(statements, rows)


def _move_tables(store: SqliteStore, target: MongoStore, written: int) -> dict[str, int]:
    """Move every table and compare; return how many rows there are of each.

    `written` is when the SQLite store was last written: what was moved and found the same is not
    moved again, since the service that begins to make records in the target changes it.
    """
    moved = target.database["moved"]
    done = moved.find_one({"_id": "tables"})
    if done is not None:
        if done["written"] != written:
            raise NotTheSame(["the SQLite store was written since it was moved"])
        rows: dict[str, int] = done["rows"]
        return rows
    connection = store.database.read()
    rows = {table.collection: move_table(table, connection, target.database) for table in TABLES}
    differences = [
        f"{found.collection} ({found.documents} of {found.rows})"
        for found in _differences(connection, target)
    ]
    if differences:
        raise NotTheSame(differences)
    moved.insert_one({"_id": "tables", "written": written, "rows": rows})
    return rows


def _differences(connection: sqlite3.Connection, target: MongoStore) -> Iterator[Difference]:
    for table in TABLES:
        found = difference(table, connection, target.database)
        if found is not None:
            yield found


@contextmanager
def _alone(path: Path) -> Iterator[sqlite3.Connection]:
    """Give a connection beside which there is no other, in a transaction. Raises StoreError."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=1)
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        yield connection
        connection.execute("COMMIT")
    except sqlite3.OperationalError as error:
        raise StoreError(
            f"{path} is in use ({error}): end the service and every command that uses it, then "
            "try again; what was moved already is not moved twice"
        ) from error
    finally:
        connection.close()


def _check_nobody_uses(path: Path) -> None:
    with _alone(path):
        pass


def _give_up(path: Path) -> None:
    """Mark the file so that no program opens it any more."""
    with _alone(path) as connection:
        connection.execute("INSERT INTO schema_step VALUES (?)", (MOVED,))
