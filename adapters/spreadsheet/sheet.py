"""A file as rows, each of them statements or problems."""

from __future__ import annotations

import hashlib
import mmap
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from adapters.spreadsheet.cells import is_blank
from adapters.spreadsheet.csv_table import CsvTable
from adapters.spreadsheet.faults import Fault, SheetError, shown
from adapters.spreadsheet.limits import FILE_LIMIT, ROW_LIMIT
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
    `duplicate_of` is the earlier row that says all of the same.
    """

    number: int
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
        used = sorted(self._table.header.places.values())
        seen: dict[bytes, tuple[bytes, int]] = {}
        count = 0
        for number, values in self._table.rows():
            if all(is_blank(values[place]) for place in used if place < len(values)):
                continue
            count += 1
            if count > ROW_LIMIT:
                raise SheetError("too_many_rows", limit=ROW_LIMIT)
            statements, problems = statements_of(number, values, self._table.header, self._options)
            if problems:
                yield Row(number=number, problems=tuple(problems))
            else:
                yield _compared(number, statements, seen)


def open_sheet(path: Path, options: Options) -> Sheet:
    """Return the rows of an XLSX or CSV file.

    Raises SheetError, with nothing read that could do harm, where the file is not one or has no
    header.
    """
    suffix = path.suffix.casefold()
    if suffix not in (".xlsx", ".csv"):
        key = {".xls": "old_format", ".ods": "open_document"}.get(suffix, "suffix")
        raise SheetError(key, name=shown(path.name))
    size = path.stat().st_size
    if not size:
        raise SheetError("empty")
    if size > FILE_LIMIT:
        raise SheetError("too_large", limit=FILE_LIMIT // 1024**2)
    with path.open("rb") as file:
        beginning = file.read(8)
        if beginning == _OLE:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
                encrypted = whole.find(_ENCRYPTED_PACKAGE) >= 0
            raise SheetError("encrypted" if encrypted else "old_format")
    packed = beginning.startswith(_ZIP)
    if packed != (suffix == ".xlsx"):
        raise SheetError("not_csv" if packed else "not_xlsx")
    return Sheet(XlsxTable(path) if packed else CsvTable(path), options)


def _compared(
    number: int, statements: list[dict[str, Any]], seen: dict[bytes, tuple[bytes, int]]
) -> Row:
    """Return the row without what an earlier row said, or the problem that one says otherwise."""
    new: list[tuple[dict[str, Any], bytes, bytes]] = []
    earlier = 0
    for statement in statements:
        key, digest = uuid.UUID(statement["id"]).bytes, _digest(statement)
        known = seen.get(key)
        if known is None:
            new.append((statement, key, digest))
        elif known[0] == digest:
            earlier = known[1]
        else:
            attended = statement["verb"]["id"].endswith("/attended")
            what = ("session", "课次") if attended else ("exam", "考试")
            fault = Fault("contradicts", row=known[1], what=what)
            return Row(number=number, problems=(Problem(number, None, fault),))
    seen.update((key, (digest, number)) for _, key, digest in new)
    if not new:
        return Row(number=number, duplicate_of=earlier)
    return Row(number=number, statements=tuple(statement for statement, _, _ in new))


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
