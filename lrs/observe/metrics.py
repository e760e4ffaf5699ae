"""`/metrics` in the Prometheus text format.

Counters are of all processes: each writes its own to a file in PROMETHEUS_MULTIPROC_DIR, which
`lrs serve` sets, and whichever is asked adds them up. Without it they are of the process that
answers. Gauges are read from the store, which all processes share.
"""

from __future__ import annotations

import hmac
import os
import time
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from ipaddress import ip_address

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from lrs.observe import counters_folder
from lrs.problems import Problem
from lrs.store.store import Store

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")
"""By one of these a reverse proxy on this machine is told from a program on it."""

COUNTED = CollectorRegistry()

REQUESTS = Counter(
    "lrs_http_requests",
    "Requests answered.",
    ("method", "route", "status"),
    registry=COUNTED,
)
SECONDS = Histogram(
    "lrs_http_request_seconds",
    "Time from a request's arrival in the application to the head of its answer.",
    ("route",),
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=COUNTED,
)
STEPS = Counter(
    "lrs_background_steps",
    "Steps of background work that did something.",
    ("thread",),
    registry=COUNTED,
)
FAILURES = Counter(
    "lrs_background_failures",
    "Steps of background work that failed and are tried again.",
    ("thread",),
    registry=COUNTED,
)


class StoreFigures(Collector):
    """What the store says of itself, each figure in constant time."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterable[Metric]:
        """Yield the figures as they are now."""
        store = self._store
        yield CounterMetricFamily(
            "lrs_statements_stored",
            "Statements ever stored.",
            value=store.health.statements(),
        )
        yield from self._waiting()
        place = store.health.place()
        yield GaugeMetricFamily("lrs_store_bytes", "Size of the store's file.", place.used)
        yield GaugeMetricFamily("lrs_store_log_bytes", "Size of its write-ahead log.", place.log)
        if place.free is not None:
            yield GaugeMetricFamily("lrs_disk_free_bytes", "Room left on its disk.", place.free)
        figures = store.figures
        yield _by("lrs_achievements", "Achievements.", "state", figures.counts("achievement"))
        yield _by("lrs_claims", "Claims.", "state", figures.counts("claim"))
        yield GaugeMetricFamily("lrs_personas", "Learners known.", figures.total("persona"))
        yield GaugeMetricFamily("lrs_records", "Learner records.", figures.total("record"))
        yield GaugeMetricFamily(
            "lrs_outbox_parked", "Deliveries that wait for a person.", figures.total("parked")
        )
        yield _by(
            "lrs_destination_failures",
            "Failures in a row of each receiver and webhook.",
            "destination",
            {name: one.failures for name, one in store.outbox.circuits().items()},
        )
        if (backed_up := store.copies.last()) is not None:
            yield GaugeMetricFamily(
                "lrs_backup_seconds", "When the last backup was made (Unix time).", backed_up / 1e6
            )
        leaves, _ = store.ledger.place()
        yield CounterMetricFamily("lrs_ledger_leaves", "Leaves of the ledger.", value=leaves)
        yield _by(
            "lrs_build", "The running version.", "version", {version("learning-record-store"): 1}
        )

    def _waiting(self) -> Iterable[Metric]:
        now = time.time_ns() // 1000
        count = GaugeMetricFamily("lrs_waiting", "What waits for each part.", labels=("part",))
        age = GaugeMetricFamily(
            "lrs_waiting_seconds", "For how long the oldest of it has waited.", labels=("part",)
        )
        for part, waiting in self._store.health.waiting().items():
            count.add_metric((part,), waiting.much)
            since = now if waiting.since is None else waiting.since
            age.add_metric((part,), max(0, now - since) / 1e6)
        return count, age


def exposition(store: Store) -> bytes:
    """Return all metrics as text."""
    registry = CollectorRegistry()
    registry.register(StoreFigures(store))
    if folder := os.environ.get(counters_folder.VARIABLE):
        multiprocess.MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
    return generate_latest(registry) + generate_latest(COUNTED)


def blueprint(store: Store, token: str | None) -> Blueprint:
    """Return `/metrics`, for whoever holds the token; where there is none, for programs on this
    machine that do not come through a proxy.
    """
    routes = Blueprint("metrics", __name__)

    @routes.get("/metrics")
    def metrics() -> ResponseReturnValue:
        _require_allowed(token)
        return exposition(store), {"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"}

    return routes


def _require_allowed(token: str | None) -> None:
    if token is not None:
        given = request.authorization
        sent = (given.token or "") if given is not None and given.type == "bearer" else ""
        if hmac.compare_digest(sent.encode(), token.encode()):
            return
        raise Problem(
            401,
            "Send the token of LRS_METRICS_TOKEN (Authorization: Bearer).",
            headers={"WWW-Authenticate": 'Bearer realm="metrics"'},
        )
    here = request.remote_addr and ip_address(request.remote_addr).is_loopback
    if not here or any(name in request.headers for name in FORWARDED):
        raise Problem(
            403, "Metrics are for this machine alone; set LRS_METRICS_TOKEN to read them elsewhere."
        )


def _by(name: str, help_: str, label: str, values: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, help_, labels=(label,))
    for key, value in values.items():
        family.add_metric((key,), value)
    return family
