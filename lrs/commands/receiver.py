"""`lrs receiver`: the banks and others that claims are put to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import yaml
from rich.console import Console
from rich.table import Table

from adapters.outbound import DeliveryError, HasCatalogue, outbound_adapters
from lrs.auth.client_key import PUBLISHED_BEFORE, public_jwks, rotate_client_key
from lrs.commands.actor import shell_act
from lrs.commands.data_option import data_option
from lrs.exchange.receivers import NAME, SettingsFault, checked_settings, put_receiver
from lrs.exchange.work import connections
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
@click.option(
    "--settings",
    "settings_file",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="How to sign in, how fast, what a learner is called (YAML; docs/credit-bank.md).",
)
@data_option
def add(
    name: str,
    adapter: str,
    url: str,
    *,
    client_id: str,
    institution: str,
    settings_file: Path | None,
) -> None:
    """Add a receiver, or change the one of that name.

    Achievements that are verified already are claimed there too.
    """
    if not NAME.fullmatch(name):
        raise click.UsageError("a receiver's name is of small letters, digits and hyphens")
    settings = read_settings(settings_file) if settings_file else {}
    if adapter not in outbound_adapters():
        there = ", ".join(sorted(outbound_adapters()))
        raise click.UsageError(f"there is no outbound adapter {adapter!r}; there are: {there}")
    service = Service(Settings.from_environment())
    known = KnownReceiver(
        name=name,
        adapter=adapter,
        url=url,
        client_id=client_id,
        institution=institution,
        settings=settings,
    )
    put_receiver(service.store, known, shell_act("receiver.put", name, url=url))
    click.echo(f"{name}: claims go to {url}")
    click.echo("The receiver checks our signature with the keys at /.well-known/jwks.json of")
    click.echo("this service, or with those that `lrs receiver jwks` prints.")
    service.close()


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


@receiver.command("rotate-key")
@click.option("--at-once", is_flag=True, help="The key in use is known to others: drop it now.")
@click.option("--reason", required=True, help="Why; it is kept in the audit log.")
@data_option
def rotate_key(at_once: bool, reason: str) -> None:
    """Make a new key to sign in with; the one in use is good until receivers know the new."""
    service = Service(Settings.from_environment())
    kid = rotate_client_key(service.store.client_keys, service.root_secret, at_once=at_once)
    service.store.audit.note(shell_act("client-key.rotate", kid, reason=reason))
    service.close()
    when = "now" if at_once else f"in {PUBLISHED_BEFORE / 60:.0f} minutes"
    click.echo(f"{kid} is published at /.well-known/jwks.json and signs {when}.")
    click.echo("Where a receiver has our keys in a file, give it `lrs receiver jwks` before that.")


@receiver.command()
@click.argument("name")
@click.option(
    "--value",
    prompt="Secret",
    hide_input=True,
    confirmation_prompt=True,
    help="Asked for where it is not given, so that it stays out of the shell's history.",
)
@data_option
def secret(name: str, value: str) -> None:
    """Keep a client secret, sealed, for settings to name as store:NAME."""
    service = Service(Settings.from_environment())
    service.secret_places.keep(name, value)
    service.store.audit.note(shell_act("receiver-secret.keep", name))
    service.close()
    click.echo(f"kept, sealed: store:{name}")


@receiver.command()
@click.argument("name")
@data_option
def catalogue(name: str) -> None:
    """Ask a receiver which units it recognises, keep that, and say where our units differ."""
    service = Service(Settings.from_environment())
    to = connections(service)
    try:
        connection = to.to(name)
        if not isinstance(connection, HasCatalogue):
            raise click.ClickException(f"{name} does not say which units it recognises")
        recognised = list(connection.catalogue())
    except DeliveryError as error:
        raise click.ClickException(str(error)) from error
    finally:
        to.close()
    service.store.reconciliations.put_catalogue(name, recognised)
    ours = {unit.code: unit for unit in service.store.units.all()}
    table = Table("code", "title", "level", "credits", "here")
    for unit in recognised:
        own = ours.get(unit.code)
        if own is None:
            here = "not published"
        elif (own.level, own.credits) == (unit.level, unit.credits):
            here = "the same"
        else:
            here = f"level {own.level}, {own.credits:g} credits"
        title = next(iter(unit.title.values()), "")
        table.add_row(unit.code, title, str(unit.level), f"{unit.credits:g}", here)
    Console().print(table)
    service.close()


def read_settings(path: Path) -> dict[str, Any]:
    """Return a receiver's settings in a YAML file; a `mapping` may name a file beside it.

    Raises click.ClickException with the place that is wrong.
    """
    try:
        content = yaml.safe_load(path.read_text("utf-8")) or {}
        if isinstance(content, dict) and isinstance(content.get("mapping"), str):
            mapping = path.parent / content["mapping"]
            content["mapping"] = yaml.safe_load(mapping.read_text("utf-8"))
        return checked_settings(content)
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        raise click.ClickException(f"{path} cannot be read: {error}") from error
    except SettingsFault as fault:
        raise click.ClickException(f"{path}: {fault}") from fault
