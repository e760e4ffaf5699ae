"""`lrs dossier`: one file from which an auditor checks a claim."""

from __future__ import annotations

from pathlib import Path

import click

from lrs.commands.actor import shell_user
from lrs.commands.data_option import data_option
from lrs.dossier.build import NoDossier, Request
from lrs.dossier.writing import write_dossier
from lrs.service import Service
from lrs.settings import Settings
from schemas.engagements import PROFILES, Profile


@click.command()
@click.argument("claim")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="The file to write.",
)
@click.option("--profile", type=click.Choice(PROFILES), default="full", show_default=True)
@click.option("--purpose", required=True, help="What it is for; it is written into the dossier.")
@data_option
def dossier(claim: str, output: Path, profile: Profile, purpose: str) -> None:
    """Write the dossier of a CLAIM; `lrs verify FILE` checks it with no access to this service."""
    service = Service(Settings.from_environment())
    request = Request(purpose=purpose, requested_by=shell_user(), profile=profile)
    try:
        with output.open("wb") as file:
            write_dossier(service, claim, request, file)
    except NoDossier as error:
        output.unlink()
        raise click.ClickException(str(error)) from None
    finally:
        service.close()
    click.echo(f"{output}: {output.stat().st_size} octets; check it with: lrs verify {output}")
