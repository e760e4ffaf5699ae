"""`lrs reconcile`: what we think and what receivers hold, compared now."""

from __future__ import annotations

import click
from rich.console import Console
from rich.table import Table

from adapters.outbound import DeliveryError, Refused
from lrs.commands.data_option import data_option
from lrs.exchange.reconciler import Reconciler
from lrs.exchange.work import connections
from lrs.service import Service
from lrs.settings import Settings


@click.command()
@click.argument("receiver", required=False)
@data_option
def reconcile(receiver: str | None) -> None:
    """Compare all claims with what RECEIVER (or each receiver) holds, and repair what may be.

    Ends with 1 where differences are left, so that it can stand in a schedule.
    """
    service = Service(Settings.from_environment())
    known = service.store.exchange.receivers()
    if receiver is not None and receiver not in known:
        raise click.UsageError(f"there is no receiver {receiver!r}; see `lrs receiver list`")
    to = connections(service)
    reconciler = Reconciler(service.store.exchange, service.store.reconciliations, to)
    left = 0
    for name in [receiver] if receiver else list(known):
        left += _one(reconciler, name, asked=receiver is not None)
    to.close()
    service.close()
    raise SystemExit(1 if left else 0)


def _one(reconciler: Reconciler, name: str, *, asked: bool) -> int:
    """Reconcile with a receiver, show it, and return how many differences are left."""
    try:
        report = reconciler.reconcile(name)
    except Refused as error:
        click.echo(f"{name}: {error}", err=asked)
        return int(asked)
    except DeliveryError as error:
        click.echo(f"{name}: {error}", err=True)
        return 1
    left = len(report.differences) - report.repaired
    click.echo(
        f"{name}: {report.compared} claims compared, {len(report.differences)} differ, "
        f"{report.repaired} repaired (report {report.id})"
    )
    if report.error:
        click.echo(f"{name}: not finished: {report.error}", err=True)
        return left + 1
    if report.differences:
        table = Table("claim", "difference", "here", "there", "repair")
        for one in report.differences:
            table.add_row(one.claim, one.kind, one.ours or "-", one.theirs or "-", one.repair)
        Console().print(table)
    return left
