"""`lrs credentials`: keys, learner records and transcripts."""

from __future__ import annotations

import getpass
from contextlib import closing
from pathlib import Path

import click

from lrs.commands.data_option import data_option
from lrs.service import Service
from lrs.settings import Settings
from schemas.audit import Act
from schemas.credentials import NotExpressible


@click.group()
def credentials() -> None:
    """Credentials: verified achievements in the learner's hands."""


@credentials.command()
@click.argument("persona")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["clr", "elmo"]),
    default="clr",
    show_default=True,
    help="A CLR 2.0 credential (JSON), or an EMREX ELMO 1.7 transcript (XML).",
)
@click.option("--language", default="zh-CN", show_default=True, help="Of a CLR's texts.")
@data_option
def export(persona: str, file: Path, form: str, language: str) -> None:
    """Write the verified achievements of PERSONA, signed, to FILE."""
    with closing(Service(Settings.from_environment())) as service:
        try:
            content = (
                service.issuing.learner_record(persona, language)
                if form == "clr"
                else service.issuing.transcript(persona)
            )
        except (NotExpressible, LookupError) as error:
            raise click.ClickException(str(error)) from None
        service.store.audit.note(
            Act(
                principal=f"console:{getpass.getuser()}",
                action=f"persona.export.{form}",
                subject=persona,
                persona=persona,
            )
        )
    file.write_bytes(content)
    click.echo(str(file))


@credentials.command("rotate-keys")
@data_option
def rotate_keys() -> None:
    """Make new signing keys; the old ones stay published, so that what they signed verifies."""
    with closing(Service(Settings.from_environment())) as service:
        number = service.issuing.rotate_keys()
        service.store.audit.note(
            Act(
                principal=f"console:{getpass.getuser()}",
                action="credential-keys.rotate",
                subject=str(number),
            )
        )
    click.echo(f"Key pair {number} signs from now on.")
