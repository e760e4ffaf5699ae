"""Figures in SQLite: triggers keep them (schema step 0701), whoever writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lrs.store.figures import Noun
from lrs.store.sqlite.database import Database
from lrs.store.sqlite.statements import last_stored_by

MINUTE = 60_000_000


class SqliteFigures:
    """Fulfils `lrs.store.figures.Figures`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self, noun: Noun) -> Mapping[str, int]:
        """Return how many there are by key, in the order of the keys; none that is zero."""
        rows = self._database.read().execute(
            "SELECT key, count FROM figure WHERE noun = ? AND count <> 0 ORDER BY key", (noun,)
        )
        return dict(rows.fetchall())

    def total(self, noun: Noun) -> int:
        """Return how many there are of all keys; of records, of those that serve."""
        if noun == "record":
            row = (
                self._database.read()
                .execute(
                    "SELECT count FROM figure WHERE noun = 'record' AND key = "
                    "(SELECT CAST(id AS TEXT) FROM generation WHERE state = 'serving')"
                )
                .fetchone()
            )
            return int(row[0]) if row else 0
        return sum(self.counts(noun).values())

    def received_in(self, minutes: Sequence[int]) -> list[int]:
        """Return how many statements came in each of the minutes: two look-ups each, no count."""
        connection = self._database.read()
        return [
            last_stored_by(connection, minute + MINUTE - 1) - last_stored_by(connection, minute - 1)
            for minute in minutes
        ]
