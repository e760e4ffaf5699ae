"""`lrs units`: the recognised units and their rules."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from lrs.achievements.catalogue import catalogue_of
from lrs.achievements.evaluate import activities_of, units_of
from lrs.achievements.judge import Judge
from lrs.achievements.publishing import between
from lrs.achievements.units_file import UnitsFile, UnitsFileError, read_units_file
from lrs.achievements.what_if import WhatIf
from lrs.commands.data_option import data_option
from lrs.service import Service
from lrs.settings import Settings
from lrs.store.units import UnitTaken
from schemas.equivalences import Equivalence
from schemas.units import Unit


@click.group()
def units() -> None:
    """Units: what is recognised, by which rule."""


def _files(command: Any) -> Any:
    return click.argument(
        "files",
        nargs=-1,
        required=True,
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
    )(command)


@units.command()
@_files
@data_option
def publish(files: tuple[Path, ...]) -> None:
    """Publish the units and equivalences of YAML FILES.

    All of them are checked before the first is published.
    """
    found = _read(files)
    with closing(Service(Settings.from_environment())) as service:
        _check(found, service)
        try:
            for unit in (unit for file in found for unit in file.units):
                new = service.store.units.publish(unit, activities_of(unit), units_of(unit))
                _say(unit, new)
            for equivalence in (one for file in found for one in file.equivalences):
                _say(equivalence, service.store.equivalences.publish(equivalence))
        except UnitTaken as error:
            raise click.ClickException(str(error)) from None


@units.command()
@_files
@data_option
def check(files: tuple[Path, ...]) -> None:
    """Check YAML FILES as `publish` does, and publish nothing."""
    found = _read(files)
    with closing(Service(Settings.from_environment())) as service:
        _check(found, service)
    for file in found:
        click.echo(f"{file.name}: nothing is wrong")


@units.command()
@_files
@data_option
def draft(files: tuple[Path, ...]) -> None:
    """Keep the units of YAML FILES as drafts, which may change until they are published."""
    found = _read(files)
    with closing(Service(Settings.from_environment())) as service:
        for unit in (unit for file in found for unit in file.units):
            service.store.units.put_draft(unit)
            click.echo(f"{unit.code} version {unit.version} kept as a draft")


@units.command("what-if")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_option
def what_if(file: Path) -> None:
    """List who would gain or lose each unit of FILE if it were published; nothing changes."""
    [found] = _read((file,))
    with closing(Service(Settings.from_environment())) as service:
        _check([found], service)
        store = service.store
        judge = Judge(
            catalogue=catalogue_of(store.units.all(), store.equivalences.all()),
            achievements=store.achievements,
            records=store.records,
            statements=store.statements,
            sources=store.sources.all(),
        )
        for unit in found.units:
            run = WhatIf(unit, judge, store.achievements, store.records)
            _tell_changes(unit, run)


def _tell_changes(unit: Unit, run: WhatIf) -> None:
    counts = {"gains": 0, "loses": 0}
    looked_at = 0
    console = Console(stderr=True)
    with console.status(f"{unit.code} …", spinner="line") as status:
        for _, change in run.each(datetime.now(UTC)):
            looked_at += 1
            if looked_at % 100 == 0:
                status.update(f"{unit.code}: {looked_at} learners looked at")
            if change is not None:
                counts[change.change] += 1
                click.echo(f"{change.persona} {change.name or '-'} {change.change} {unit.code}")
    click.echo(
        f"{unit.code} version {unit.version}: of {looked_at} learners concerned "
        f"{counts['gains']} would gain it and {counts['loses']} would lose it"
    )


def _read(files: Sequence[Path]) -> list[UnitsFile]:
    try:
        return [read_units_file(_text(file), file.name) for file in files]
    except UnitsFileError as error:
        raise click.ClickException(str(error)) from None


def _check(found: Sequence[UnitsFile], service: Service) -> None:
    """Refuse what cannot stand together with what is published and with the other files."""
    published = service.store.units.all()
    wrong = []
    for file in found:
        others = [unit for other in found if other is not file for unit in other.units]
        wrong += file.lines(list(between(file.units, file.equivalences, [*published, *others])))
    if wrong:
        raise click.ClickException("\n".join(wrong))


def _say(one: Unit | Equivalence, new: bool) -> None:
    state = "published" if new else "was published already"
    click.echo(f"{one.code} version {one.version} {state}")


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
