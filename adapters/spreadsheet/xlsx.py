"""XLSX files as rows of values, read as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.cell import range_boundaries

from adapters.spreadsheet.cells import ErrorValue, Formula, Value
from adapters.spreadsheet.columns import (
    Header,
    Proposal,
    Reading,
    find_header,
    propose_header,
)
from adapters.spreadsheet.faults import SheetError, shown
from adapters.spreadsheet.limits import COLUMN_LIMIT, HEADER_WITHIN, LAST_ROW
from adapters.spreadsheet.package import check_package

NumberedRow = tuple[int, list[Value]]


class XlsxTable:
    """The one table of a workbook, its rows by their numbers in the worksheet."""

    def __init__(self, path: Path, reading: Reading) -> None:
        """Check the file and find the table. Raises SheetError."""
        self._path = path
        with path.open("rb") as file:
            merged = check_package(file)
        with path.open("rb") as file:
            self._sheet, self.header = _find_table(_open(file), reading)
            worksheet = _open(file).worksheets[self._sheet]
            part = worksheet._worksheet_path
        _refuse_merged(merged.get(part, []), self.header)

    @classmethod
    def proposal(cls, path: Path, reading: Reading) -> tuple[Proposal, list[list[Value]]]:
        """Return what the header is taken for, and the first rows below it. Raises SheetError.

        Of several worksheets it is the one with the most known headers.
        """
        with path.open("rb") as file:
            check_package(file)
            sheets = [one for one in _open(file).worksheets if one.sheet_state == "visible"]
            found = []
            for worksheet in sheets:
                rows = list(_rows(worksheet, 1, 2 * HEADER_WITHIN))
                proposal = propose_header(rows[:HEADER_WITHIN], reading)
                below = [values for number, values in rows if number > proposal.row]
                found.append((proposal, below))
        if not found:
            raise SheetError("empty")
        return max(found, key=lambda one: sum(key is not None for _, key in one[0].headers))

    def rows(self) -> Iterator[NumberedRow]:
        """Yield the rows below the header, empty ones included. Raises SheetError."""
        with self._path.open("rb") as file:
            yield from _rows(_open(file).worksheets[self._sheet], self.header.row + 1, LAST_ROW)


def _open(file: Any) -> Any:
    try:
        return load_workbook(file, read_only=True, keep_links=False)
    except Exception as error:  # openpyxl raises whatever it stumbles over
        raise _damaged(error) from None


def _find_table(book: Any, reading: Reading) -> tuple[int, Header]:
    """Return the place of the one visible worksheet that has a header, and the header."""
    found: list[tuple[int, str, Header]] = []
    refused: list[SheetError] = []
    for place, worksheet in enumerate(book.worksheets):
        if worksheet.sheet_state != "visible":
            continue
        try:
            header = find_header(list(_rows(worksheet, 1, HEADER_WITHIN)), reading)
        except SheetError as error:
            if error.key == "damaged":
                raise
            refused.append(error)
        else:
            found.append((place, worksheet.title, header))
    if not found:
        nearest = [error for error in refused if error.key != "no_header"]
        raise (nearest or refused or [SheetError("empty")])[0]
    if len(found) > 1:
        raise SheetError("two_tables", first=shown(found[0][1]), second=shown(found[1][1]))
    return found[0][0], found[0][2]


def _rows(worksheet: Any, first: int, last: int) -> Iterator[NumberedRow]:
    # bounds of our own: what a file says of its size need not be true
    rows = worksheet.iter_rows(min_row=first, max_row=last, max_col=COLUMN_LIMIT)
    number = first
    while True:
        try:
            cells = next(rows, None)
            values = None if cells is None else [_value(cell) for cell in cells]
        except Exception as error:  # openpyxl raises whatever it stumbles over
            raise _damaged(error, number) from None
        if values is None:
            return
        yield number, values
        number += 1


def _value(cell: Any) -> Value:
    kind, value = cell.data_type, cell.value
    if kind == "f":
        return Formula(value if isinstance(value, str) else "=")
    if kind == "e":
        return ErrorValue(str(value))
    return value  # type: ignore[no-any-return]


def _damaged(error: Exception, row: int = 1) -> SheetError:
    """Return what is said of a fault of the reader's, after the rows before `row` were read."""
    what = f"{type(error).__name__}: {shown(error)}"
    if row == 1:
        return SheetError("damaged", where=what)
    return SheetError(
        "damaged", where=(f"after row {row - 1}, {what}", f"第 {row - 1} 行之后，{what}")
    )


def _refuse_merged(ranges: list[str], header: Header) -> None:
    """Raise SheetError where a merged range touches the header or what stands below it."""
    used = set(header.places.values())
    for text in ranges:
        try:
            left, _, right, bottom = range_boundaries(text)
        except (ValueError, TypeError):
            raise SheetError("damaged", where=shown(text)) from None
        if left is None or right is None or bottom is None:
            continue
        if bottom >= header.row and used & set(range(left - 1, min(right, COLUMN_LIMIT))):
            raise SheetError("merged", cells=text)
