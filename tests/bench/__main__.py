"""`make bench`: every benchmark in one run, against floors measured in the same run.

Each module `bench_NAME` has a `run(report, scale)`; `scale` is about how many thousand statements.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys

import tests.bench
from tests.bench.report import Report

SCALE = 10


def main() -> None:
    """Run the benchmarks named on the command line, by default all, and write what they found."""
    scale = SCALE
    wanted = []
    for argument in sys.argv[1:]:
        if argument.isdecimal():
            scale = int(argument)
        else:
            wanted.append(f"bench_{argument}")
    names = [
        module.name
        for module in pkgutil.iter_modules(tests.bench.__path__)
        if module.name.startswith("bench_") and (not wanted or module.name in wanted)
    ]
    report = Report()
    for name in names:
        importlib.import_module(f"tests.bench.{name}").run(report, scale)
    if not wanted:
        report.write()


if __name__ == "__main__":
    main()
