"""`lrs learner`: what is kept of a learner for receivers that look learners up."""

from __future__ import annotations

import click

from lrs.commands.actor import shell_user
from lrs.commands.data_option import data_option
from lrs.service import Service
from lrs.settings import Settings
from schemas.claims import IdentityDocument


@click.group()
def learner() -> None:
    """Learners."""


@learner.command()
@click.argument("persona")
@click.option("--type", "kind", required=True, help="The document's type, such as resident.")
@click.option(
    "--number",
    prompt="Number of the document",
    hide_input=True,
    help="Asked for where it is not given, so that it stays out of the shell's history.",
)
@data_option
def identify(persona: str, kind: str, number: str) -> None:
    """Keep the identity document of PERSONA, sealed; waiting look-ups are made again."""
    service = Service(Settings.from_environment())
    if service.store.records.persona(persona) is None:
        raise click.UsageError(f"there is no persona {persona!r}")
    document = IdentityDocument(type=kind, number=number)
    service.learner_documents.keep(persona, document, shell_user())
    service.close()
    click.echo(f"the identity document of {persona} is kept, sealed")


@learner.command()
@click.argument("persona")
@data_option
def forget(persona: str) -> None:
    """Forget the identity document of PERSONA."""
    service = Service(Settings.from_environment())
    forgotten = service.learner_documents.forget(persona, shell_user())
    service.close()
    if not forgotten:
        raise click.ClickException(f"no identity document of {persona!r} is kept")
    click.echo(f"the identity document of {persona} is forgotten")
