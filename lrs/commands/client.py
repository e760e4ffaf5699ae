"""`lrs client`: the machines that ask for access tokens, and the keys that sign those."""

from __future__ import annotations

import json
from typing import TextIO

import click
from rich.console import Console
from rich.table import Table

from lrs.auth.sources import KEY
from lrs.commands.actor import shell_act
from lrs.commands.data_option import data_option
from lrs.oauth.registration import Registration
from lrs.service import Service
from lrs.settings import Settings
from schemas.clients import CLIENT_METHODS, CLIENT_SCOPES, Client, ClientError

PAGE = 200


@click.group()
def client() -> None:
    """OAuth clients: the machines that ask for access tokens."""


@client.command()
@click.argument("id_", metavar="ID")
@click.option("--name", help="What people call it; by default the id.")
@click.option("--method", type=click.Choice(CLIENT_METHODS), default="private_key_jwt")
@click.option("--scope", "scopes", type=click.Choice(CLIENT_SCOPES), multiple=True, required=True)
@click.option("--organisation", help="The organisation that it acts for.")
@click.option("--source", help="Key of the source as which it uses xAPI.")
@click.option("--jwks", type=click.File("r", "utf-8"), help="File with its public keys, a JWK set.")
@click.option("--jwks-uri", help="Address where it publishes them itself.")
@data_option
def add(
    *,
    id_: str,
    name: str | None,
    method: str,
    scopes: tuple[str, ...],
    organisation: str | None,
    source: str | None,
    jwks: TextIO | None,
    jwks_uri: str | None,
) -> None:
    """Add a client, and print its secret, this once, where it has one."""
    if not KEY.fullmatch(id_):
        raise click.UsageError("an id is 1 to 64 letters, digits and . _ ~ -")
    service = Service(Settings.from_environment())
    try:
        new = Client(
            id=id_,
            name=name or id_,
            method=method,  # type: ignore[arg-type]
            scopes=scopes,
            organisation=organisation,
            source=source,
            jwks=json.load(jwks) if jwks else None,
            jwks_uri=jwks_uri,
        )
        secret = _registration(service).add(new, shell_act("client.add", id_, scopes=scopes))
    except (ClientError, ValueError) as error:
        raise click.UsageError(str(error)) from None
    finally:
        service.close()
    click.echo(f"client  {id_}" + (f"\nsecret  {secret}" if secret else ""))


@client.command("list")
@data_option
def list_clients() -> None:
    """List the clients, without their secrets."""
    service = Service(Settings.from_environment())
    table = Table("id", "name", "method", "scopes", "organisation", "source", "state")
    after = None
    while page := service.store.clients.page(after, PAGE):
        after = page[-1].id
        for one in page:
            table.add_row(
                one.id,
                one.name,
                one.method,
                " ".join(one.scopes),
                one.organisation or "",
                one.source or "",
                "revoked" if one.revoked else "",
            )
    service.close()
    Console().print(table)


@client.command()
@click.argument("id_", metavar="ID")
@data_option
def revoke(id_: str) -> None:
    """Revoke a client and every token that it has; felt at its next request."""
    service = Service(Settings.from_environment())
    now = service.store.now()
    revoked = _registration(service).revoke(id_, now, shell_act("client.revoke", id_))
    service.close()
    if not revoked:
        raise click.UsageError(f"there is no client {id_!r}; see `lrs client list`")
    click.echo(f"{id_} is revoked")


@client.command("rotate-key")
@data_option
def rotate_key() -> None:
    """Sign access tokens with a new key from now on; tokens signed before stay good."""
    service = Service(Settings.from_environment())
    key = service.signing_keys.renew()
    service.store.audit.note(shell_act("signing_key.renew", str(key.kid)))
    service.close()
    click.echo(f"access tokens are signed with the key {key.kid}")


def _registration(service: Service) -> Registration:
    return Registration(service.store.clients, service.store.sources, service.root_secret)
