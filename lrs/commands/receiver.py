"""`lrs receiver`: the banks and others that claims are put to."""

from __future__ import annotations

import json

import click
from rich.console import Console
from rich.table import Table

from adapters.outbound import outbound_adapters
from lrs.auth.client_key import public_jwks
from lrs.commands.data_option import data_option
from lrs.service import Service
from lrs.settings import Settings
from lrs.store.exchange import KnownReceiver


@click.group()
def receiver() -> None:
    """Receivers: the banks that claims are put to."""


@receiver.command()
@click.argument("name")
@click.option("--adapter", default="credit_bank", show_default=True, help="Who speaks to it.")
@click.option("--url", required=True, help="Its address, the issuer of its metadata and receipts.")
@click.option("--client-id", required=True, help="Who we are there.")
@click.option("--institution", required=True, help="The institution that claims are made for.")
@data_option
def add(name: str, adapter: str, url: str, client_id: str, institution: str) -> None:
    """Add a receiver, or change the one of that name.

    Achievements that are verified already are claimed there too.
    """
    if adapter not in outbound_adapters():
        known = ", ".join(sorted(outbound_adapters()))
        raise click.UsageError(f"there is no outbound adapter {adapter!r}; there are: {known}")
    service = Service(Settings.from_environment())
    add_receiver(
        service,
        KnownReceiver(
            name=name, adapter=adapter, url=url, client_id=client_id, institution=institution
        ),
    )
    click.echo(f"{name}: claims go to {url}")
    click.echo("The receiver checks our signature with the keys at /.well-known/jwks.json of")
    click.echo("this service, or with those that `lrs receiver jwks` prints.")
    service.close()


def add_receiver(service: Service, known: KnownReceiver) -> None:
    """Add a receiver and have all verified achievements claimed there."""
    service.store.exchange.put_receiver(known)
    service.store.achievements.mark_achieved()


@receiver.command("list")
@data_option
def list_receivers() -> None:
    """List the receivers."""
    service = Service(Settings.from_environment())
    table = Table("name", "adapter", "url", "client", "institution")
    for one in service.store.exchange.receivers().values():
        table.add_row(one.name, one.adapter, one.url, one.client_id, one.institution)
    Console().print(table)
    service.close()


@receiver.command()
@data_option
def jwks() -> None:
    """Print the public keys by which receivers know us (a JWK Set)."""
    service = Service(Settings.from_environment())
    click.echo(json.dumps(public_jwks(service.store.client_keys, service.root_secret), indent=2))
    service.close()
