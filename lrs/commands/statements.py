"""`lrs statements`: looking after the stored statements."""

from __future__ import annotations

from contextlib import closing

import click

from lrs.commands.data_option import data_option
from lrs.service import Service
from lrs.settings import Settings


@click.group()
def statements() -> None:
    """Statements: how they are kept."""


@statements.command()
@data_option
def retrain() -> None:
    """Learn anew how to compress statements, from a sample of the newest ones.

    Statements that come from now on take less room; those that are stored stay as they are. Worth
    doing once some ten thousand are stored, and again when new tools have begun to send.
    """
    with closing(Service(Settings.from_environment())) as service:
        dictionary = service.store.statements.retrain()
    if dictionary is None:
        click.echo("MongoDB compresses by itself: there is nothing to learn.")
    else:
        click.echo(f"Dictionary {dictionary} is used from now on.")
