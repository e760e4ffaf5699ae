"""Exports as streams: each row is written when it was read, and forgotten."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
from openpyxl import Workbook

COLUMNS = (
    "id",
    "persona",
    "name",
    "employee",
    "department",
    "unit",
    "version",
    "title",
    "state",
    "achieved",
    "valid_until",
    "expired",
    "score",
    "changed",
)
MEDIA_TYPES = {
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "clr": "application/x-ndjson",
}
SHEET_ROWS = 1_000_000
"""Rows on a sheet; a workbook's sheet holds 1,048,576."""

_PIECE = 64 * 1024
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def ndjson(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """Yield each row as a line of JSON."""
    for row in rows:
        yield msgspec.json.encode(row) + b"\n"


def csv_file(rows: Iterable[dict[str, Any]], language: str) -> Iterator[bytes]:
    """Yield a CSV file (RFC 4180) with a byte order mark, as spreadsheet programs want it."""
    line = io.StringIO()
    writer = csv.writer(line)
    yield b"\xef\xbb\xbf"
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow(_cells(row, language))
        if line.tell() > _PIECE:
            yield _taken(line)
    yield _taken(line)


def xlsx_file(rows: Iterable[dict[str, Any]], language: str) -> Iterator[bytes]:
    """Yield a workbook, written to the disk first: its directory of contents is at the end."""
    book = Workbook(write_only=True)
    sheet = _new_sheet(book)
    for number, row in enumerate(rows, 1):
        if number % SHEET_ROWS == 0:
            sheet = _new_sheet(book)
        sheet.append(_cells(row, language))
    with tempfile.TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece


def clr_lines(
    rows: Iterable[dict[str, Any]], record_of: Callable[[str], bytes | None]
) -> Iterator[bytes]:
    """Yield one Comprehensive Learner Record a line for each persona with something verified.

    `record_of` gives a persona's signed record, None where there is none.
    """
    seen: set[str] = set()
    for row in rows:
        persona = row["persona"]
        if row["state"] != "verified" or persona in seen:
            continue
        seen.add(persona)
        record = record_of(persona)
        if record is not None:
            yield record + b"\n"


def neutral(text: str) -> str:
    """Return text that no spreadsheet program takes for a formula (OWASP, CSV injection)."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _new_sheet(book: Workbook) -> Any:
    sheet = book.create_sheet()
    sheet.append(COLUMNS)
    return sheet


def _cells(row: dict[str, Any], language: str) -> list[str | int | float]:
    return [_cell(row[column], language) for column in COLUMNS]


def _cell(value: Any, language: str) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, dict):
        value = value.get(language) or next(iter(value.values()), "")
    if isinstance(value, int | float):
        return value
    return neutral(value if isinstance(value, str) else value.isoformat())


def _taken(line: io.StringIO) -> bytes:
    text = line.getvalue()
    line.seek(0)
    line.truncate()
    return text.encode()
