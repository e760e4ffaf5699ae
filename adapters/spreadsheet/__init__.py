"""Offline attendance and score sheets (XLSX, CSV) as xAPI statements."""

from adapters.spreadsheet.faults import LANGUAGES, Fault, Language, SheetError
from adapters.spreadsheet.mapping import Problem
from adapters.spreadsheet.options import Options
from adapters.spreadsheet.sheet import Row, Sheet, open_sheet
from adapters.spreadsheet.template import write_template

__all__ = [
    "LANGUAGES",
    "Fault",
    "Language",
    "Options",
    "Problem",
    "Row",
    "Sheet",
    "SheetError",
    "open_sheet",
    "write_template",
]
