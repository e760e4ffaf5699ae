"""`lrs units`: the recognised units and their rules."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from lrs.achievements.evaluate import activities_of
from lrs.achievements.units_file import UnitsFileError, read_units
from lrs.commands.data_option import data_option
from lrs.service import Service
from lrs.settings import Settings
from lrs.store.units import UnitTaken


@click.group()
def units() -> None:
    """Units: what is recognised, by which rule."""


@units.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@data_option
def publish(files: tuple[Path, ...]) -> None:
    """Publish the units of YAML FILES; all of them are checked before the first is published."""
    try:
        found = [unit for file in files for unit in read_units(_text(file), file.name)]
    except UnitsFileError as error:
        raise click.ClickException(str(error)) from None
    service = Service(Settings.from_environment())
    for unit in found:
        try:
            new = service.store.units.publish(unit, activities_of(unit))
        except UnitTaken as error:
            raise click.ClickException(str(error)) from None
        state = "published" if new else "was published already"
        click.echo(f"{unit.code} version {unit.version} {state}")
    service.close()


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise click.ClickException(
            f"{file.name}: octet {error.start} is not UTF-8; save the file as UTF-8"
        ) from None


@units.command("list")
@data_option
def list_units() -> None:
    """List the published units."""
    service = Service(Settings.from_environment())
    table = Table("code", "version", "title", "level", "credits", "hours")
    for unit in service.store.units.all():
        title = next(iter(unit.title.values()))
        table.add_row(
            unit.code,
            str(unit.version),
            title,
            str(unit.level),
            f"{unit.credits:g}",
            f"{unit.hours:g}",
        )
    Console().print(table)
    service.close()
