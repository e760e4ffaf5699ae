"""`make fuzz`: every parser with inputs made at random, watched for faults, hangs and memory.

`python -m tests.fuzz COUNT [NAME...]` makes COUNT inputs for each parser; `guided` has atheris look
for inputs that take new ways through one.
"""

import random
import resource
import sys
import time
import traceback
from pathlib import Path

from tests.fuzz.mutation import mutated
from tests.fuzz.targets import TARGETS, seeds

CORPUS = Path(__file__).parent / "corpus"
HANG = 1.0
"""Seconds of processor time that no input may take."""

GROWTH = 16
"""MiB that memory may grow in the second half of a run."""


def known(name):
    """The seeds of a parser and the cases found so far."""
    return seeds(name) + [path.read_bytes() for path in sorted(CORPUS.glob(f"{name}-*"))]


def run(name, count, seed):
    """Feed `count` inputs; return the slowest's seconds, and how many faults were found."""
    chance, pool = random.Random(seed), known(name)
    target, slowest, faults = TARGETS[name], 0.0, 0
    for _ in range(count):
        octets = mutated(chance, chance.choice(pool))
        began = time.process_time()
        try:
            target(octets)
        except Exception as error:
            faults += 1
            where = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(where.filename).stem}{where.lineno}"
            found = CORPUS / f"{name}-{type(error).__name__.lower()}-{place}"
            if not found.exists():
                found.write_bytes(octets)
                print(f"{name}: {type(error).__name__}: {error}; kept in {found}")
        slowest = max(slowest, time.process_time() - began)
    return slowest, faults


def memory():
    """MiB that the process takes at the most, so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main(arguments):
    count, names = int(arguments[0]), arguments[1:] or list(TARGETS)
    seed, wrong, total = time.time_ns(), 0, 0
    for name in names:
        began = time.monotonic()
        first = run(name, count - count // 2, seed)
        halfway = memory()
        second = run(name, count // 2, seed + 1)
        grown = memory() - halfway
        slowest, faults = max(first[0], second[0]), first[1] + second[1]
        total += count
        wrong += faults + (slowest > HANG) + (grown > GROWTH)
        print(
            f"{name:11} {count} inputs, {faults} faults, slowest {slowest * 1000:.0f} ms, "
            f"memory +{grown} MiB in the second half, {count / (time.monotonic() - began):.0f}/s",
            flush=True,
        )
    print(f"{total} inputs, {wrong} faults, hangs or leaks")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
