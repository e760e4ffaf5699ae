"""Personas and units that are due to be evaluated again, in SQLite."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable

from lrs.store.sqlite.database import Transaction


def mark_due(tx: Transaction, due: Iterable[tuple[str, str]]) -> None:
    """Mark personas to be evaluated for units."""
    tx.executemany(
        "INSERT INTO due_evaluation (persona, unit, marked) VALUES (?, ?, ?) "
        "ON CONFLICT DO UPDATE SET marked = excluded.marked",
        [(persona, unit, tx.instant) for persona, unit in due],
    )


def mark_due_by_activity(tx: Transaction, unit: str, activities: Collection[str]) -> None:
    """Mark the personas that have records of any of the activities, or within, for a unit."""
    tx.execute(
        "INSERT INTO due_evaluation (persona, unit, marked) "
        "SELECT persona, ?1, ?2 FROM record "
        "WHERE generation = (SELECT id FROM generation WHERE state = 'serving') "
        "AND activity IN (SELECT value FROM json_each(?3)) UNION "
        "SELECT persona, ?1, ?2 FROM belonging "
        "WHERE generation = (SELECT id FROM generation WHERE state = 'serving') "
        "AND whole IN (SELECT value FROM json_each(?3)) "
        "ON CONFLICT DO UPDATE SET marked = excluded.marked",
        (unit, tx.instant, json.dumps(sorted(activities))),
    )
