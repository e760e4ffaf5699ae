"""`lrs retention`: for how long data of each class is kept."""

from __future__ import annotations

from contextlib import closing

import click
from rich.console import Console
from rich.table import Table

from lrs.commands.actor import shell_act
from lrs.commands.data_option import data_option
from lrs.retention import apply, cutoff, pieces
from lrs.service import Service
from lrs.settings import Settings
from schemas.retention import DATA_CLASSES, LEAST_DAYS, DataClass, Policy, PolicyError, require_days
from schemas.times import format_instant

_CLASS = click.Choice(DATA_CLASSES)


@click.group()
def retention() -> None:
    """For how long data is kept; by default for good."""


@retention.command("list")
@data_option
def list_() -> None:
    """Show the policy of each class, and what the last run of each came to."""
    with closing(Service(Settings.from_environment())) as service:
        policies = service.store.retention.policies()
    table = Table("class", "kept for", "at least", "last run", "removed", "stayed")
    for one in policies.values():
        table.add_row(
            one.data_class,
            "good" if one.days is None else f"{one.days} days",
            f"{LEAST_DAYS[one.data_class]} days",
            "-" if one.begun is None else format_instant(one.begun),
            str(one.removed),
            str(one.kept),
        )
    Console().print(table)


@retention.command("set")
@click.argument("data_class", type=_CLASS, metavar="CLASS")
@click.argument("days", type=int)
@click.option("--reason", default="", help="Why, for the audit trail.")
@data_option
def set_(data_class: DataClass, days: int, reason: str) -> None:
    """Keep data of a CLASS for so many DAYS; `lrs retention plan CLASS` says first what goes.

    The background work begins with it within a second, and does it again every day.
    """
    _put(data_class, days, reason)


@retention.command()
@click.argument("data_class", type=_CLASS, metavar="CLASS")
@click.option("--reason", default="", help="Why, for the audit trail.")
@data_option
def keep(data_class: DataClass, reason: str) -> None:
    """Keep data of a CLASS for good, from now on."""
    _put(data_class, None, reason)


def _put(data_class: DataClass, days: int | None, reason: str) -> None:
    try:
        require_days(data_class, days)
    except PolicyError as error:
        raise click.BadParameter(f"{error}.", param_hint="DAYS") from None
    act = shell_act("retention.set", data_class, reason=reason, days=days)
    with closing(Service(Settings.from_environment())) as service:
        service.store.retention.put(data_class, days, act)
    click.echo(f"{data_class}: kept {'for good' if days is None else f'for {days} days'}")


@retention.command()
@click.argument("data_class", type=_CLASS, metavar="CLASS")
@click.option("--days", type=int, help="As if it were kept for so long; else as the policy says.")
@click.option("--ids", is_flag=True, help="List what would go.")
@data_option
def plan(data_class: DataClass, days: int | None, ids: bool) -> None:
    """Say what of a CLASS would go now; nothing is changed."""
    with closing(Service(Settings.from_environment())) as service:
        store = service.store
        policy = store.retention.policies()[data_class]
        if days is not None:
            policy = Policy(data_class=data_class, days=days)
        before = cutoff(policy, store.now())
        if before is None:
            click.echo(f"{data_class}: kept for good; --days says what would go otherwise")
            return
        going = stay = 0
        for piece in pieces(store, data_class, before):
            going += len(piece.items)
            stay += piece.kept
            if ids:
                for one in piece.items:
                    click.echo(one)
    click.echo(
        f"{data_class}: {going} older than {format_instant(before)} would go, {stay} would stay "
        "because something rests on them"
    )


@retention.command("apply")
@data_option
def apply_() -> None:
    """Apply all policies now, instead of leaving it to the background work."""
    with closing(Service(Settings.from_environment())) as service:
        for policy in service.store.retention.policies().values():
            if policy.days is None:
                continue
            while not apply(service.store, policy):
                pass
            done = service.store.retention.policies()[policy.data_class]
            click.echo(f"{done.data_class}: {done.removed} removed, {done.kept} stay")
