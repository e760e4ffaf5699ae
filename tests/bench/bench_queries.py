"""How fast pages of statements come, at ten thousand statements and at a hundred times as many."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from lrs.store.sqlite.store import SqliteStore
from lrs.store.statements import StatementQuery, StoredStatement
from tests.bench import cohort
from tests.bench.dataset import fill
from tests.bench.report import Report

SMALL = 10_000
GROWTH = 10
"""Times the scale: `make bench ARGS="queries 100"` compares ten thousand with a million."""

REPEATS = 60
PASSED = "http://adlnet.gov/expapi/verbs/passed"


def run(report: Report, scale: int) -> None:
    """Measure each kind of query on a small and on a large data set."""
    found: dict[str, list[float]] = {}
    for count in (SMALL, GROWTH * 1000 * scale):
        with tempfile.TemporaryDirectory() as folder:
            store = fill(Path(folder), count)
            for name, query in _kinds(store, count).items():
                found.setdefault(name, []).append(_p95(store, query))
            store.close()
    for name, (small, large) in found.items():
        report.add(
            "query",
            f"{name}, {GROWTH * scale}k against 10k, p95",
            large * 1000,
            "ms",
            floor=small * 1000,
            target="<1.5",
        )
        report.add("query", f"{name}, {GROWTH * scale}k, p95", large * 1000, "ms", target="<10")


def _kinds(store: SqliteStore, count: int) -> dict[str, Callable[[], StatementQuery]]:
    chance = random.Random(7)
    learners = max(10, count // cohort.STATEMENTS_A_LEARNER)
    courses = max(5, learners // 60)
    stored = [row.stored for row in _sample(store, count)]

    def agent() -> str:
        number = int(chance.betavariate(1.2, 1.2) * learners)
        return f"account:{cohort.LMS}|2026{number:08d}"

    def course() -> str:
        return f"{cohort.LMS}/course/view.php?id={chance.randrange(courses)}"

    def page() -> str:
        return f"{cohort.LMS}/mod/page/view.php?id={chance.randrange(courses) * 24 + 1}"

    def of(*keys: str) -> StatementQuery:
        return StatementQuery(keys=keys, limit=100)

    return {
        "newest": of,
        "agent": lambda: of(f"agent:{agent()}"),
        "verb": lambda: of(f"verb:{PASSED}"),
        "activity": lambda: of(f"activity:{page()}"),
        "related activity": lambda: of(f"related_activity:{course()}"),
        "related agent": lambda: of(f"related_agent:{agent()}"),
        "verb and related activity": lambda: of(f"verb:{PASSED}", f"related_activity:{course()}"),
        "agent and verb": lambda: of(f"agent:{agent()}", f"verb:{PASSED}"),
        "verb and the LMS": lambda: of(f"verb:{PASSED}", f"related_activity:{cohort.LMS}"),
        "since and until": lambda: replace(
            of(f"verb:{PASSED}"), since=min(two := chance.sample(stored, 2)), until=max(two)
        ),
        "a later page": lambda: replace(
            of(f"verb:{PASSED}"), after=chance.randrange(count // 2, count)
        ),
    }


def _sample(store: SqliteStore, count: int) -> Iterator[StoredStatement]:
    for place in range(0, count, max(1, count // 50)):
        yield from store.statements.following(place, 1)


def _p95(store: SqliteStore, query: Callable[[], StatementQuery]) -> float:
    taken = []
    for _ in range(REPEATS):
        asked = query()
        began = time.perf_counter()
        store.statements.find(asked)
        taken.append(time.perf_counter() - began)
    return sorted(taken[5:])[int(0.95 * (REPEATS - 5))]
