"""`lrs ledger`: how far the ledger is, and its keys."""

from __future__ import annotations

import base64

import click
from rich.console import Console
from rich.table import Table

from lrs.commands.actor import shell_user
from lrs.commands.data_option import data_option
from lrs.service import Service
from lrs.settings import Settings
from schemas.audit import Act
from schemas.times import format_instant

DAY = 86_400.0


@click.group()
def ledger() -> None:
    """The ledger: the append-only log of what was verified, claimed and answered."""


@ledger.command()
@data_option
def status() -> None:
    """Show the newest checkpoint, what waits to be appended, and the keys."""
    service = Service(Settings.from_environment())
    keys, store = service.ledger_keys, service.store.ledger
    signed = store.checkpoint()
    _, last = store.place()
    waiting = len(service.store.facts.after(last, 1000))
    click.echo(f"origin   {keys.origin()}")
    if signed is None:
        click.echo("leaves   none yet")
    else:
        click.echo(f"leaves   {signed.size}, signed {format_instant(signed.at)}")
        click.echo(f"root     {base64.b64encode(signed.root).decode()}")
        witnesses = len(signed.cosignatures.splitlines())
        click.echo(f"shown by {witnesses} witnesses{' and a timestamp' * bool(signed.timestamp)}")
    click.echo(f"waiting  {waiting}{'+' if waiting == 1000 else ''} facts")
    table = Table("key", "since", "until")
    for key in store.known_keys():
        table.add_row(
            key.key, format_instant(key.since), format_instant(key.until) if key.until else "-"
        )
    Console(soft_wrap=True).print(table)
    service.close()


@ledger.group("key")
def key_group() -> None:
    """The keys that sign checkpoints."""


@key_group.command()
@click.option(
    "--overlap",
    default=30.0,
    show_default=True,
    type=click.FloatRange(0, 3650),
    help="Days for which the keys before it sign along.",
)
@click.option("--reason", required=True, help="Why, for the audit trail.")
@data_option
def rotate(overlap: float, reason: str) -> None:
    """Add a new key, introduced by the signature of those before it."""
    service = Service(Settings.from_environment())
    key = service.ledger_keys.rotate(overlap * DAY)
    service.store.audit.note(
        Act(principal=shell_user(), action="ledger.key.rotate", subject=str(key), reason=reason)
    )
    click.echo(f"new key  {key}")
    click.echo(f"The keys before it sign along for {overlap:g} days; all are at /ledger/keys.")
    service.close()
