"""Bringing a database file up to date: the steps in `schema/`, each run once, in order of name."""

from __future__ import annotations

import sqlite3
from importlib.resources import files

MOVED = "moved to MongoDB"
"""The step of a file that was moved: no program opens it any more."""


class MovedAway(Exception):
    """What the file holds was moved to MongoDB."""


class LaterVersion(Exception):
    """The file has steps that this program does not know."""


def bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Run the steps that the database has not seen, each in a transaction of its own.

    The turn to write must be held. Raises LaterVersion or MovedAway, with nothing
    changed.
    """
    connection.execute("CREATE TABLE IF NOT EXISTS schema_step (name TEXT PRIMARY KEY) STRICT")
    seen = {row[0] for row in connection.execute("SELECT name FROM schema_step")}
    steps = {
        step.name: step
        for step in files("lrs.store.sqlite").joinpath("schema").iterdir()
        if step.name.endswith(".sql")
    }
    if MOVED in seen:
        raise MovedAway
    if unknown := seen - steps.keys():
        raise LaterVersion(", ".join(sorted(unknown)))
    for name in sorted(steps.keys() - seen):
        script = steps[name].read_text("utf-8")
        connection.executescript(
            f"BEGIN IMMEDIATE;{script};INSERT INTO schema_step VALUES ('{name}');COMMIT;"  # noqa: S608
        )
