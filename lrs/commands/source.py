"""`lrs source`: the systems that may post statements, and their credentials."""

from __future__ import annotations

import click
from rich.console import Console
from rich.table import Table

from lrs.commands.data_option import data_option
from lrs.service import Service
from lrs.settings import Settings
from schemas.sources import PROVENANCES, SCOPES


@click.group()
def source() -> None:
    """Sources: the systems that may post statements."""


@source.command()
@click.argument("key")
@click.option("--name", help="What people call it; by default the key.")
@click.option("--provenance", type=click.Choice(PROVENANCES), required=True)
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(SCOPES),
    multiple=True,
    default=("statements/write", "statements/read/mine"),
    show_default=True,
)
@data_option
def add(key: str, name: str | None, provenance: str, scopes: tuple[str, ...]) -> None:
    """Add a source and print its secret, this once."""
    service = Service(Settings.from_environment())
    if service.store.sources.with_key(key) is not None:
        raise click.UsageError(f"there is a source {key!r} already; choose another key")
    _, secret = service.credentials.issue(
        key=key,
        name=name or key,
        provenance=provenance,  # type: ignore[arg-type]
        scopes=scopes,  # type: ignore[arg-type]
    )
    click.echo(f"key     {key}\nsecret  {secret}")
    service.close()


@source.command("list")
@data_option
def list_sources() -> None:
    """List the sources, without their secrets."""
    service = Service(Settings.from_environment())
    table = Table("key", "name", "provenance", "scopes")
    for one in service.store.sources.all().values():
        table.add_row(one.key, one.name, one.provenance, " ".join(one.scopes))
    Console().print(table)
    service.close()


@source.command()
@click.argument("key")
@data_option
def revoke(key: str) -> None:
    """Revoke a source's credential; felt by every process within a second."""
    service = Service(Settings.from_environment())
    revoked = service.store.sources.revoke(key)
    service.close()
    if not revoked:
        raise click.UsageError(f"there is no source {key!r} to revoke; see `lrs source list`")
    click.echo(f"{key} is revoked")
