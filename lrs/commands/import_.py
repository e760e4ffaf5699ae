"""`lrs import`: offline attendance and score sheets."""

from __future__ import annotations

import os
import tempfile
import uuid
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Final

import click
import msgspec
from rich.console import Console
from rich.progress import Progress

from adapters.spreadsheet import (
    LANGUAGES,
    Fault,
    Language,
    Options,
    Row,
    open_sheet,
    write_template,
)
from lrs.commands.data_option import data_option
from lrs.service import Service
from lrs.settings import Settings
from lrs.store.statements import Conflict, NewStatement
from lrs.xapi.statements import complete
from schemas.sources import Scope, Source
from schemas.xapi import Received, StatementError, decode_statements, same_statement

BATCH = 200
"""Rows that are stored in one transaction."""

VERSION: Final = "2.0.0"

_SCOPES: Final[tuple[Scope, ...]] = ("statements/write",)
_TEXTS: dict[str, tuple[str, str]] = {
    "nothing": ("Nothing was imported.", "没有导入任何内容。"),
    "interrupted": (
        "The file changed while it was read; import it again: nothing is stored twice.",
        "读取过程中文件有变化；请重新导入，不会重复保存。",
    ),
    "taken": (
        "row {row}: says otherwise than statement {id}, which was imported already; if the row "
        "is right, void that statement (docs/import.md) and import the row again",
        "第 {row} 行：与已导入的陈述 {id} 内容不一致；如以本行为准，请先作废该陈述"
        "（见 docs/import.md），再重新导入本行",
    ),
    "rule": (
        "row {row}: its statement breaks a rule of xAPI at {path}: {rule}",
        "第 {row} 行：生成的陈述在 {path} 处不符合 xAPI 规则：{rule}",
    ),
    "duplicate": ("row {row}: the same as row {other}", "第 {row} 行：与第 {other} 行相同"),
    "new": ("row {row}: {count} to be stored", "第 {row} 行：将保存 {count} 条"),
    "known": ("row {row}: stored already", "第 {row} 行：已经保存过"),
    "summary": (
        "{rows} rows: {stored} statements stored, {known} already there; "
        "{duplicates} duplicate rows, {refused} rows refused",
        "共 {rows} 行：保存 {stored} 条陈述，已有 {known} 条；"
        "重复 {duplicates} 行，拒绝 {refused} 行",
    ),
    "rehearsal": (
        "{rows} rows: {stored} statements would be stored, {known} are already there; "
        "{duplicates} duplicate rows, {refused} rows would be refused. Nothing was stored.",
        "共 {rows} 行：将保存 {stored} 条陈述，已有 {known} 条；重复 {duplicates} 行，"
        "将拒绝 {refused} 行。没有保存任何内容。",
    ),
    "source": (
        "the source {name!r} is one of provenance {provenance!r}, not of imports; "
        "choose another --source",
        "数据来源 {name!r} 的类别是 {provenance!r}，不是导入；请用 --source 另选一个",
    ),
    "revoked": (
        "the source {name!r} is revoked; choose another --source",
        "数据来源 {name!r} 已被撤销；请用 --source 另选一个",
    ),
}


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--home-page", required=True, help="Account home page of the learners' ids.")
@click.option("--course-base", required=True, help="IRI to which a course's code is appended.")
@click.option("--time-zone", default="Asia/Shanghai", show_default=True, help="Of the sheet.")
@click.option("--source", "key", default="import", show_default=True, help="Key of the source.")
@click.option("--dry-run", is_flag=True, help="Check and report each row; store nothing.")
@data_option
@click.pass_context
def import_(
    context: click.Context,
    file: Path,
    *,
    home_page: str,
    course_base: str,
    time_zone: str,
    key: str,
    dry_run: bool,
) -> None:
    """Import a sheet of attendance and scores (XLSX or CSV).

    A row that cannot be taken is reported and left out, the others are stored; the exit code is
    then 1. Importing a sheet again stores nothing twice.
    """
    language = language_of(os.environ)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="openpyxl")
        try:
            options = Options(home_page=home_page, course_base=course_base, time_zone=time_zone)
            sheet = open_sheet(file, options)
            total = sum(1 for _ in sheet)
        except Fault as fault:
            nothing = _text("nothing", language)
            raise click.ClickException(f"{file.name}: {fault.text(language)} {nothing}") from None
        with _service(dry_run) as service:
            intake = Intake(service, _source(service, key, language, dry_run), language, dry_run)
            console = Console()
            with Progress(console=console, disable=not console.is_terminal) as progress:
                task = progress.add_task(file.name, total=total)
                try:
                    for lines, count in intake.take(sheet):
                        for line in lines:
                            progress.console.print(
                                line, markup=False, highlight=False, soft_wrap=True
                            )
                        progress.advance(task, count)
                except Fault as fault:
                    text = f"{fault.text(language)} {_text('interrupted', language)}"
                    raise click.ClickException(f"{file.name}: {text}") from None
    click.echo(intake.summary())
    context.exit(1 if intake.refused else 0)


@click.command("import-template")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--language", type=click.Choice(LANGUAGES), help="By default that of the terminal.")
def import_template(file: Path, language: Language | None) -> None:
    """Write an XLSX template for `lrs import`; FILE must not be there yet."""
    if file.suffix.casefold() != ".xlsx" or file.exists():
        raise click.UsageError(f"{file} must end in .xlsx and not be there yet")
    try:
        write_template(file, language or language_of(os.environ))
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from None
    click.echo(str(file))


def language_of(environment: Mapping[str, str]) -> Language:
    """Return the language of the terminal (POSIX: LC_ALL before LC_MESSAGES before LANG)."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    chosen = next((environment[name] for name in names if environment.get(name)), "")
    return "zh-CN" if chosen.casefold().startswith("zh") else "en"


@dataclass
class _Entry:
    """A row on its way into the store; `said` is what there is to say of it."""

    row: Row
    said: list[str]
    received: list[Received] = field(default_factory=list)
    refused: bool = False


class Intake:
    """Stores the rows of a sheet, or only looks what storing them would do, and counts."""

    def __init__(self, service: Service, source: Source, language: Language, dry: bool) -> None:
        self._statements = service.store.statements
        self._home_page = service.settings.public_url
        self._source = source
        self._language: Language = language
        self._dry = dry
        self.rows = self.stored = self.known = self.duplicates = self.refused = 0

    def take(self, sheet: Iterable[Row]) -> Iterator[tuple[list[str], int]]:
        """Take in the rows; yield after each batch what is to be said, and its rows' count.

        Raises Fault where the sheet cannot be read on.
        """
        rows = iter(sheet)
        while batch := [self._entry(row) for row in islice(rows, BATCH)]:
            taken = [entry for entry in batch if entry.received and not entry.refused]
            if self._dry:
                self._look(taken)
            else:
                self._store(taken)
            self.rows += len(batch)
            self.refused += sum(entry.refused for entry in batch)
            self.duplicates += sum(entry.row.duplicate_of is not None for entry in batch)
            yield [line for entry in batch for line in entry.said], len(batch)

    def summary(self) -> str:
        """Return the counts in one line."""
        return _text(
            "rehearsal" if self._dry else "summary",
            self._language,
            rows=self.rows,
            stored=self.stored,
            known=self.known,
            duplicates=self.duplicates,
            refused=self.refused,
        )

    def _entry(self, row: Row) -> _Entry:
        """Return the row with its statements decoded, so that they obey the same rules as any."""
        entry = _Entry(row, [problem.text(self._language) for problem in row.problems])
        entry.refused = bool(row.problems)
        if row.duplicate_of is not None:
            self._say(entry, "duplicate", other=row.duplicate_of)
        try:
            entry.received, _ = decode_statements(msgspec.json.encode(row.statements), VERSION)
        except StatementError as error:
            self._refuse(entry, "rule", path=error.path, rule=error.rule)
        return entry

    def _store(self, entries: list[_Entry]) -> None:
        """Store the entries, but those that say otherwise than a statement that is there."""
        while True:
            open_ = [entry for entry in entries if not entry.refused]
            batch = [self._completed(one) for entry in open_ for one in entry.received]
            try:
                added = self._statements.add(self._source.id, batch)
            except Conflict:
                for entry in open_:
                    self._place(entry)
            else:
                self.stored += added
                self.known += len(batch) - added
                return

    def _look(self, entries: list[_Entry]) -> None:
        """Say of each entry what storing it would do."""
        for entry in entries:
            new = self._place(entry)
            if entry.refused:
                continue
            self.stored += new
            self.known += len(entry.received) - new
            self._say(entry, "new" if new else "known", count=new)

    def _place(self, entry: _Entry) -> int:
        """Give the entry's statements ids that they can be stored under, or refuse the entry.

        Returns how many of them are not stored yet. An id is taken for good, by a statement that
        was voided too: what corrects it has the next id that is made from it.
        """
        new = 0
        for place, one in enumerate(entry.received):
            received = one
            while True:
                completed = self._completed(received)
                kept = self._statements.get(completed.id)
                if kept is None:
                    new += 1
                    break
                if same_statement(msgspec.json.decode(kept.body), received.properties):
                    break
                if not kept.voided:
                    self._refuse(entry, "taken", id=uuid.UUID(bytes=kept.id))
                    return 0
                following = uuid.uuid5(uuid.UUID(bytes=kept.id), "correction")
                received = replace(
                    received, properties={**received.properties, "id": str(following)}
                )
            entry.received[place] = received
        return new

    def _completed(self, received: Received) -> NewStatement:
        return complete(received, self._source, VERSION, self._home_page)

    def _refuse(self, entry: _Entry, key: str, **values: object) -> None:
        entry.refused = True
        self._say(entry, key, **values)

    def _say(self, entry: _Entry, key: str, **values: object) -> None:
        entry.said.append(_text(key, self._language, row=entry.row.number, **values))


@contextmanager
def _service(dry_run: bool) -> Iterator[Service]:
    """Open the service; a rehearsal where there is no store yet makes none, but in passing."""
    settings = Settings.from_environment()
    with tempfile.TemporaryDirectory() as passing:
        if dry_run and not settings.database.exists():
            settings = replace(settings, data=Path(passing))
        with closing(Service(settings)) as service:
            yield service


def _source(service: Service, key: str, language: Language, dry_run: bool) -> Source:
    """Return the source of imports with the key, added where there is none."""
    found = service.store.sources.with_key(key)
    if found is not None:
        source = found[0]
    elif dry_run:
        source = Source(id=0, key=key, name=key, provenance="import", scopes=_SCOPES)
    else:
        try:
            source = service.store.sources.add(
                key=key, name=key, provenance="import", scopes=_SCOPES, secret_hash=None
            )
        except LookupError:
            raise click.ClickException(_text("revoked", language, name=key)) from None
    if source.provenance != "import":
        text = _text("source", language, name=key, provenance=source.provenance)
        raise click.ClickException(text)
    return source


def _text(key: str, language: Language, **values: object) -> str:
    return _TEXTS[key][LANGUAGES.index(language)].format_map(values)
