"""`lrs erase`: erasing a person."""

from __future__ import annotations

import click

from lrs.commands.actor import shell_user
from lrs.commands.data_option import data_option
from lrs.erasure import erase as erase_persona
from lrs.service import Service
from lrs.settings import Settings
from lrs.store.erasure import NotErasable


@click.command()
@click.argument("persona")
@click.option("--reason", required=True, help="Why, for the audit trail.")
@click.confirmation_option(prompt="This cannot be undone. Erase this person?")
@data_option
def erase(persona: str, reason: str) -> None:
    """Erase a PERSONA for good: statements, documents, records, identity, what opens the ledger.

    Credits stay countable, and the ledger still verifies.
    """
    service = Service(Settings.from_environment())
    try:
        erased = erase_persona(service.store, persona, shell_user(), reason)
    except NotErasable as error:
        raise click.ClickException(str(error)) from None
    finally:
        service.close()
    click.echo(f"erased   {persona}, from now on {', '.join(erased.personas.values())}")
    click.echo(
        f"{erased.statements} statements, {erased.documents} documents, "
        f"{len(erased.attachments)} attachments, {erased.import_rows} rows of imports"
    )
    click.echo(f"{erased.achievements} achievements and {erased.claims} claims stay, of nobody")
    if erased.mentions:
        click.echo(f"{erased.mentions} statements of others name the person and were kept")
