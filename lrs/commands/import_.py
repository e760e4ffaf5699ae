"""`lrs import`: files taken in by an office, whatever they hold."""

from __future__ import annotations

import getpass
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import get_args

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from adapters.spreadsheet import LANGUAGES, Language, SheetKind, write_template
from lrs.commands.data_option import data_option
from lrs.commands.terminal_language import language_of
from lrs.imports.files import Rows, kind_of, open_rows
from lrs.imports.intake import Elsewhere, SourceRefused
from lrs.imports.run import begun, new_import, sha256_of, work_off
from lrs.imports.texts import row_lines, summary, texts
from lrs.service import Service
from lrs.settings import Settings
from schemas.imports import IMPORT_KINDS, FileRefused, Import, ImportKind, ImportOptions
from schemas.times import format_instant

KINDS = [kind for kind in IMPORT_KINDS if kind != "batch"]


def _columns(
    context: click.Context, parameter: click.Parameter, given: tuple[str, ...]
) -> dict[str, str]:
    told = [one.rpartition("=") for one in given]
    if not all(header and key for header, _, key in told):
        raise click.BadParameter("write HEADER=COLUMN, such as 考号=learner")
    return {header: key for header, _, key in told}


@click.command("import")
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option("--kind", type=click.Choice(KINDS), help="What it holds; told by its name else.")
@click.option("--home-page", default="", help="Account home page of the people's ids.")
@click.option("--course-base", default="", help="IRI to which a course's code is appended.")
@click.option("--time-zone", default="Asia/Shanghai", show_default=True, help="Of a sheet.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    callback=_columns,
    metavar="HEADER=COLUMN",
    help="What a header means that is not known; COLUMN may be `ignore`.",
)
@click.option("--roster", default="", help="Name of the roster to bring up to date.")
@click.option("--source", "key", default="import", show_default=True, help="Key of the source.")
@click.option("--dry-run", is_flag=True, help="Check and report each row; store nothing.")
@data_option
@click.pass_context
def import_(
    context: click.Context,
    file: Path,
    *,
    kind: ImportKind | None,
    home_page: str,
    course_base: str,
    time_zone: str,
    columns: dict[str, str],
    roster: str,
    key: str,
    dry_run: bool,
) -> None:
    """Import a FILE: a sheet (XLSX, CSV), statements (JSON, NDJSON, ZIP), a course package, or a
    roster.

    A row that cannot be taken goes to quarantine, the others are stored; the exit code is then 1.
    Importing a file again stores nothing twice; one that was interrupted goes on where it was.
    """
    language = language_of(os.environ)
    options = ImportOptions(
        home_page=home_page,
        course_base=course_base,
        time_zone=time_zone,
        columns=columns,
        roster=roster,
    )
    try:
        kind = kind or kind_of(file, file.name)
        rows = open_rows(file, file.name, kind, options)
        total = rows.count()
    except FileRefused as refusal:
        nothing = texts("nothing")[language]
        raise click.ClickException(f"{file.name}: {refusal.reason[language]} {nothing}") from None
    with _service(dry_run) as service:
        new = new_import(
            name=file.name,
            sha256=sha256_of(file),
            kind=kind,
            by=f"shell:{getpass.getuser()}",
            source=key,
            options=options,
            rehearsal=dry_run,
        )
        imported = _taken(service, begun(service, new), rows, total, language)
    click.echo(summary(imported, language))
    if imported.counts.refused and not dry_run and sys.stdout.isatty():
        click.echo(texts("quarantine", id=imported.id)[language])
    context.exit(1 if imported.counts.refused else 0)


def _taken(
    service: Service, imported: Import, rows: Rows, total: int, language: Language
) -> Import:
    """Work the import off, with a progress bar on a terminal and a line for what is to be said."""
    console = Console()
    with Progress(console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(imported.name, total=total, completed=imported.counts.rows)
        try:
            for after, batch in work_off(service, imported, rows, total):
                imported = after
                for row in batch:
                    for line in row_lines(row, language, rehearsal=imported.rehearsal):
                        progress.console.print(line, markup=False, highlight=False, soft_wrap=True)
                progress.advance(task, len(batch))
        except FileRefused as refusal:
            text = f"{refusal.reason[language]} {texts('interrupted')[language]}"
            raise click.ClickException(f"{imported.name}: {text}") from None
        except SourceRefused as refusal:
            raise click.ClickException(refusal.reason[language]) from None
        except Elsewhere:
            raise click.ClickException(texts("elsewhere")[language]) from None
    return imported


@click.command("import-template")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--language", type=click.Choice(LANGUAGES), help="By default that of the terminal.")
@click.option(
    "--kind", type=click.Choice(get_args(SheetKind)), default="attendance", show_default=True
)
def import_template(file: Path, language: Language | None, kind: SheetKind) -> None:
    """Write an XLSX template for `lrs import`; FILE must not be there yet."""
    if file.suffix.casefold() != ".xlsx" or file.exists():
        raise click.UsageError(f"{file} must end in .xlsx and not be there yet")
    try:
        write_template(file, language or language_of(os.environ), kind)
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from None
    click.echo(str(file))


@click.command("import-list")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 200))
@data_option
def import_list(limit: int) -> None:
    """List the imports, the newest first."""
    with closing(Service(Settings.from_environment())) as service:
        found = service.store.imports.page(None, limit)
    table = Table("id", "file", "kind", "state", "rows", "stored", "refused", "by", "created")
    for one in found:
        table.add_row(
            one.id,
            one.name,
            one.kind,
            f"{one.state} (dry run)" if one.rehearsal else one.state,
            f"{one.counts.rows}/{'?' if one.total is None else one.total}",
            str(one.counts.stored),
            str(one.counts.refused),
            one.by,
            format_instant(one.created),
        )
    Console().print(table)


@contextmanager
def _service(dry_run: bool) -> Iterator[Service]:
    """Open the service; a rehearsal where there is no store yet makes none, but in passing."""
    settings = Settings.from_environment()
    with tempfile.TemporaryDirectory() as passing:
        if dry_run and settings.mongo is None and not settings.database.exists():
            settings = replace(settings, data=Path(passing))
        with closing(Service(settings)) as service:
            yield service
