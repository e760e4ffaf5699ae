"""`lrs quarantine`: rows that an import could not take."""

from __future__ import annotations

import getpass
import os
from contextlib import closing
from typing import get_args

import click
from rich.console import Console
from rich.table import Table

from lrs.commands.data_option import data_option
from lrs.commands.terminal_language import language_of
from lrs.imports.intake import SourceRefused
from lrs.imports.quarantine import StillWrong
from lrs.imports.quarantine import discard as discard_row
from lrs.imports.quarantine import release as release_row
from lrs.imports.texts import fault_text, texts
from lrs.service import Service
from lrs.settings import Settings
from lrs.store.imports import (
    NotQuarantined,
    QuarantinedRow,
    QuarantinePlace,
    QuarantineState,
)
from schemas.times import format_instant

PAGE = 200


@click.group()
def quarantine() -> None:
    """Rows that an import could not take: correct and release them, or discard them."""


@quarantine.command("list")
@click.option("--import", "import_id", help="Of one import only.")
@click.option(
    "--state",
    type=click.Choice(get_args(QuarantineState)),
    default="quarantined",
    show_default=True,
)
@data_option
def list_rows(import_id: str | None, state: QuarantineState) -> None:
    """List the rows, each with its import's id and its number, and what is wrong."""
    language = language_of(os.environ)
    table = Table("import", "row", "file", "what is wrong")
    with closing(Service(Settings.from_environment())) as service:
        after: QuarantinePlace | None = None
        while found := service.store.imports.quarantine(
            after, PAGE, state=state, import_id=import_id
        ):
            for one in found:
                said = "\n".join(fault_text(fault, language) for fault in one.row.faults)
                table.add_row(one.import_id, str(one.row.number), one.row.file or one.name, said)
            after = QuarantinePlace(found[-1].import_id, found[-1].row.number)
    Console().print(table)


@quarantine.command()
@click.argument("import_id")
@click.argument("row", type=int)
@data_option
def show(import_id: str, row: int) -> None:
    """Show a row's cells as they came, what is wrong, and what became of it."""
    language = language_of(os.environ)
    with closing(Service(Settings.from_environment())) as service:
        found = _found(service, QuarantinePlace(import_id, row))
    click.echo(f"{found.name}, {found.row.file or ''} {found.row.number}: {found.row.state}")
    for header, text in found.row.cells.items():
        click.echo(f"  {header}: {text}")
    for fault in found.row.faults:
        click.echo(f"! {fault_text(fault, language)}")
    if found.row.correction is not None:
        correction = found.row.correction
        click.echo(f"{format_instant(correction.at)} {correction.by} {correction.reason}")
        for header, text in correction.cells.items():
            if text != found.row.cells.get(header):
                click.echo(f"  {header}: {text}")
        for statement in found.row.statements:
            click.echo(f"  -> {statement}")


@quarantine.command()
@click.argument("import_id")
@click.argument("row", type=int)
@click.option("--set", "cells", multiple=True, metavar="HEADER=TEXT", help="A cell to change.")
@click.option("--reason", default="", help="Why it is right so.")
@data_option
def release(import_id: str, row: int, cells: tuple[str, ...], reason: str) -> None:
    """Take a row in, with the cells changed that are given."""
    language = language_of(os.environ)
    changes = {}
    for one in cells:
        header, equals, text = one.partition("=")
        if not equals:
            raise click.UsageError(f"--set needs HEADER=TEXT, not {one!r}")
        changes[header] = text
    place = QuarantinePlace(import_id, row)
    with closing(Service(Settings.from_environment())) as service:
        _found(service, place)
        try:
            released = release_row(service, place, changes, _principal(), reason)
        except NotQuarantined:
            raise click.ClickException(texts("not quarantined")[language]) from None
        except SourceRefused as refusal:
            raise click.ClickException(refusal.reason[language]) from None
        except StillWrong as wrong:
            said = "\n".join(fault_text(fault, language) for fault in wrong.faults)
            raise click.ClickException(said) from None
    click.echo("\n".join(released.statements) or released.state)


@quarantine.command()
@click.argument("import_id")
@click.argument("row", type=int)
@click.option("--reason", required=True, help="Why it is left out.")
@data_option
def discard(import_id: str, row: int, reason: str) -> None:
    """Leave a row out for good; it stays listed as discarded."""
    place = QuarantinePlace(import_id, row)
    with closing(Service(Settings.from_environment())) as service:
        _found(service, place)
        try:
            discard_row(service, place, _principal(), reason)
        except NotQuarantined:
            text = texts("not quarantined")[language_of(os.environ)]
            raise click.ClickException(text) from None


def _found(service: Service, place: QuarantinePlace) -> QuarantinedRow:
    found = service.store.imports.quarantined(place)
    if found is None:
        text = texts("no such row", id=place.import_id, row=place.number)
        raise click.ClickException(text[language_of(os.environ)])
    return found


def _principal() -> str:
    return f"shell:{getpass.getuser()}"
