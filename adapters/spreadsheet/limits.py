"""What a sheet may hold; documented for people in docs/import.md."""

from typing import Final

FILE_LIMIT: Final = 32 * 1024 * 1024
"""Octets of an XLSX file."""

CSV_LIMIT: Final = 512 * 1024 * 1024
"""Octets of a CSV file, of which one line is in memory."""

UNPACKED_LIMIT: Final = 128 * 1024 * 1024
"""Octets of all parts of an XLSX file, unpacked."""

RATIO_LIMIT: Final = 250
"""How many times its packed size a part of an XLSX file may be, beyond its first mebibyte."""

PARTS_LIMIT: Final = 2_000
"""Parts of an XLSX file."""

ROW_LIMIT: Final = 1_048_575
"""Rows that are not empty, without the header: as many as a worksheet has."""

WINDOW: Final = 50_000
"""A row is compared with so many rows before it."""

LAST_ROW: Final = 1_048_576
"""The last row of a worksheet (ECMA-376 part 1, and Excel's own limit)."""

COLUMN_LIMIT: Final = 256
"""Columns that are looked at; what stands to the right of them is not read."""

HEADER_WITHIN: Final = 10
"""The header is one of this many first rows."""

TEXT_LIMIT: Final = 500
"""Characters of a cell."""
