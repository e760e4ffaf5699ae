"""A steady load for long: latency, memory, files and disk by the minute, and whether they are flat.

`python -m tests.soak.steady_load MINUTES` finds the peak rate of requests in a quarter of a minute,
and then asks half as much for so long: four posts of five statements, then a page of a learner's.
"""

import contextlib
import itertools
import json
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import quote

import orjson
import psutil

from tests.acceptance.lrs_process import lrs_process
from tests.bench import cohort
from tests.bench.bench_ingest import SIGNED_IN
from tests.bench.load import Connection, request

CONNECTIONS = 8
WORKERS = 2
BATCH = 5
PEAK_SECONDS = 15

# What the last third of the minutes may be, against the first.
SLOWER, SLOWER_BY = 1.5, 0.010
"""So many times the latency, and so many seconds more."""
LARGER, LARGER_BY = 1.10, 32 * 2**20
"""So many times the memory, and so many octets more."""
MORE_FILES = 16
ROOM = 1.25
"""So many times the room that a statement takes on the disk."""


def percentile(latencies, share):
    return latencies[min(len(latencies) - 1, int(share * len(latencies)))]


class Load:
    """Requests over connections that stay open, and how long each took."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.address = ("127.0.0.1", int(endpoint.split(":")[2].split("/")[0]))
        self.made = self._made()
        self.lock = threading.Lock()
        self.latencies, self.statements, self.faults = [], 0, []

    def _made(self):
        """Requests without end, each with how many statements it stores."""
        for seed in itertools.count(1):
            made = cohort.statements(20_000, seed)
            actor = {"account": {}}
            for number in itertools.count(1):
                if number % 5 == 0:
                    agent = quote(json.dumps({"account": actor["account"]}))
                    url = f"{self.endpoint}statements?agent={agent}&limit=20"
                    yield request("GET", url, SIGNED_IN), 0
                    continue
                batch = list(itertools.islice(made, BATCH))
                if not batch:
                    break
                actor = batch[0]["actor"]
                url = f"{self.endpoint}statements"
                yield request("POST", url, SIGNED_IN, orjson.dumps(batch)), len(batch)

    def run(self, seconds, rate=None):
        """Ask for so many seconds, `rate` requests a second or as many as are answered."""
        began = time.monotonic()
        turns = itertools.count()

        def work():
            connection = Connection(self.address)
            while True:
                with self.lock:
                    due = began + next(turns) / rate if rate else time.monotonic()
                    octets, statements = next(self.made)
                if due >= began + seconds:
                    return
                time.sleep(max(0.0, due - time.monotonic()))
                asked = time.monotonic()
                if not rate and asked >= began + seconds:
                    return
                status, body = connection.ask(octets)
                with self.lock:
                    self.latencies.append(time.monotonic() - asked)
                    self.statements += statements
                    if status >= 300:
                        self.faults.append(f"{status} {body[:200]!r}")

        threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def taken(self):
        """Return what was measured since this was called last."""
        with self.lock:
            latencies, statements = sorted(self.latencies), self.statements
            self.latencies, self.statements = [], 0
        return latencies, statements


def state_of(data):
    """Memory (octets) and open files of all processes of the service, and its room on the disk."""
    memory = files = 0
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            memory += process.memory_info().rss
            files += process.num_fds()
    room = sum(path.stat().st_size for path in data.rglob("*") if path.is_file())
    return memory, files, room


def run(folder, minutes, say=print, *, minute=60, peak_seconds=PEAK_SECONDS):
    """Return the figures of every minute (of so many seconds), with the peak and the rate that
    was asked.
    """
    with lrs_process(folder, f"--workers={WORKERS}") as endpoint:
        load = Load(endpoint)
        load.run(peak_seconds)
        latencies, _ = load.taken()
        peak = len(latencies) / peak_seconds
        found = []
        room_before = state_of(folder / "data")[2]
        for number in range(1, minutes + 1):
            load.run(minute, peak / 2)
            latencies, statements = load.taken()
            memory, files, room = state_of(folder / "data")
            found.append(
                {
                    "minute": number,
                    "requests": len(latencies),
                    "statements": statements,
                    "p50": percentile(latencies, 0.5),
                    "p99": percentile(latencies, 0.99),
                    "memory": memory,
                    "files": files,
                    "room": room,
                    "grown": room - room_before,
                }
            )
            room_before = room
            say(
                "{minute:3} min  {requests} requests  p50 {p50:.4f} s  p99 {p99:.4f} s  "
                "{files} files  ".format(**found[-1])
                + f"memory {memory // 2**20} MiB  disk {room // 2**20} MiB",
                flush=True,
            )
    return {"peak": peak, "rate": peak / 2, "faults": load.faults[:5], "minutes": found}


def not_flat(minutes):
    """Return what was not flat: the last third of the minutes against the first."""
    third = max(1, len(minutes) // 3)
    first, last = minutes[:third], minutes[-third:]

    def mean(some, name):
        return sum(one[name] for one in some) / len(some)

    def room(some):
        return mean(some, "grown") / mean(some, "statements")

    wrong = [
        name for name in ("p50", "p99") if mean(last, name) > SLOWER * mean(first, name) + SLOWER_BY
    ]
    if mean(last, "memory") > LARGER * mean(first, "memory") + LARGER_BY:
        wrong.append("memory")
    if mean(last, "files") > mean(first, "files") + MORE_FILES:
        wrong.append("files")
    if room(last) > ROOM * room(first):
        wrong.append("room")
    return wrong


def main(arguments):
    with tempfile.TemporaryDirectory() as folder:
        figures = run(Path(folder), int(arguments[0]))
    wrong = not_flat(figures["minutes"]) + figures["faults"]
    print(f"peak {figures['peak']:.0f}, asked {figures['rate']:.0f} requests a second")
    print("flat" if not wrong else f"not flat: {', '.join(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
