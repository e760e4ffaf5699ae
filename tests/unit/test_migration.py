"""A database of every released version comes up with all steps and its data intact, also where
bringing it up is killed in between.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib.resources import files

import pytest

from lrs.store.sqlite.database import Database
from lrs.store.sqlite.migration import bring_up_to_date

RELEASED = {"0.1.0": ("0001_base.sql",)}
"""The steps of each released version; its database is made by them, so steps never change."""

STEPS = files("lrs.store.sqlite").joinpath("schema")

ACHIEVEMENT = {
    "id": "a1",
    "persona": "p1",
    "unit": "U1",
    "version": 1,
    "state": "verified",
    "achieved_at": "2026-03-02T08:00:00Z",
    "evidence": {"s1": "0" * 64},
    "evidence_hash": "1" * 64,
}

FACTS = """
INSERT INTO source VALUES (1, 'lms', x'0102', 'LMS', 'server', '["all"]', 5, NULL);
INSERT INTO dictionary VALUES (1, 5, x'00');
INSERT INTO statement VALUES (1, x'01', 10, 1, 0, 1, 1, x'aa'), (2, x'02', 20, 1, 1, 0, 1, x'bb');
INSERT INTO posting VALUES (7, 1), (7, 2);
INSERT INTO reference VALUES (x'02', 1, 1);
INSERT INTO setting VALUES ('name', x'00');
INSERT INTO persona VALUES ('p1', '李娜', 3);
INSERT INTO identifier VALUES ('mbox:mailto:li.na@example.cn', 'p1');
INSERT INTO unit VALUES ('U1', 1, 5, x'7b7d');
INSERT INTO achievement VALUES ('a1', 'p1', 'U1', 1, 'verified', 6, CAST('ACHIEVEMENT' AS BLOB));
INSERT INTO receiver VALUES ('bank', 'credit_bank', 'https://bank.example', 'lrs', x'7b7d');
INSERT INTO claim VALUES ('c1', 'a1', 'bank', 'queued', 7, x'7b7d', NULL, NULL);
INSERT INTO outbox (id, claim, receiver, due) VALUES (1, 'c1', 'bank', 8);
INSERT INTO document VALUES ('state', 'a', 'b', '', 'd', 9, 'text/plain', x'cc');
INSERT INTO signature VALUES (1, '{}');
INSERT INTO activity VALUES ('https://a.example', x'7b7d');
"""

PROJECTED = {"projection", "event", "record", "unrecognised"}
"""Tables of what is made anew from statements."""

CHILD = """
import os, signal, sqlite3, sys
from lrs.store.sqlite.migration import bring_up_to_date
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
left = int(sys.argv[2])
def traced(sql):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
connection.set_trace_callback(traced)
bring_up_to_date(connection)
"""


def database_of(path, version):
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE schema_step (name TEXT PRIMARY KEY) STRICT")
        for name in RELEASED[version]:
            connection.executescript(STEPS.joinpath(name).read_text("utf-8"))
            connection.execute("INSERT INTO schema_step VALUES (?)", (name,))
        connection.executescript(FACTS.replace("ACHIEVEMENT", json.dumps(ACHIEVEMENT)))
        return rows(connection)


def tables(connection):
    names = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    return {row[0] for row in names}


def rows(connection):
    """Every row as a mapping by column, by table."""
    found = {}
    for table in sorted(tables(connection) - PROJECTED - {"schema_step"}):
        cursor = connection.execute(f"SELECT * FROM {table}")
        names = [column[0] for column in cursor.description]
        found[table] = [dict(zip(names, row, strict=True)) for row in cursor]
    return found


def schema(connection):
    return set(connection.execute("SELECT type, name, sql FROM sqlite_schema"))


def require_intact(connection, before):
    """Nothing that was a fact is gone: each row is there with its values, maybe with more."""
    after = rows(connection)
    moved = {"outbox", "identifier"}  # told below: they have other columns
    for table, old in before.items():
        if table in moved:
            continue
        columns = after[table][0].keys()
        kept = [{name: row[name] for name in columns} for row in after[table]]
        for row in old:
            same = {name: value for name, value in row.items() if name in columns}
            assert any(same.items() <= other.items() for other in kept), (table, same, kept)
    (delivery,) = after["outbox"]
    assert (delivery["subject"], delivery["destination"]) == ("c1", "bank")
    assert (delivery["due"], delivery["parked"]) == (8, 0)
    holders = str(after.get("holding", after.get("identifier")))
    assert "mailto:li.na@example.cn" in holders
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.fixture
def newest(tmp_path):
    with closing(sqlite3.connect(tmp_path / "newest.db", isolation_level=None)) as connection:
        bring_up_to_date(connection)
        return schema(connection)


@pytest.mark.parametrize("version", RELEASED)
def test_a_database_of_a_released_version_is_brought_up_to_date(tmp_path, newest, version):
    before = database_of(tmp_path / "lrs.db", version)
    Database(tmp_path / "lrs.db").close()
    with closing(sqlite3.connect(tmp_path / "lrs.db")) as connection:
        assert schema(connection) == newest
        require_intact(connection, before)


@pytest.mark.parametrize("after", [3, 8, 20, 33, 47, 61, 76, 90])
def test_one_that_is_killed_is_taken_up_again(tmp_path, newest, after):
    before = database_of(tmp_path / "lrs.db", "0.1.0")
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path / "lrs.db"), str(after)], check=False
    )
    assert child.returncode == -signal.SIGKILL, "it came to its end before it was killed"
    Database(tmp_path / "lrs.db").close()
    with closing(sqlite3.connect(tmp_path / "lrs.db")) as connection:
        assert schema(connection) == newest
        require_intact(connection, before)


def test_two_processes_that_start_at_once_do_each_step_once(tmp_path, newest):
    before = database_of(tmp_path / "lrs.db", "0.1.0")
    program = "import sys, pathlib; from lrs.store.sqlite.database import Database; " + (
        "Database(pathlib.Path(sys.argv[1])).close()"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "lrs.db")], env=os.environ)
        for _ in range(3)
    ]
    assert [one.wait(60) for one in started] == [0, 0, 0]
    with closing(sqlite3.connect(tmp_path / "lrs.db")) as connection:
        assert schema(connection) == newest
        require_intact(connection, before)
