"""How fast and flat the ledger is; `python -m tests.bench.bench_ledger` with a million leaves."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from lrs.ledger.proofs import Proofs
from tests.bench.report import Report
from tests.unit.ledgers import LedgerAtWork

BATCH = 1000
GROUP = "ledger"


def run(report: Report, scale: int) -> None:
    """Append `scale` thousand facts in batches, then prove leaves and earlier trees."""
    with tempfile.TemporaryDirectory() as folder:
        work = LedgerAtWork.alone(Path(folder))
        appends, resident = [], []
        for _ in range(scale):
            work.note(BATCH)
            appends.append(_timed(work.appender.step))
            resident.append(psutil.Process().memory_info().rss / 2**20)
        size = scale * BATCH
        report.add(GROUP, "leaves", size, "")
        _add(report, "append 1,000 and sign", appends, "<250")
        _add(report, "append 1,000 and sign, the last 50", appends[-50:], "<250")
        proofs, chance = Proofs(work.store.ledger), random.Random(1)
        leaves = [
            _timed(lambda: proofs.inclusion(chance.randrange(size), size)) for _ in range(2000)
        ]
        _add(report, "prove a leaf", leaves, "<5")
        trees = [
            _timed(lambda: proofs.consistency(0, chance.randrange(1, size), size))
            for _ in range(2000)
        ]
        _add(report, "prove an earlier tree", trees, "<5")
        report.add(GROUP, "resident memory halfway", resident[len(resident) // 2], "MiB")
        report.add(GROUP, "resident memory at the end", resident[-1], "MiB")
        read = work.store.database.read()
        pages, octets = (
            read.execute(f"PRAGMA page_{one}").fetchone()[0] for one in ("count", "size")
        )
        stored = pages * octets / size
        report.add(GROUP, "stored for a leaf, its fact included", stored, "octets")
        work.store.close()


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def _add(report: Report, name: str, times: list[float], target: str) -> None:
    report.add(GROUP, f"{name}, median", statistics.median(times), "ms", target=target)
    report.add(GROUP, f"{name}, 99 of 100", sorted(times)[int(len(times) * 0.99)], "ms")


if __name__ == "__main__":
    run(Report(), 1000)
