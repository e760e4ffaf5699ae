"""How fast statements become records: `python -m tests.bench.bench_records [STATEMENTS] [SECONDS]`.

Prints the rate of a rebuild on one core, and how long statements that are accepted at 500 a second
take to be in the records, beside the work of a projector in a process of its own.
"""

from __future__ import annotations

import json
import statistics
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

RATE = 500
"""Statements a second while the way to the records is timed."""


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


def rebuild_rate(service: Service) -> float:
    """Return how many statements a second a rebuild takes in, on the CPU time of one core."""
    count = service.store.statements.last_seq()
    wall, cpu = time.perf_counter(), time.process_time()
    rebuild(service.store, inbound_adapters(), dict)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"rebuild: {count} statements in {wall:.1f} s ({cpu:.1f} s of CPU): ", end="")
    print(f"{count / wall:,.0f}/s by the clock, {count / cpu:,.0f}/s of one core")
    return count / cpu


def latencies(service: Service, seconds: int) -> list[float]:
    """Post `RATE` statements a second; return how long each took to be in the records."""
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
    some = statements(RATE * seconds, seed=2)
    begun = time.perf_counter()
    for place in range(RATE * seconds // 10):
        time.sleep(max(0.0, begun + place * 10 / RATE - time.perf_counter()))
        post(service, islice(some, 10))
        accepted.append((service.store.statements.last_seq(), time.perf_counter()))
    rate = RATE * seconds / (time.perf_counter() - begun)
    done.set()
    watcher.join(60)
    print(f"accepted to visible at {rate:.0f} statements/s: ", end="")
    cut = statistics.quantiles(waits, n=100)
    print(
        f"p50 {cut[49] * 1000:.0f} ms, p95 {cut[94] * 1000:.0f} ms, max {max(waits) * 1000:.0f} ms"
    )
    return waits


def main() -> None:
    """Print the figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    with tempfile.TemporaryDirectory() as folder, service_with(count, Path(folder)) as service:
        rebuild_rate(service)
        background = subprocess.Popen(
            [sys.executable, "-m", "lrs.background"],
            env={
                **bound_to_this_process(),
                "LRS_DATA": folder,
                "LRS_PUBLIC_URL": "http://lrs.example",
            },
        )
        try:
            latencies(service, seconds)
        finally:
            background.terminate()
            background.wait()


if __name__ == "__main__":
    main()
