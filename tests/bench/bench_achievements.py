"""How fast rules are decided: everybody after a rule change, and one learner after one statement.

`python -m tests.bench.bench_achievements PERSONAS UNITS`, by default 2,000 and 50.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import psutil
from rich.progress import Progress

from lrs.achievements.evaluate import activities_of, units_of
from lrs.achievements.evaluator import BATCH, Evaluator
from lrs.records.fold import state_of
from lrs.store.projections import PersonaNamed, Projection, StoredEvent
from lrs.store.records import RecordKey
from lrs.store.sqlite.store import SqliteStore
from lrs.store.statements import NewStatement
from schemas.events import Event, Score
from schemas.units import AllOf, Completed, Scored, Unit
from tests.bench.report import Report

GROUP = "achievements"
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
AT_A_TIME = 500
FILL = "x" * 600
"""Statements are about as long as those of a learning system."""


def activity(number: int) -> str:
    return f"https://lms.example.edu.cn/mod/quiz/view.php?id={number}"


def unit(number: int, version: int, at_least: float) -> Unit:
    rule = AllOf(
        of=(
            Completed(activity=activity(number)),
            Scored(activity=activity(number), at_least=at_least),
        )
    )
    return Unit(
        code=f"U-{number}",
        version=version,
        title={"en": f"Unit {number}"},
        field="safety",
        level=4,
        credits=2,
        hours=32,
        awarding_body="us",
        kind="training",
        rule=rule,
    )


def publish(store: SqliteStore, one: Unit) -> None:
    store.units.publish(one, activities_of(one), units_of(one))


def evaluator_of(store: SqliteStore) -> Evaluator:
    return Evaluator(
        units=store.units,
        equivalences=store.equivalences,
        achievements=store.achievements,
        records=store.records,
        projections=store.projections,
        statements=store.statements,
        exchange=store.exchange,
        sources=store.sources.all,
    )


def happenings(statement: str, persona: int, units: int, source: int) -> Iterator[Event]:
    """Yield what one statement says of a learner: an event of every unit's activity."""
    for number in range(units):
        yield Event(
            statement=statement,
            ordinal=number,
            kind="completed",
            identifier=f"account:https://lms.example.edu.cn|{persona}",
            activity=activity(number),
            time=START + timedelta(seconds=persona),
            score=Score(scaled=(persona * 7 + number) % 100 / 100),
            source=source,
            provenance="server",
        )


def populate(store: SqliteStore, personas: int, units: int) -> None:
    store.database.write(
        lambda tx: tx.execute(
            "INSERT INTO source (id, key, name, provenance, scopes, created) "
            "VALUES (1, 'lms', 'LMS', 'server', '[]', 0)"
        )
    )
    for first in range(0, personas, AT_A_TIME):
        batch, named, events = [], [], []
        since = store.projections.checkpoint()
        before = store.statements.last_seq()
        for persona in range(first, min(personas, first + AT_A_TIME)):
            statement = uuid.uuid5(uuid.NAMESPACE_URL, str(persona))
            batch.append(said(statement))
            key = persona_key(persona)
            named.append(
                PersonaNamed(
                    persona=key,
                    identifier=f"account:https://lms.example.edu.cn|{persona}",
                    name=f"L{persona}",
                    at=1,
                )
            )
            events += [
                StoredEvent(before + len(batch), key, event)
                for event in happenings(str(statement), persona, units, 1)
            ]
        store.statements.add(1, batch)
        store.projections.apply(
            Projection(
                since=since,
                through=store.statements.last_seq(),
                personas=named,
                events=events,
                records={
                    RecordKey.of(one.persona, one.event): state_of([one.event]) for one in events
                },
            )
        )


def said(statement: uuid.UUID) -> NewStatement:
    body = msgspec.json.encode({"id": str(statement), "timestamp": "", "fill": FILL})
    return NewStatement(id=statement.bytes, body=body, timestamp=True, keys=frozenset())


def persona_key(number: int) -> str:
    return f"p{number:06}"


def run(report: Report, scale: int) -> None:
    """Measure with so many hundred personas and 50 units."""
    measure(report, scale * 100, 50)


def measure(report: Report, personas: int, units: int) -> None:
    """Publish all units anew over a population, then tell one more thing of single learners."""
    with tempfile.TemporaryDirectory() as folder, Progress(transient=True) as progress:
        store = SqliteStore(Path(folder) / "lrs.db")
        begun = time.perf_counter()
        populate(store, personas, units)
        report.add(GROUP, "population", personas, "personas")
        report.add(GROUP, "units", units, "")
        report.add(GROUP, "made in", time.perf_counter() - begun, "s")
        begun = time.perf_counter()
        for number in range(units):
            publish(store, unit(number, 1, 0.6))
        report.add(GROUP, "publish a unit", (time.perf_counter() - begun) / units, "s")
        evaluator = evaluator_of(store)
        resident = [memory()]
        bar = progress.add_task("evaluating", total=personas * units)
        begun = time.perf_counter()
        while evaluator.step():
            done = min(len(resident) * BATCH, personas * units)
            progress.update(bar, completed=done)
            resident.append(memory())
            if not progress.console.is_terminal and len(resident) % 500 == 0:
                rate = done / (time.perf_counter() - begun)
                print(f"{done} done, {rate:.0f}/s, {memory():.0f} MiB", flush=True)
        took = time.perf_counter() - begun
        report.add(GROUP, "evaluations after the change", personas * units, "")
        report.add(GROUP, "evaluations a second", personas * units / took, "1/s")
        report.add(GROUP, "resident memory at the start", resident[0], "MiB")
        report.add(GROUP, "resident memory at the most", max(resident), "MiB")
        measured = [one_event(store, evaluator, number) for number in range(200)]
        times, processor = (list(one) for one in zip(*measured, strict=True))
        median = statistics.median(times)
        report.add(GROUP, "one new event re-evaluated, median", median, "ms", target="<5")
        report.add(GROUP, "one new event, 99 of 100", sorted(times)[197], "ms")
        report.add(
            GROUP, "one new event, processor time, median", statistics.median(processor), "ms"
        )
        store.close()


def one_event(store: SqliteStore, evaluator: Evaluator, number: int) -> tuple[float, float]:
    """Return the milliseconds from a new event's mark to its decision on disk, and those of them
    that the processor was at work.
    """
    statement = uuid.uuid4()
    since = store.projections.checkpoint()
    store.statements.add(1, [said(statement)])
    seq = store.statements.last_seq()
    key = persona_key(number)
    [event] = happenings(str(statement), number, 1, 1)
    store.projections.apply(
        Projection(
            since=since,
            through=seq,
            events=[StoredEvent(seq, key, event)],
            due={(key, "U-0")},
        )
    )
    begun, worked = time.perf_counter(), time.process_time()
    assert evaluator.step()
    return (time.perf_counter() - begun) * 1000, (time.process_time() - worked) * 1000


def memory() -> float:
    return float(psutil.Process().memory_info().rss) / 2**20


if __name__ == "__main__":
    measure(Report(), *(int(one) for one in (sys.argv[1:] or ["2000", "50"])))
