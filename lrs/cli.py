"""The command `lrs`."""

from __future__ import annotations

import sys

import click

from lrs.commands.backup import backup
from lrs.commands.bank import bank
from lrs.commands.client import client
from lrs.commands.credentials import credentials
from lrs.commands.demo import demo
from lrs.commands.dossier import dossier
from lrs.commands.erase import erase
from lrs.commands.explain import explain
from lrs.commands.export import export
from lrs.commands.import_ import import_, import_list, import_template
from lrs.commands.learner import learner
from lrs.commands.ledger import ledger
from lrs.commands.migrate import migrate
from lrs.commands.outbox import outbox
from lrs.commands.person import person
from lrs.commands.persona import persona
from lrs.commands.quarantine import quarantine
from lrs.commands.receiver import receiver
from lrs.commands.reconcile import reconcile
from lrs.commands.records import records
from lrs.commands.restore import restore
from lrs.commands.retention import retention
from lrs.commands.serve import serve
from lrs.commands.source import source
from lrs.commands.statements import statements
from lrs.commands.units import units
from lrs.commands.verify import verify
from lrs.settings import SettingsError
from lrs.store.errors import StoreError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def lrs() -> None:
    """The learning record store of a Credit Bank."""


lrs.add_command(backup)
lrs.add_command(bank)
lrs.add_command(client)
lrs.add_command(credentials)
lrs.add_command(demo)
lrs.add_command(dossier)
lrs.add_command(erase)
lrs.add_command(explain)
lrs.add_command(export)
lrs.add_command(import_)
lrs.add_command(import_list)
lrs.add_command(import_template)
lrs.add_command(ledger)
lrs.add_command(person)
lrs.add_command(persona)
lrs.add_command(quarantine)
lrs.add_command(learner)
lrs.add_command(migrate)
lrs.add_command(outbox)
lrs.add_command(reconcile)
lrs.add_command(receiver)
lrs.add_command(records)
lrs.add_command(restore)
lrs.add_command(retention)
lrs.add_command(serve)
lrs.add_command(source)
lrs.add_command(statements)
lrs.add_command(units)
lrs.add_command(verify)


def main() -> None:
    """Run the command line; errors that a person can mend are one line and exit with 1."""
    try:
        lrs()
    except (SettingsError, StoreError) as error:
        click.echo(f"lrs: {error}", err=True)
        sys.exit(1)
