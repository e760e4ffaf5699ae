"""How fast and how flat the ledger is at a million leaves: `python -m tests.bench.bench_ledger`.

Builds a ledger of `--leaves` (1,000,000) in a temporary folder and then measures, each many times:
appending 1,000 facts with their signed checkpoint, and proving a leaf and an earlier tree.
"""

import argparse
import random
import resource
import statistics
import tempfile
import time
from pathlib import Path

import psutil

from lrs.ledger.proofs import Proofs
from tests.unit.ledgers import LedgerAtWork

BATCH = 1000


def timed(work):
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def shown(what, times):
    ranked = sorted(times)
    print(
        f"{what:28} median {statistics.median(ranked):7.2f} ms   "
        f"p99 {ranked[int(len(ranked) * 0.99)]:7.2f} ms   most {ranked[-1]:7.2f} ms   "
        f"({len(ranked)} times)"
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--leaves", type=int, default=1_000_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = LedgerAtWork.alone(Path(folder))
        memory = psutil.Process().memory_info
        begun, samples, appends = time.perf_counter(), {}, []
        for size in range(BATCH, arguments.leaves + 1, BATCH):
            work.note(BATCH)
            appends.append(timed(work.appender.step))
            if size in (BATCH * 10, arguments.leaves // 2, arguments.leaves):
                samples[size] = memory().rss / 2**20
        print(f"{arguments.leaves} leaves in {time.perf_counter() - begun:.0f} s")
        shown("append 1,000 and sign, all", appends)
        shown("append 1,000 and sign, last", appends[-100:])
        proofs = Proofs(work.store.ledger)
        chance = random.Random(1)
        size = work.store.ledger.checkpoint().size
        shown(
            "prove a leaf",
            [timed(lambda: proofs.inclusion(chance.randrange(size), size)) for _ in range(2000)],
        )
        shown(
            "prove an earlier tree",
            [
                timed(lambda: proofs.consistency(0, chance.randrange(1, size), size))
                for _ in range(2000)
            ],
        )
        for at, used in samples.items():
            print(f"resident at {at:>9} leaves     {used:7.1f} MiB")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
        print(f"most resident                {peak:7.1f} MiB")
        stored = (Path(folder) / "lrs.db").stat().st_size / arguments.leaves
        print(f"stored                       {stored:7.1f} octets a leaf, facts included")
        work.store.close()


if __name__ == "__main__":
    main()
