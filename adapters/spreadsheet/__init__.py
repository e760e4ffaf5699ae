"""Offline sheets (XLSX, CSV) as xAPI statements: attendance and scores, practice, examinations."""

from adapters.spreadsheet.columns import Proposal, Reading, SheetKind
from adapters.spreadsheet.faults import LANGUAGES, Fault, Language, SheetError
from adapters.spreadsheet.mapping import Problem
from adapters.spreadsheet.options import Options
from adapters.spreadsheet.sheet import Row, Sheet, open_sheet, propose_columns, read_row
from adapters.spreadsheet.template import write_template

__all__ = [
    "LANGUAGES",
    "Fault",
    "Language",
    "Options",
    "Problem",
    "Proposal",
    "Reading",
    "Row",
    "Sheet",
    "SheetError",
    "SheetKind",
    "open_sheet",
    "propose_columns",
    "read_row",
    "write_template",
]
