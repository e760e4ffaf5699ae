"""`lrs export`: data for others."""

from __future__ import annotations

import csv
import os
import secrets
from contextlib import closing
from pathlib import Path

import click

from lrs.commands.actor import shell_act
from lrs.commands.data_option import data_option
from lrs.research import (
    DATES,
    LEAST_K,
    SUBJECTS,
    Dates,
    Outcome,
    Subject,
    Terms,
    csv_cells,
    gathered,
    ndjson_lines,
)
from lrs.service import Service
from lrs.settings import Settings

KEY_SIZE = 32


@click.group()
def export() -> None:
    """Data for others."""


@export.command()
@click.argument("subject", type=click.Choice(SUBJECTS), metavar="[records|events]")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--purpose", required=True, help="What for, for the audit trail.")
@click.option(
    "--k",
    default=5,
    show_default=True,
    type=click.IntRange(LEAST_K, 1000),
    help="Learners that at least have the activity of each row, or it is left out.",
)
@click.option(
    "--dates",
    type=click.Choice(DATES),
    default="month",
    show_default=True,
    help="How exactly times are told.",
)
@click.option(
    "--key",
    "key_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file with the key of the pseudonyms, made where it is missing: exports under one key "
    "name learners alike. By default the key is thrown away.",
)
@data_option
def research(
    *, subject: Subject, file: Path, purpose: str, k: int, dates: Dates, key_file: Path | None
) -> None:
    """Write records or events to FILE for research, with learners under pseudonyms.

    FILE must not exist; its suffix, .ndjson or .csv, tells the format. Names, identifiers and all
    free text stay here.
    """
    if file.suffix not in (".ndjson", ".csv"):
        raise click.BadParameter("the name must end in .ndjson or .csv", param_hint="FILE")
    terms = Terms(subject, k, dates, _key(key_file))
    with closing(Service(Settings.from_environment())) as service:
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise click.ClickException(f"{file} is there already; choose another name") from None
        try:
            with (
                os.fdopen(descriptor, "w", encoding="utf-8", newline="") as out,
                gathered(service.store, terms) as (rows, outcome),
            ):
                if file.suffix == ".csv":
                    csv.writer(out).writerows(csv_cells(rows, subject))
                else:
                    out.writelines(ndjson_lines(rows))
        except BaseException:
            file.unlink(missing_ok=True)
            raise
        _note(service, terms, outcome, purpose)
    click.echo(f"{file}: {outcome.rows} rows")
    click.echo(
        f"{outcome.left_out} left out: fewer than {k} learners have the activity; "
        f"{outcome.undated} without dates: fewer than {k} have it in the {dates}"
    )


def _note(service: Service, terms: Terms, outcome: Outcome, purpose: str) -> None:
    act = shell_act(
        "research.export",
        terms.subject,
        reason=purpose,
        k=terms.k,
        dates=terms.dates,
        rows=outcome.rows,
        left_out=outcome.left_out,
    )
    service.store.audit.note(act)


def _key(file: Path | None) -> bytes:
    """Return the key that is in the file, or a new one, kept there where a file is named."""
    if file is None:
        return secrets.token_bytes(KEY_SIZE)
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(secrets.token_bytes(KEY_SIZE))
    key = file.read_bytes()
    if len(key) != KEY_SIZE:
        raise click.BadParameter(f"{file} does not hold a key of {KEY_SIZE} octets")
    return key
