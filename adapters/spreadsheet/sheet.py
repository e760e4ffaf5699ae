"""A file as rows, each of them statements or problems."""

from __future__ import annotations

import hashlib
import mmap
import uuid
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from adapters.spreadsheet.cells import Value, is_blank, written
from adapters.spreadsheet.columns import Header, Proposal, Reading, find_header
from adapters.spreadsheet.csv_table import CsvTable, value_of
from adapters.spreadsheet.faults import Fault, SheetError, shown
from adapters.spreadsheet.limits import CSV_LIMIT, FILE_LIMIT, ROW_LIMIT, WINDOW
from adapters.spreadsheet.mapping import Problem, statements_of
from adapters.spreadsheet.options import Options
from adapters.spreadsheet.xlsx import XlsxTable
from schemas.identifiers import identifier_of

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A row that is not empty, by its number in the sheet.

    `statements` is plain JSON, in the order attendance, score; none where there are `problems`.
    `duplicate_of` is the earlier row that says all of the same. `cells` is what stands in each
    column, by its header.
    """

    number: int
    cells: Mapping[str, str]
    statements: tuple[dict[str, Any], ...] = ()
    problems: tuple[Problem, ...] = ()
    duplicate_of: int | None = None


class Sheet:
    """The rows of a file, read anew each time they are iterated over, in bounded memory."""

    def __init__(self, table: XlsxTable | CsvTable, options: Options) -> None:
        self._table = table
        self._options = options

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows. Raises SheetError where the file turns out to be damaged or too long."""
        return self.following(0)

    def count(self) -> int:
        """Read the file to its end and return how many rows there are. Raises SheetError."""
        return sum(1 for _ in self._filled())

    def following(self, after: int) -> Iterator[Row]:
        """Yield the rows after the number, as if all before them had been yielded too."""
        seen = _Seen()
        header, options = self._table.header, self._options
        for number, values in self._filled():
            if number <= after - WINDOW:
                continue
            row = _row(number, values, header, options)
            row = row if row.problems else seen.compared(row)
            if number > after:
                yield row

    def _filled(self) -> Iterator[tuple[int, list[Value]]]:
        used = sorted(self._table.header.places.values())
        count = 0
        for number, values in self._table.rows():
            if all(is_blank(values[place]) for place in used if place < len(values)):
                continue
            count += 1
            if count > ROW_LIMIT:
                raise SheetError("too_many_rows", limit=ROW_LIMIT)
            yield number, values


def read_row(number: int, cells: Mapping[str, str], options: Options) -> Row:
    """Return the row that cells make, by their headers: one that was corrected, for instance.

    Raises SheetError where the headers are not those of a sheet.
    """
    header = find_header([(1, list(cells))], options.reading)
    return _row(number, [value_of(text) for text in cells.values()], header, options)


def propose_columns(path: Path, reading: Reading) -> tuple[Proposal, list[list[str]]]:
    """Return what the headers of a file are taken for, and the first rows below them as text.

    Raises SheetError where the file cannot be read.
    """
    table = XlsxTable if _packed(path) else CsvTable
    proposal, rows = table.proposal(path, reading)
    filled = (row for row in rows if not all(is_blank(value) for value in row))
    return proposal, [[written(value) for value in row] for row in filled]


def open_sheet(path: Path, options: Options) -> Sheet:
    """Return the rows of an XLSX or CSV file.

    Raises SheetError, with nothing read that could do harm, where the file is not one or has no
    header.
    """
    table = XlsxTable if _packed(path) else CsvTable
    return Sheet(table(path, options.reading), options)


def _packed(path: Path) -> bool:
    """Tell whether the file is XLSX, or else CSV. Raises SheetError where it is neither."""
    suffix = path.suffix.casefold()
    if suffix not in (".xlsx", ".csv"):
        key = {".xls": "old_format", ".ods": "open_document"}.get(suffix, "suffix")
        raise SheetError(key, name=shown(path.name))
    size = path.stat().st_size
    if not size:
        raise SheetError("empty")
    limit = FILE_LIMIT if suffix == ".xlsx" else CSV_LIMIT
    if size > limit:
        raise SheetError("too_large", limit=limit // 1024**2)
    with path.open("rb") as file:
        beginning = file.read(8)
        if beginning == _OLE:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
                encrypted = whole.find(_ENCRYPTED_PACKAGE) >= 0
            raise SheetError("encrypted" if encrypted else "old_format")
    packed = beginning.startswith(_ZIP)
    if packed != (suffix == ".xlsx"):
        raise SheetError("not_csv" if packed else "not_xlsx")
    return packed


def _row(number: int, values: list[Value], header: Header, options: Options) -> Row:
    statements, problems = statements_of(number, values, header, options)
    cells = _Cells(header.names, values)
    return Row(number=number, cells=cells, statements=tuple(statements), problems=tuple(problems))


class _Cells(Mapping[str, str]):
    """What stands in a row by header, written out only where somebody asks for it."""

    def __init__(self, names: tuple[str, ...], values: list[Value]) -> None:
        self._values = dict(zip(names, values, strict=False))

    def __getitem__(self, name: str) -> str:
        return written(self._values[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class _Seen:
    """The statements of the rows before, as far back as WINDOW."""

    def __init__(self) -> None:
        # by the statement's id: its digest, the first row that said so, and the last
        self._seen: OrderedDict[bytes, tuple[bytes, int, int]] = OrderedDict()

    def compared(self, row: Row) -> Row:
        """Return the row without what an earlier one said; a problem where that says otherwise."""
        new: list[tuple[dict[str, Any], bytes, bytes]] = []
        earlier = 0
        self._forget(row.number - WINDOW)
        for statement in row.statements:
            key, digest = uuid.UUID(statement["id"]).bytes, _digest(statement)
            known = self._seen.get(key)
            if known is None:
                new.append((statement, key, digest))
            elif known[0] == digest:
                earlier = known[1]
                self._seen[key] = (digest, earlier, row.number)
                self._seen.move_to_end(key)
            else:
                problem = _contradiction(row, statement, known[1])
                return replace(row, statements=(), problems=(problem,))
        self._seen.update((key, (digest, row.number, row.number)) for _, key, digest in new)
        if not new:
            return replace(row, statements=(), duplicate_of=earlier)
        return replace(row, statements=tuple(statement for statement, _, _ in new))

    def _forget(self, before: int) -> None:
        while self._seen:
            key, (_, _, last) = next(iter(self._seen.items()))
            if last > before:
                return
            del self._seen[key]


def _contradiction(row: Row, statement: dict[str, Any], earlier: int) -> Problem:
    attended = statement["verb"]["id"].endswith("/attended")
    what = ("session", "课次") if attended else ("exam", "考试")
    return Problem(row.number, None, Fault("contradicts", row=earlier, what=what))


def _digest(statement: dict[str, Any]) -> bytes:
    """Return a hash of what counts where two statements are compared: not names, not titles
    (`schemas.xapi.same_statement`).
    """
    context = statement.get("context", {})
    related = context.get("contextActivities", {})
    told = [
        identifier_of(statement["actor"]),
        statement["verb"]["id"],
        statement["object"]["id"],
        statement["result"],
        statement["timestamp"],
        context.get("registration"),
        context.get("instructor"),
        [activity["id"] for activity in related.get("parent", ())],
    ]
    return hashlib.blake2b(msgspec.json.encode(told), digest_size=16).digest()
