"""`lrs source`: the systems that may post statements, and their credentials."""

from __future__ import annotations

from datetime import UTC, datetime

import click
import msgspec
from rich.console import Console
from rich.table import Table

from lrs.auth.sources import KEY, KeyTaken
from lrs.commands.actor import shell_act
from lrs.commands.data_option import data_option
from lrs.service import Service
from lrs.settings import Settings
from schemas.sources import PROVENANCES, SCOPES, Source
from schemas.times import instant_of, moment_of

MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S%z"])
PAGE = 200


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
@click.option(
    "--activity",
    "activities",
    multiple=True,
    help="Prefix of the IRIs that its statements may be about; by default any.",
)
@click.option(
    "--home-page",
    "home_pages",
    multiple=True,
    help="Home page of the accounts that its statements may be about, or mailto:@DOMAIN; "
    "by default any.",
)
@click.option("--sets-authority", is_flag=True, help="Keep the authority that it sends.")
@click.option("--organisation", help="The organisation that runs it.")
@click.option("--expires", type=MOMENT, help="From when on it may not enter any more.")
@data_option
def add(
    *,
    key: str,
    name: str | None,
    provenance: str,
    scopes: tuple[str, ...],
    activities: tuple[str, ...],
    home_pages: tuple[str, ...],
    sets_authority: bool,
    organisation: str | None,
    expires: datetime | None,
) -> None:
    """Add a source and print its secret, this once."""
    if not KEY.fullmatch(key):
        raise click.UsageError("a key is 1 to 64 letters, digits and . _ ~ -")
    wanted = Source(
        id=0,
        key=key,
        name=name or key,
        provenance=provenance,  # type: ignore[arg-type]
        scopes=scopes,  # type: ignore[arg-type]
        activities=activities,
        home_pages=home_pages,
        sets_authority=sets_authority,
        organisation=organisation,
        expires=_instant(expires),
    )
    service = Service(Settings.from_environment())
    try:
        _, secret = service.credentials.issue(
            key=key,
            name=wanted.name,
            provenance=wanted.provenance,
            scopes=wanted.scopes,
            limits=wanted,
            act=shell_act("source.add", key, scopes=scopes, provenance=provenance),
        )
    except KeyTaken as error:
        raise click.UsageError(str(error)) from None
    finally:
        service.close()
    click.echo(f"key     {key}\nsecret  {secret}")


@source.command("list")
@data_option
def list_sources() -> None:
    """List the sources, without their secrets."""
    service = Service(Settings.from_environment())
    table = Table("key", "name", "provenance", "scopes", "limits", "last used", "state")
    sources, after = service.store.sources, None
    while page := sources.page(after, PAGE):
        after = page[-1].key
        for one in page:
            used = max((secret.used or 0 for secret in sources.secrets(one.key)), default=0)
            table.add_row(
                one.key,
                one.name,
                one.provenance,
                " ".join(one.scopes),
                " ".join((*one.activities, *one.home_pages)),
                f"{moment_of(used):%Y-%m-%d %H:%M}" if used else "",
                "revoked" if one.revoked else _until(one),
            )
    Console().print(table)
    service.close()


@source.command()
@click.argument("key")
@click.option(
    "--overlap",
    default=86_400,
    show_default=True,
    type=click.IntRange(0, 90 * 86_400),
    help="Seconds that the secrets before it go on working.",
)
@data_option
def rotate(key: str, overlap: int) -> None:
    """Give a source another secret and print it, this once."""
    service = Service(Settings.from_environment())
    act = shell_act("source.rotate", key, overlap=overlap)
    secret = service.credentials.rotate(key, overlap, act)
    service.close()
    if secret is None:
        raise click.UsageError(f"there is no source {key!r}; see `lrs source list`")
    click.echo(f"key     {key}\nsecret  {secret}")


@source.command()
@click.argument("key")
@click.option("--reason", default="", help="Why; kept in the audit log.")
@click.option(
    "--compromised-since",
    type=MOMENT,
    help="Since when its key may have been in other hands: what came since is evidence no more.",
)
@data_option
def revoke(key: str, reason: str, compromised_since: datetime | None) -> None:
    """Revoke a source's credential; felt by every process within a second."""
    service = Service(Settings.from_environment())
    act = msgspec.structs.replace(shell_act("source.revoke", key), reason=reason)
    revoked = service.store.sources.revoke(key, act, _instant(compromised_since))
    service.close()
    if not revoked:
        raise click.UsageError(f"there is no source {key!r} to revoke; see `lrs source list`")
    click.echo(f"{key} is revoked")


def _instant(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    return instant_of(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _until(one: Source) -> str:
    return f"until {moment_of(one.expires):%Y-%m-%d %H:%M}" if one.expires else ""
