"""A look through an XLSX file's parts before any of them is read into memory.

What a hostile or broken file could do to the reader is told here, in bounded memory: too many
octets once unpacked, document types and entities, endless rows and texts. Parts are read as a
stream by an XML parser that knows no entities (defusedxml).
"""

from __future__ import annotations

import zlib
from typing import IO
from xml.etree.ElementTree import ParseError
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import DefusedXMLParser  # type: ignore[import-untyped]

from adapters.spreadsheet.faults import SheetError, shown
from adapters.spreadsheet.limits import (
    LAST_ROW,
    PARTS_LIMIT,
    RATIO_LIMIT,
    UNPACKED_LIMIT,
)

DEPTH_LIMIT = 64
CELLS_IN_ROW_LIMIT = 16_384
"""Columns that a worksheet can have (ECMA-376)."""

TEXT_IN_CELL_LIMIT = 32_767
"""Characters that a cell can hold in Excel."""

ELEMENTS_LIMIT = 2 * LAST_ROW
"""Elements of a part outside of rows, the rows themselves counted: these stay in memory."""

MERGED_LIMIT = 10_000
"""Merged ranges that are looked at; a sheet with that many has one in its table, too."""

_PIECE = 64 * 1024
_MEBIBYTE = 1024 * 1024
_ENCRYPTED = 0x1
_XML_BEGINNINGS = (b"<", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00<")


def check_package(file: IO[bytes]) -> dict[str, list[str]]:
    """Return the merged ranges ("A1:C1") of each part that has any, by the part's name.

    Raises SheetError where the file is no XLSX package that can be read safely.
    """
    merged: dict[str, list[str]] = {}
    try:
        with ZipFile(file) as package:
            _check_directory(package)
            for part in package.infolist():
                with package.open(part) as stream:
                    if found := _check_part(part.filename, stream):
                        merged[part.filename] = found
    # What zipfile raises for lists that lie and for content that is not what they say.
    except (BadZipFile, EOFError, OSError, ValueError, NotImplementedError, zlib.error) as error:
        raise SheetError("damaged", where=shown(error)) from None
    return merged


def _check_directory(package: ZipFile) -> None:
    parts = package.infolist()
    names = {part.filename for part in parts}
    if "mimetype" in names and "content.xml" in names:
        raise SheetError("open_document")
    if "[Content_Types].xml" not in names:
        raise SheetError("not_xlsx")
    if any(part.flag_bits & _ENCRYPTED for part in parts):
        raise SheetError("encrypted")
    if any(part.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for part in parts):
        raise SheetError("damaged", where="unknown compression")
    if len(parts) > PARTS_LIMIT:
        raise SheetError("bomb", what=f"{len(parts)} > {PARTS_LIMIT}")
    total = sum(part.file_size for part in parts)
    if total > UNPACKED_LIMIT:
        raise SheetError("bomb", what=f"{total // _MEBIBYTE} > {UNPACKED_LIMIT // _MEBIBYTE} MiB")
    for part in parts:
        if _ratio(part) > RATIO_LIMIT:
            raise SheetError("bomb", what=f"{shown(part.filename)}: × {_ratio(part):.0f}")


def _ratio(part: ZipInfo) -> float:
    return max(part.file_size - _MEBIBYTE, 0) / max(part.compress_size, 1)


def _check_part(name: str, stream: IO[bytes]) -> list[str]:
    """Return the merged ranges of a part; check what a parser could take for XML, pass over
    pictures and the like. One that is not well-formed is checked up to there.
    """
    piece = stream.read(_PIECE)
    if not piece.lstrip(b" \t\r\n").startswith(_XML_BEGINNINGS):
        return []
    bounds = _Bounds()
    parser = DefusedXMLParser(target=bounds, forbid_dtd=True)
    try:
        while piece:
            parser.feed(piece)
            piece = stream.read(_PIECE)
        parser.close()
    except DefusedXmlException:
        raise SheetError("entities", part=shown(name)) from None
    except ParseError:
        return bounds.merged  # a reader comes no further either
    return bounds.merged


class _Bounds:
    """Target of a parser: keeps merged ranges only; raises SheetError where a bound is passed."""

    def __init__(self) -> None:
        self.merged: list[str] = []
        self._depth = 0
        self._row_depth = 0
        self._outside = 0
        self._in_row = 0
        self._characters = 0
        self._counting = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            raise SheetError("bomb", what=f"XML: {DEPTH_LIMIT}")
        name = tag.rpartition("}")[2]
        self._characters = 0
        self._counting = name in ("v", "t", "f")
        if self._row_depth:
            self._in_row += name == "c"
            if self._in_row > CELLS_IN_ROW_LIMIT:
                raise SheetError("bomb", what=f"{CELLS_IN_ROW_LIMIT} cells in a row")
            return
        self._outside += 1
        if self._outside > ELEMENTS_LIMIT:
            raise SheetError("bomb", what=f"XML: {ELEMENTS_LIMIT}")
        if name == "mergeCell" and len(self.merged) < MERGED_LIMIT:
            self.merged.append(attributes.get("ref", "")[:40])
        if name == "row":
            self._row_depth, self._in_row = self._depth, 0

    def end(self, tag: str) -> None:
        if self._depth == self._row_depth:
            self._row_depth = 0
        self._depth -= 1
        self._counting = False

    def data(self, text: str) -> None:
        self._characters += len(text)
        if self._counting and self._characters > TEXT_IN_CELL_LIMIT:
            raise SheetError("cell_too_long", limit=TEXT_IN_CELL_LIMIT)

    def close(self) -> None:
        """Nothing is kept that would have to be given up."""
