"""How long the overview and the explorer take on the server, at a hundred times ten thousand."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from lrs.app import create_app
from lrs.settings import Settings
from tests.bench import cohort
from tests.bench.dataset import fill
from tests.bench.report import Report

GROWTH = 10
"""Times the scale: `make bench ARGS="console 100"` looks at a million statements."""

REPEATS = 40
KEY, SECRET = "bench-reader", "bench-reader-secret"
AGENT = f"{cohort.LMS}|202600000042"
PAGES = {
    "overview": "/",
    "overview, its live part": "/overview/live",
    "explorer": "/statements",
    "explorer by verb": "/statements?verb=http://adlnet.gov/expapi/verbs/passed",
    "explorer by agent and verb": (
        f"/statements?agent={AGENT}&verb=http://adlnet.gov/expapi/verbs/passed"
    ),
    "explorer by time": "/statements?until=2026-01-01T00:00",
}


def run(report: Report, scale: int) -> None:
    """Measure each page on a large data set, as the application answers without a network."""
    count = GROWTH * 1000 * scale
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), count).close()
        app = create_app(Settings(data=Path(folder), public_url="http://lrs.example"))
        service = app.extensions["lrs"]
        service.credentials.ensure(KEY, SECRET, name="Reader", scopes=("all/read",))
        client = app.test_client()
        for name, address in PAGES.items():
            times = []
            for _ in range(REPEATS):
                began = time.perf_counter()
                answer = client.get(address, auth=(KEY, SECRET))
                times.append(time.perf_counter() - began)
                assert answer.status_code == 200, answer.text
            p95 = statistics.quantiles(times, n=20)[-1]
            report.add(
                "console", f"{name}, {GROWTH * scale}k, p95", p95 * 1000, "ms", target="<300"
            )
        service.close()
