"""The background process: brings projections up to date and carries claims to receivers."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from functools import partial

from adapters.inbound import inbound_adapters
from adapters.outbound_http import OutboundHttp
from lrs.achievements.catalogue import units_by_activity
from lrs.achievements.evaluator import Evaluator
from lrs.collector import look_less_often
from lrs.exchange.work import ExchangeWork
from lrs.imports.worker import ImportWorker
from lrs.ledger.appender import Appender
from lrs.ledger.committed import Committed
from lrs.ledger.timestamps import Timestamping
from lrs.ledger.witnesses import Witnessing
from lrs.lifeline import exit_with_parent
from lrs.observe import logs
from lrs.observe.metrics import FAILURES, STEPS
from lrs.records.projector import Projector
from lrs.records.rebuild import SWEEP
from lrs.records.roster_links import RosterLinker
from lrs.retention import PIECE, Retaining
from lrs.service import Service
from lrs.settings import Settings
from lrs.store.opening import require_store

IDLE = 0.1
"""Seconds between two looks for work where there was none."""

GIVING_WAY = 5
"""How nice the process is to those that answer tools and people: where the processor is short, a
record may come a little later, but nobody waits.
"""

ENDING_WITHIN = 8.0
"""Seconds that a thread is waited for that is asked to end."""

Step = Callable[[], bool]
"""Does one bounded piece of work and tells whether there was any."""


def projection_steps(service: Service) -> list[Step]:
    """Return the work from statements to achievements, in the direction of the data."""
    store = service.store
    projector = Projector(
        store.statements,
        store.projections,
        store.courses,
        store.sources.all,
        inbound_adapters(),
        units_of=lambda: units_by_activity(store.units.all()),
    )
    evaluator = Evaluator(
        units=store.units,
        equivalences=store.equivalences,
        achievements=store.achievements,
        records=store.records,
        projections=store.projections,
        statements=store.statements,
        exchange=store.exchange,
        sources=store.sources.all,
    )
    linker = RosterLinker(store.rosters, store.identity)
    sweep = partial(store.projections.sweep, SWEEP)
    return [linker.step, projector.step, evaluator.step, sweep]


def import_steps(service: Service) -> list[Step]:
    """Return the work on files that were handed in."""
    return [ImportWorker(service).step]


def ledger_steps(service: Service) -> list[Step]:
    """Return the work from facts to signed checkpoints."""
    store = service.store
    committed = Committed(store.achievements, store.exchange, store.records, store.statements)
    return [Appender(store.facts, store.ledger, committed, service.ledger_keys).step]


def witness_steps(service: Service) -> list[Step]:
    """Return the work of having checkpoints signed and stamped by others, where configured."""
    settings, ledger, http = service.settings, service.store.ledger, OutboundHttp()
    steps: list[Step] = []
    if settings.ledger_witnesses:
        steps.append(Witnessing(ledger, settings.ledger_witnesses, http).step)
    if settings.ledger_timestamps:
        steps.append(Timestamping(ledger, settings.ledger_timestamps, http).step)
    return steps


def retention_steps(service: Service) -> list[Step]:
    """Return the work of letting go what is older than the policies allow, and of forgetting what
    compression remembers of it.
    """
    statements = service.store.statements
    return [Retaining(service.store).step, lambda: statements.repack(PIECE)]


def query_steps(service: Service) -> list[Step]:
    """Return the work that keeps queries of statements fast."""
    return [service.store.statements.index]


def run(work: list[Step], stopping: threading.Event) -> None:
    """Do all steps in turn until `stopping` is set.

    A step that fails is tried again later and does not keep the others from their work.
    """
    name = threading.current_thread().name
    while not stopping.is_set():
        busy = False
        for step in work:
            try:
                if step():
                    STEPS.labels(name).inc()
                    busy = True
            except Exception:
                FAILURES.labels(name).inc()
                logging.getLogger("lrs").exception("a background step failed; it is tried again")
                stopping.wait(1)
        if not busy:
            stopping.wait(IDLE)


def main() -> None:
    """Run until SIGTERM, or until the parent is gone where that was asked for.

    Deliveries, reconciliation and imports have a thread each: a slow bank or a long file holds no
    record back.
    """
    exit_with_parent()
    logs.configure()
    os.nice(GIVING_WAY)
    stopping = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stopping.set())
    settings = Settings.from_environment()
    require_store(settings)
    service = Service(settings)
    exchange = ExchangeWork(service)
    threads = [
        threading.Thread(target=run, args=(steps, stopping), name=name, daemon=True)
        for name, steps in (
            ("projection", projection_steps(service)),
            ("exchange", exchange.deliveries),
            ("reconciliation", exchange.reconciliation),
            ("imports", import_steps(service)),
            ("ledger", ledger_steps(service)),
            ("witnesses", witness_steps(service)),
            ("retention", retention_steps(service)),
            ("queries", query_steps(service)),
        )
    ]
    look_less_often()
    try:
        for thread in threads:
            thread.start()
        stopping.wait()
        for thread in threads:
            thread.join(ENDING_WITHIN)
        exchange.close()
    finally:
        service.close()


if __name__ == "__main__":
    main()
