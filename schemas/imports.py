"""Imports: files taken in row by row, and the rows that have to wait for a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

import msgspec

from schemas.courses import CourseStructure
from schemas.rosters import RosterEntry

ImportKind = Literal[
    "attendance", "practice", "examination", "statements", "course", "roster", "batch"
]
"""What a file holds: a sheet of attendance and scores, a practice log, the results of a paper
examination, statements, the structure of a course (cmi5, SCORM), a roster (OneRoster), or a batch
of a device that was offline."""

IMPORT_KINDS: tuple[ImportKind, ...] = get_args(ImportKind)

SHEET_KINDS: tuple[ImportKind, ...] = ("attendance", "practice", "examination")

ImportState = Literal["waiting", "running", "done", "failed"]
IMPORT_STATES: tuple[ImportState, ...] = get_args(ImportState)

RowState = Literal[
    "stored", "known", "duplicate", "refused", "quarantined", "released", "discarded"
]
"""What became of a row: `stored` new things, all of them `known` already, `duplicate` of an
earlier row, `quarantined` until it is `released` corrected or `discarded`; `refused` is what a
rehearsal says of a row that an import would quarantine."""

ROW_STATES: tuple[RowState, ...] = get_args(RowState)

Texts = dict[str, str]
"""A text in each language, by `en` and `zh-CN`."""


class FileRefused(ValueError):
    """A file of which nothing is taken; `reason` says what is wrong and what to do."""

    def __init__(self, reason: Texts) -> None:
        super().__init__(reason["en"])
        self.reason = reason


class RowFault(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a row: `path` is the header of its column, or the place in a statement
    (`$.actor.mbox`), empty where the row as a whole is at fault.
    """

    path: str
    rule: Texts


class SourceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row as its file has it, before anything of it is stored.

    `number` counts as people count in that kind of file (a sheet's rows, a statement file's
    statements) and grows; `file` names the file within a package. `cells` is what stands there,
    by header. `statements` are the JSON of those that it makes; `entry` is the entry of a roster,
    `ended` where the roster says that it has it no more; or the structure of a course.
    `duplicate_of` is the earlier row that
    says all of the same.
    """

    number: int
    cells: Mapping[str, str]
    statements: tuple[bytes, ...] = ()
    entry: RosterEntry | CourseStructure | None = None
    ended: bool = False
    faults: tuple[RowFault, ...] = ()
    duplicate_of: int | None = None
    file: str | None = None


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """What ended a row's quarantine: who did it when (microseconds), with which reason, and the
    cells that were taken instead of the original ones.
    """

    by: str
    at: int = 0
    reason: str = ""
    cells: dict[str, str] = {}


class ImportRow(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one row. `cells` and `faults` are kept for rows that were not taken as they
    were; `statements` are the ids of what it made, `new` how many things a rehearsal would store.
    """

    number: int
    state: RowState
    new: int = 0
    statements: tuple[str, ...] = ()
    cells: dict[str, str] = {}
    faults: tuple[RowFault, ...] = ()
    duplicate_of: int | None = None
    file: str | None = None
    correction: Correction | None = None


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows were read, how many statements or entries they gave that were new or known,
    how many rows said the same as an earlier one, and how many could not be taken.
    """

    rows: int = 0
    stored: int = 0
    known: int = 0
    duplicates: int = 0
    refused: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            rows=self.rows + other.rows,
            stored=self.stored + other.stored,
            known=self.known + other.known,
            duplicates=self.duplicates + other.duplicates,
            refused=self.refused + other.refused,
        )


class ImportOptions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a file does not say itself.

    `home_page` is the account home page of the people's ids, `course_base` the IRI to which a
    course's code is appended, `time_zone` the IANA name of a sheet's times, `columns` the meaning
    of headers that are not known by themselves, `roster` the name of the roster that a OneRoster
    file brings up to date.
    """

    home_page: str = ""
    course_base: str = ""
    time_zone: str = "Asia/Shanghai"
    columns: dict[str, str] = {}
    roster: str = ""


class Import(msgspec.Struct, frozen=True, kw_only=True):
    """A file being taken in, or taken in. `created` and `changed` are microseconds since the
    epoch, `by` the id of the principal, `source` the key of the source that its statements are of.

    `through` is the number of the last row that was dealt with, `total` how many rows there are,
    None before the file was read through. `held` tells whether the service keeps the file and
    works it off itself. `result` is what a file that is taken whole made (a course's id).
    """

    id: str
    name: str
    sha256: str
    kind: ImportKind
    by: str
    source: str
    created: int
    changed: int
    state: ImportState = "waiting"
    rehearsal: bool = False
    held: bool = False
    options: ImportOptions = ImportOptions()
    total: int | None = None
    through: int = 0
    counts: Counts = Counts()
    reason: Texts | None = None
    result: str | None = None
