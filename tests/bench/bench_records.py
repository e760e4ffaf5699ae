"""How fast statements become records: the rate of a rebuild on one core, and how long statements
that are accepted at 500 a second take to be in the records, beside the work of a projector in a
process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from adapters.inbound import inbound_adapters
from lrs.lifeline import bound_to_this_process
from lrs.records.rebuild import rebuild
from lrs.service import Service
from lrs.settings import Settings
from lrs.xapi.statements import complete
from schemas.xapi import decode_statements
from tests.bench.cohort import statements
from tests.bench.report import Report

GROUP = "records"
REBUILT = 5
"""Thousands of statements that are rebuilt, times the scale."""

RATE = 500
"""Statements a second while the way to the records is timed."""

SECONDS = 20
"""For how long it is."""


@contextmanager
def service_with(count: int, folder: Path) -> Iterator[Service]:
    """Give a service whose store holds `count` statements and no records."""
    service = Service(Settings(data=folder, public_url="http://lrs.example"))
    try:
        post(service, statements(count))
        yield service
    finally:
        service.close()


def post(service: Service, some: Iterator[dict]) -> None:
    """Store statements as a request does, 50 at a time."""
    source, _ = service.store.sources.with_key("bench") or (
        service.credentials.issue(
            key="bench", name="Bench", provenance="server", scopes=("statements/write",)
        )[0],
        None,
    )
    while batch := list(islice(some, 50)):
        received, _ = decode_statements(json.dumps(batch).encode(), "2.0.0")
        service.store.statements.add(
            source.id,
            [complete(one, source, "2.0.0", service.settings.public_url) for one in received],
        )


def measure_rebuild(report: Report, service: Service) -> None:
    """Measure how many statements a second a rebuild takes in, on the time of one core."""
    count = service.store.statements.last_seq()
    wall, cpu = time.perf_counter(), time.process_time()
    rebuild(service.store, inbound_adapters(), dict)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    report.add(
        GROUP, "rebuild, by the time of one core", count / cpu, "statements/s", target="10000"
    )
    report.add(GROUP, "rebuild, by the clock", count / wall, "statements/s")


def measure_latency(report: Report, service: Service) -> None:
    """Measure how long statements that come at `RATE` a second take to be in the records."""
    accepted: list[tuple[int, float]] = []
    waits: list[float] = []
    done = threading.Event()

    def watch() -> None:
        place = 0
        while not (done.is_set() and place == len(accepted)):
            reached, now = service.store.records.checkpoint(), time.perf_counter()
            while place < len(accepted) and accepted[place][0] <= reached:
                waits.append(now - accepted[place][1])
                place += 1
            time.sleep(0.005)

    post(service, statements(1, seed=3))
    while service.store.records.checkpoint() < service.store.statements.last_seq():
        time.sleep(0.05)  # until the projector is awake
    watcher = threading.Thread(target=watch)
    watcher.start()
    some = statements(RATE * SECONDS, seed=2)
    begun = time.perf_counter()
    for place in range(RATE * SECONDS // 10):
        time.sleep(max(0.0, begun + place * 10 / RATE - time.perf_counter()))
        post(service, islice(some, 10))
        accepted.append((service.store.statements.last_seq(), time.perf_counter()))
    rate = RATE * SECONDS / (time.perf_counter() - begun)
    done.set()
    watcher.join(60)
    report.add(GROUP, "accepted while it was timed", rate, "statements/s")
    report.add(
        GROUP, "accepted to visible, p95", sorted(waits)[int(0.95 * len(waits))], "s", target="<1"
    )


def run(report: Report, scale: int) -> None:
    """Rebuild five times `scale` thousand statements, then let more come in."""
    count = REBUILT * 1000 * scale
    with tempfile.TemporaryDirectory() as folder, service_with(count, Path(folder)) as service:
        measure_rebuild(report, service)
        background = subprocess.Popen(
            [sys.executable, "-m", "lrs.background"],
            env={
                **bound_to_this_process(),
                "LRS_DATA": folder,
                "LRS_PUBLIC_URL": "http://lrs.example",
            },
        )
        try:
            measure_latency(report, service)
        finally:
            background.terminate()
            background.wait()
