"""Exports for research: learners under pseudonyms, nobody alone in a cell (docs/research.md).

Rows are gathered in a file of their own first: whether one may be given out depends on how many
others are like it, and the order in which they are read would tell who they are of.
"""

from __future__ import annotations

import hmac
import json
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, Protocol, get_args

import msgspec

from lrs.enterprise.export import neutral
from lrs.store.records import RecordKey, Records
from lrs.store.statements import Statements
from schemas.events import Event
from schemas.records import LearnerRecord

Subject = Literal["records", "events"]
Dates = Literal["day", "week", "month", "year", "none"]
SUBJECTS: tuple[Subject, ...] = get_args(Subject)
DATES: tuple[Dates, ...] = get_args(Dates)

LEAST_K: Final = 3
"""Learners in a cell, below which each of two knows who the other is."""

PAGE: Final = 500
SCORE_STEPS: Final = 20
"""Scores are given in steps of one in so many."""

QUARTER: Final = 900
"""Seconds; time spent is given in quarters of an hour."""

COLUMNS: dict[Subject, tuple[str, ...]] = {
    "records": (
        "learner",
        "activity",
        "course",
        "type",
        "first",
        "last",
        "attempts",
        "progress",
        "best_score",
        "success",
        "completion",
        "quarter_hours",
        "events",
    ),
    "events": (
        "learner",
        "kind",
        "activity",
        "course",
        "when",
        "score",
        "success",
        "completion",
        "quarter_hours",
        "provenance",
    ),
}
_SCHEMA = (
    "CREATE TABLE row (learner TEXT, activity TEXT, period TEXT, body BLOB);"
    "CREATE TABLE crowd (activity TEXT, period TEXT, learner TEXT, "
    "PRIMARY KEY (activity, period, learner)) WITHOUT ROWID;"
)
_READ = (
    "SELECT body, "
    "(SELECT count(*) FROM (SELECT 1 FROM crowd c "
    "WHERE c.activity = r.activity AND c.period = '*' LIMIT ?1)) >= ?1, "
    "(SELECT count(*) FROM (SELECT 1 FROM crowd c "
    "WHERE c.activity = r.activity AND c.period = r.period LIMIT ?1)) >= ?1 "
    "FROM row r ORDER BY learner, rowid"
)


class Terms(NamedTuple):
    """How an export is made: `k` learners at least in each cell, `dates` as coarse as told."""

    subject: Subject
    k: int
    dates: Dates
    key: bytes


class Row(NamedTuple):
    """A row with whom and what it is of, and the time by which its cell is told."""

    persona: str
    activity: str
    time: datetime
    cells: dict[str, Any]


class Store(Protocol):
    """What an export reads."""

    @property
    def records(self) -> Records:
        """Learner records and events."""
        ...

    @property
    def statements(self) -> Statements:
        """Statements, of which events are taken."""
        ...


class Outcome(msgspec.Struct):
    """What an export came to: rows given out, rows left out since too few learners have the
    activity, and rows without dates since too few have it in the period.
    """

    rows: int = 0
    left_out: int = 0
    undated: int = 0


def pseudonym(persona: str, key: bytes) -> str:
    """Return the name of a persona under a key of 32 octets: the same for the same key, and
    leading back for nobody without it (HMAC-SHA-256, 128 bits of it).
    """
    return hmac.digest(key, persona.encode(), "sha256")[:16].hex()


def coarse(moment: datetime, dates: Dates) -> str | None:
    """Return a date as `2026-03-02`, `2026-W10` (ISO 8601), `2026-03` or `2026`; None for none."""
    if dates == "none":
        return None
    if dates == "week":
        year, week, _ = moment.isocalendar()
        return f"{year}-W{week:02d}"
    return moment.strftime({"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}[dates])


def stepped(score: float | None) -> float | None:
    """Return a score (-1..1) at the nearest step."""
    return None if score is None else round(score * SCORE_STEPS) / SCORE_STEPS


def record_row(persona: str, record: LearnerRecord, dates: Dates) -> Row:
    """Return what of a record is given out: no name, registration, session, examiner or id."""
    return Row(
        persona,
        record.activity,
        record.first,
        {
            "activity": record.activity,
            "course": record.course,
            "type": record.type,
            "first": coarse(record.first, dates),
            "last": coarse(record.last, dates),
            "attempts": record.attempts,
            "progress": stepped(record.progress),
            "best_score": stepped(record.best_score.share if record.best_score else None),
            "success": record.success,
            "completion": record.completion,
            "quarter_hours": round(record.duration / QUARTER),
            "events": record.events,
        },
    )


def event_row(persona: str, event: Event, dates: Dates) -> Row:
    """Return what of an event is given out."""
    return Row(
        persona,
        event.activity,
        event.time,
        {
            "kind": event.kind,
            "activity": event.activity,
            "course": event.course,
            "when": coarse(event.time, dates),
            "score": stepped(event.score.share if event.score else None),
            "success": event.success,
            "completion": event.completion,
            "quarter_hours": round(event.duration / QUARTER) if event.duration else None,
            "provenance": event.provenance,
        },
    )


@contextmanager
def gathered(store: Store, terms: Terms) -> Iterator[tuple[Iterator[dict[str, Any]], Outcome]]:
    """Give the rows of an export, in the order of pseudonyms, and what it came to at their end.

    Memory is bounded; the disk takes about as much as the export for as long as it lasts.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(sqlite3.connect(Path(folder) / "rows", isolation_level=None)) as file,
    ):
        file.executescript(f"PRAGMA synchronous = OFF; {_SCHEMA} BEGIN")
        for row in _rows(store, terms):
            _put(file, row, terms)
        outcome = Outcome()
        yield _given_out(file, terms, outcome), outcome


def _rows(store: Store, terms: Terms) -> Iterator[Row]:
    if terms.subject == "events":
        seq = 0
        while page := store.statements.following(seq, PAGE):
            for one in page:
                for persona, event in store.records.events_of_statement(one.seq):
                    yield event_row(persona, event, terms.dates)
            seq = page[-1].seq
        return
    after: RecordKey | None = None
    while found := store.records.records(after, PAGE):
        for persona, record in found:
            yield record_row(persona, record, terms.dates)
        persona, record = found[-1]
        after = RecordKey(persona, record.activity, record.registration or "")


def _put(file: sqlite3.Connection, row: Row, terms: Terms) -> None:
    learner, period = pseudonym(row.persona, terms.key), coarse(row.time, terms.dates) or ""
    body = json.dumps({"learner": learner, **row.cells}, ensure_ascii=False)
    file.execute("INSERT INTO row VALUES (?, ?, ?, ?)", (learner, row.activity, period, body))
    file.executemany(
        "INSERT OR IGNORE INTO crowd VALUES (?, ?, ?)",
        [(row.activity, "*", learner), (row.activity, period, learner)],
    )


def _given_out(
    file: sqlite3.Connection, terms: Terms, outcome: Outcome
) -> Iterator[dict[str, Any]]:
    for body, crowded, crowded_then in file.execute(_READ, (terms.k,)):
        if not crowded:
            outcome.left_out += 1
            continue
        cells: dict[str, Any] = json.loads(body)
        if terms.dates != "none" and not crowded_then:
            outcome.undated += 1
            cells |= {name: None for name in ("first", "last", "when") if name in cells}
        outcome.rows += 1
        yield cells


def ndjson_lines(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield each row as a line of JSON."""
    for row in rows:
        yield json.dumps(row, ensure_ascii=False) + "\n"


def csv_cells(rows: Iterable[dict[str, Any]], subject: Subject) -> Iterator[list[Any]]:
    """Yield the header, then each row's cells; none is a formula to a spreadsheet program."""
    yield list(COLUMNS[subject])
    for row in rows:
        yield [
            neutral(value) if isinstance(value := row[name], str) else value
            for name in COLUMNS[subject]
        ]
