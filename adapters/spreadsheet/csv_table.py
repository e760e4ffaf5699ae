"""CSV files as rows of values, read as a stream."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO

from adapters.spreadsheet.cells import Formula, Value
from adapters.spreadsheet.columns import Proposal, Reading, find_header, propose_header
from adapters.spreadsheet.faults import SheetError, shown
from adapters.spreadsheet.limits import COLUMN_LIMIT, HEADER_WITHIN

LINE_LIMIT = 256 * 1024
"""Characters of a line."""

_PIECE = 64 * 1024


class CsvTable:
    """The table of a CSV file (RFC 4180), its rows by their numbers as a spreadsheet shows them."""

    def __init__(self, path: Path, reading: Reading) -> None:
        """Tell the encoding and find the header. Raises SheetError."""
        self._path = path
        self._encoding = _encoding_of(path)
        self.header = find_header(list(islice(self._all(), HEADER_WITHIN)), reading)

    @classmethod
    def proposal(cls, path: Path, reading: Reading) -> tuple[Proposal, list[list[Value]]]:
        """Return what the header is taken for, and the first rows below it. Raises SheetError."""
        table = cls.__new__(cls)
        table._path, table._encoding = path, _encoding_of(path)
        rows = list(islice(table._all(), 2 * HEADER_WITHIN))
        found = propose_header(rows[:HEADER_WITHIN], reading)
        return found, [values for number, values in rows if number > found.row]

    def rows(self) -> Iterator[tuple[int, list[Value]]]:
        """Yield the rows below the header, empty ones included. Raises SheetError."""
        return (row for row in self._all() if row[0] > self.header.row)

    def _all(self) -> Iterator[tuple[int, list[Value]]]:
        number = 0
        with self._path.open(encoding=self._encoding, newline="") as file:
            reader = csv.reader(bounded_lines(file), strict=True)
            while True:
                number += 1
                try:
                    cells = next(reader, None)
                except csv.Error as error:
                    raise SheetError("bad_csv", row=number, what=shown(error)) from None
                except UnicodeDecodeError as error:
                    raise SheetError("encoding", what=shown(error)) from None
                if cells is None:
                    return
                yield number, [value_of(cell) for cell in cells[:COLUMN_LIMIT]]


def value_of(text: str) -> Value:
    """Return the value that a cell's text stands for."""
    return Formula(text) if text.startswith("=") else text


def bounded_lines(file: IO[str]) -> Iterator[str]:
    """Yield lines; raises csv.Error for one beyond LINE_LIMIT."""
    while line := file.readline(LINE_LIMIT + 1):
        if len(line) > LINE_LIMIT:
            raise csv.Error(f"line contains more than {LINE_LIMIT} characters")
        yield line


def _encoding_of(path: Path) -> str:
    """Return the encoding that all of the file's octets are valid in."""
    faults = []
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            _decode_whole(path, encoding)
        except UnicodeDecodeError as error:
            faults.append(f"{encoding.removesuffix('-sig')}: {error.reason}")
        else:
            return encoding
    raise SheetError("encoding", what=", ".join(faults))


def _decode_whole(path: Path, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            if b"\0" in piece:
                raise SheetError("encoding", what="NUL")
            decoder.decode(piece)
    decoder.decode(b"", final=True)
