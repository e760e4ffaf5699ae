"""Opening a file by what it holds, and reading a row again once its cells were corrected."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath
from typing import IO, Any, ParamSpec, Protocol, TypeVar, cast

import msgspec

from adapters import one_roster
from adapters.course_package import PackageRefused, read_course_package
from adapters.course_package.archive import Archive
from adapters.course_package.cmi5 import FILE as CMI5_FILE
from adapters.course_package.scorm import FILE as SCORM_FILE
from adapters.one_roster import Lookup, RosterFile, open_roster
from adapters.spreadsheet import (
    LANGUAGES,
    Fault,
    Options,
    Reading,
    Row,
    Sheet,
    SheetKind,
    open_sheet,
    propose_columns,
    read_row,
)
from adapters.spreadsheet.columns import COLUMNS
from adapters.statement_file import StatementFile, StatementRow, open_statement_file
from schemas.imports import (
    SHEET_KINDS,
    FileRefused,
    ImportKind,
    ImportOptions,
    RowFault,
    SourceRow,
    Texts,
)
from schemas.rosters import RosterNoun

Given = ParamSpec("Given")
Found = TypeVar("Found")

FILE = "file"
"""The cell that says in which file of a roster a row stands."""

STATEMENT = "statement"
"""The one cell of a row that is a statement: its JSON."""


class Rows(Protocol):
    """The rows of a file, in bounded memory."""

    def count(self) -> int:
        """Read the file to its end and return how many rows there are. Raises FileRefused."""
        ...

    def following(self, after: int) -> Iterator[SourceRow]:
        """Yield the rows after the number. Raises FileRefused."""
        ...

    def attachment(self, sha2: str) -> AbstractContextManager[IO[bytes]] | None:
        """Return the attachment with this SHA-2 (hex) that came with the rows."""
        ...


def kind_of(path: Path, name: str) -> ImportKind:
    """Return what a file most likely holds, by its name and, of a ZIP file, what is in it.

    Raises FileRefused where it cannot be told.
    """
    suffix = PurePosixPath(name).suffix.casefold()
    if path.is_dir():
        return "roster"
    if suffix in (".json", ".ndjson", ".jsonl"):
        return "statements"
    if suffix == ".xml":
        return "course"
    if suffix == ".zip":
        with path.open("rb") as file:
            inside = {PurePosixPath(one).name for one in _refusing(Archive, file, name).paths()}
        if inside & {CMI5_FILE, SCORM_FILE}:
            return "course"
        return "roster" if inside & {"manifest.csv", "users.csv"} else "statements"
    return "attendance"


def open_rows(path: Path, name: str, kind: ImportKind, options: ImportOptions) -> Rows:
    """Return the rows of a file that is taken in row by row. Raises FileRefused."""
    if kind in SHEET_KINDS:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="openpyxl")
            sheet_options = options_of(kind, options)
            return SheetRows(_refusing(open_sheet, path, sheet_options))
    if kind == "course":
        return CourseRows(path, name)
    if kind == "roster":
        return RosterRows(_refusing(open_roster, path, name, roster_options(options)))
    return StatementRows(_refusing(open_statement_file, path, name))


def again(
    kind: ImportKind, options: ImportOptions, number: int, cells: Mapping[str, str]
) -> SourceRow:
    """Return the row that cells make now. Raises FileRefused where the headers are not usable."""
    if kind in SHEET_KINDS:
        return _of_sheet(_refusing(read_row, number, cells, options_of(kind, options)))
    return SourceRow(number=number, cells=cells, statements=(cells.get(STATEMENT, "").encode(),))


def roster_options(options: ImportOptions) -> one_roster.Options:
    """Return the options of a roster."""
    return one_roster.Options(home_page=options.home_page, course_base=options.course_base)


def preview(path: Path, kind: ImportKind, columns: Mapping[str, str]) -> dict[str, Any]:
    """Return what a sheet's headers are taken for (`PreviewSchema`). Raises FileRefused."""
    if kind not in SHEET_KINDS:
        raise FileRefused(
            {
                "en": "only sheets have columns to be mapped; import this file as it is",
                "zh-CN": "只有表格需要对应列；此文件请直接导入",
            }
        )
    sheet_kind = cast(SheetKind, kind)
    reading = _refusing(Reading.of, sheet_kind, columns)
    proposal, rows = _refusing(propose_columns, path, reading)
    return {
        "kind": kind,
        "row": proposal.row,
        "headers": [{"header": header, "column": key} for header, key in proposal.headers],
        "lacking": proposal.lacking,
        "columns": [
            {"key": column.key, "titles": dict(zip(LANGUAGES, column.titles, strict=True))}
            for column in COLUMNS[sheet_kind]
        ],
        "rows": rows,
    }


def options_of(kind: ImportKind, options: ImportOptions) -> Options:
    """Return the options of a sheet. Raises FileRefused where one cannot be used."""
    return _refusing(
        Options,
        home_page=options.home_page,
        course_base=options.course_base,
        time_zone=options.time_zone,
        kind=cast(SheetKind, kind),
        columns=options.columns,
    )


class SheetRows:
    """The rows of a sheet."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet

    def count(self) -> int:
        """Read the file to its end and return how many rows there are."""
        return _refusing(self._sheet.count)

    def following(self, after: int) -> Iterator[SourceRow]:
        """Yield the rows after the number."""
        try:
            for row in self._sheet.following(after):
                yield _of_sheet(row)
        except Fault as fault:
            raise FileRefused(_texts(fault)) from None

    def attachment(self, sha2: str) -> None:
        """A sheet has no attachments."""


class CourseRows:
    """The one row of a course package: the course's structure."""

    def __init__(self, path: Path, name: str) -> None:
        with path.open("rb") as file:
            self._structure = _refusing(read_course_package, file, name)

    def count(self) -> int:
        """Return 1."""
        return 1

    def following(self, after: int) -> Iterator[SourceRow]:
        """Yield the structure."""
        if after < 1:
            yield SourceRow(number=1, cells={}, entry=self._structure)

    def attachment(self, sha2: str) -> None:
        """What is launched is not kept."""


class RosterRows:
    """The rows of a roster's files."""

    def __init__(self, file: RosterFile) -> None:
        self._file = file
        self.stored: Lookup = lambda noun, entry_id: None
        """Gives entries that the roster has already, which a delta may refer to."""

    @property
    def bulk(self) -> frozenset[RosterNoun]:
        """The nouns of which the file brings all there are."""
        return self._file.bulk

    def count(self) -> int:
        """Read the files to their ends and return how many rows there are."""
        return _refusing(self._file.count)

    def following(self, after: int) -> Iterator[SourceRow]:
        """Yield the rows after the number."""
        try:
            for row in self._file.following(after, self.stored):
                yield SourceRow(
                    number=row.number,
                    cells={FILE: row.file, **row.cells},
                    entry=row.entry,
                    ended=row.ended,
                    faults=row.faults,
                    file=f"{row.file}:{row.line}",
                )
        except PackageRefused as refusal:
            raise FileRefused(_texts(refusal)) from None

    def attachment(self, sha2: str) -> None:
        """A roster has no attachments."""


class RowsAtHand:
    """What comes without a file: a row that was corrected, a batch of a device."""

    def __init__(self, rows: tuple[SourceRow, ...] = ()) -> None:
        self._rows = rows

    def count(self) -> int:
        """Return how many rows there are."""
        return len(self._rows)

    def following(self, after: int) -> Iterator[SourceRow]:
        """Yield the rows after the number."""
        return (row for row in self._rows if row.number > after)

    def attachment(self, sha2: str) -> None:
        """Nothing came with the rows."""


class StatementRows:
    """The rows of a file of statements: one statement each."""

    def __init__(self, file: StatementFile) -> None:
        self._file = file

    def count(self) -> int:
        """Read the file to its end and return how many statements there are."""
        return _refusing(self._file.count)

    def following(self, after: int) -> Iterator[SourceRow]:
        """Yield the statements after the number."""
        try:
            for row in self._file.following(after):
                yield _of_statement(row)
        except PackageRefused as refusal:
            raise FileRefused(_texts(refusal)) from None

    def attachment(self, sha2: str) -> AbstractContextManager[IO[bytes]] | None:
        """Return the attachment that is packed under its SHA-2."""
        return self._file.attachment(sha2)


def statement_rows(contents: list[msgspec.Raw]) -> Iterator[SourceRow]:
    """Yield statements that came in another wrapping, numbered from 1."""
    for number, content in enumerate(contents, 1):
        yield _of_statement(StatementRow(number, bytes(content), None))


def _of_sheet(row: Row) -> SourceRow:
    return SourceRow(
        number=row.number,
        cells=row.cells,
        statements=tuple(msgspec.json.encode(one) for one in row.statements),
        faults=tuple(
            RowFault(path=one.column or "", rule=_texts(one.fault)) for one in row.problems
        ),
        duplicate_of=row.duplicate_of,
    )


def _of_statement(row: StatementRow) -> SourceRow:
    return SourceRow(
        number=row.number,
        cells={STATEMENT: row.content.decode("utf-8", "replace")},
        statements=(row.content,),
        file=row.file,
    )


def _refusing(call: Callable[Given, Found], *arguments: Given.args, **named: Given.kwargs) -> Found:
    """Call, and raise what refuses a file as FileRefused."""
    try:
        return call(*arguments, **named)
    except (Fault, PackageRefused) as refusal:
        raise FileRefused(_texts(refusal)) from None


def _texts(refusal: Fault | PackageRefused) -> Texts:
    if isinstance(refusal, Fault):
        return {language: refusal.text(language) for language in LANGUAGES}
    return {"en": str(refusal), "zh-CN": refusal.chinese}
