"""`lrs outbox`: what has to leave this machine, and what is on the shelf."""

from __future__ import annotations

from collections.abc import Iterator

import click
from rich.console import Console
from rich.table import Table

from lrs.commands.actor import shell_act
from lrs.commands.data_option import data_option
from lrs.service import Service
from lrs.settings import Settings
from lrs.store.outbox import OutboxItem
from schemas.times import format_instant

PAGE = 200


@click.group()
def outbox() -> None:
    """The outbox: what goes to receivers and subscribers."""


@outbox.command("list")
@click.option("--parked", is_flag=True, help="Only what is on the shelf and waits for a person.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000))
@data_option
def list_items(parked: bool, limit: int) -> None:
    """List what has not arrived yet, the oldest first."""
    service = Service(Settings.from_environment())
    table = Table("id", "kind", "to", "of", "attempts", "state", "said")
    for count, item in enumerate(_items(service, parked or None)):
        if count == limit:
            click.echo(f"There is more; the first {limit} are shown (--limit).", err=True)
            break
        state = "parked" if item.parked else f"due {format_instant(item.due)[:19]}Z"
        table.add_row(
            str(item.id),
            item.kind,
            item.destination,
            item.subject,
            str(item.attempts),
            state,
            item.error or "",
        )
    Console().print(table)
    for name, circuit in sorted(service.store.outbox.circuits().items()):
        if circuit.failures:
            until = format_instant(circuit.closed_off)[:19]
            click.echo(f"{name}: {circuit.failures} failures in a row; left alone until {until}Z")
    service.close()


@outbox.command()
@click.argument("items", nargs=-1, type=int)
@click.option("--all", "everything", is_flag=True, help="All that is on the shelf.")
@click.option("--reason", required=True, help="Why; it is kept in the audit log.")
@data_option
def retry(items: tuple[int, ...], everything: bool, reason: str) -> None:
    """Try parked deliveries again, with their attempts forgotten."""
    if bool(items) == everything:
        raise click.UsageError("give the ids of `lrs outbox list --parked`, or --all")
    service = Service(Settings.from_environment())
    chosen = [item.id for item in _items(service, True)] if everything else list(items)
    count = 0
    for begin in range(0, len(chosen), PAGE):
        some = chosen[begin : begin + PAGE]
        subject = str(some[0]) if len(some) == 1 else "several"
        act = shell_act("outbox.retry", subject, reason=reason, items=some)
        count += service.store.outbox.retry(some, act)
    service.close()
    click.echo(f"{count} of {len(chosen)} are due again")
    if count < len(items):
        raise click.ClickException("the others are not on the shelf; see `lrs outbox list`")


@outbox.command()
@click.argument("item", type=int)
@click.option("--reason", required=True, help="Why; it is kept in the audit log.")
@data_option
def discard(item: int, reason: str) -> None:
    """Take a parked delivery out for good; a claim in it is withdrawn and not put again."""
    service = Service(Settings.from_environment())
    done = service.store.outbox.discard(item, shell_act("outbox.discard", str(item), reason=reason))
    service.close()
    if not done:
        raise click.ClickException(f"{item} is not on the shelf; see `lrs outbox list --parked`")
    click.echo(f"{item} is discarded")


def _items(service: Service, parked: bool | None) -> Iterator[OutboxItem]:
    after: int | None = None
    while found := service.store.outbox.items(after, PAGE, parked=parked):
        yield from found
        after = found[-1].id
