"""A OneRoster ZIP file or folder, row by row."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from adapters.one_roster.entries import (
    NOUNS,
    Beside,
    Lookup,
    Options,
    RowWrong,
    entry_of,
    is_ended,
    wrong,
)
from adapters.one_roster.tables import FILES, Tables
from schemas.imports import FileRefused, RowFault
from schemas.rosters import RosterEntry, RosterNoun, RosterPerson, noun_of
from schemas.xapi.syntax import IRI

VERSIONS: Final = ("1.1", "1.2")


@dataclass(frozen=True, kw_only=True)
class RosterRow:
    """A row by its number over all files, which grows, and what it is an entry of; `line` is its
    row in the file.
    """

    number: int
    file: str
    line: int
    cells: Mapping[str, str]
    entry: RosterEntry | None = None
    ended: bool = False
    faults: tuple[RowFault, ...] = ()


class RosterFile:
    """The rows of a roster, in memory only by their ids."""

    def __init__(self, tables: Tables, options: Options) -> None:
        self._tables = tables
        self._options = options
        self._modes = _modes(tables)

    @property
    def bulk(self) -> frozenset[RosterNoun]:
        """The nouns of which the roster brings all there are."""
        delta = {noun for file, noun in NOUNS.items() if self._modes.get(file) == "delta"}
        there = {noun for file, noun in NOUNS.items() if file in self._tables}
        return frozenset(there - delta)

    def count(self) -> int:
        """Read all files to their ends and return how many rows there are. Raises FileRefused."""
        beside = [file for file in FILES if file not in NOUNS]
        for file in beside:
            for _ in self._tables.rows(file, FILES[file]):
                pass
        return sum(1 for file in NOUNS for _ in self._tables.rows(file, FILES[file]))

    def following(self, after: int, stored: Lookup) -> Iterator[RosterRow]:
        """Yield the rows after the number; `stored` gives entries that are not in the file."""
        known = _Known(stored)
        beside = Beside(entry=known.entry, roles=self._roles(), terms=self._terms())
        number = 0
        for file in NOUNS:
            for line, cells in self._tables.rows(file, FILES[file]):
                number += 1
                row = RosterRow(number=number, file=file, line=line, cells=cells)
                try:
                    ended = is_ended(cells)
                    entry = entry_of(file, cells, self._options, beside)
                    known.note(entry)
                except RowWrong as fault:
                    if number > after:
                        yield replace(row, faults=fault.faults)
                else:
                    if number > after:
                        yield replace(row, entry=entry, ended=ended)

    def _roles(self) -> dict[str, tuple[tuple[str, str], ...]]:
        roles: dict[str, tuple[tuple[str, str], ...]] = {}
        for _, cells in self._tables.rows("roles.csv", FILES["roles.csv"]):
            user = cells["userSourcedId"]
            told = (cells["role"], cells["orgSourcedId"])
            if all(told) and cells.get("status", "") != "tobedeleted":
                roles[user] = (*roles.get(user, ()), told)
        return roles

    def _terms(self) -> dict[str, tuple[str, str, str]]:
        file = "academicSessions.csv"
        return {
            cells["sourcedId"]: (cells["title"], cells["startDate"], cells["endDate"])
            for _, cells in self._tables.rows(file, FILES[file])
        }


def open_roster(path: Path, name: str, options: Options) -> RosterFile:
    """Return the rows of a roster. Raises FileRefused or PackageRefused."""
    if not IRI.fullmatch(options.home_page):
        raise FileRefused(
            {
                "en": "a roster needs the account home page of its people's ids, an IRI such as "
                "https://lms.example.edu.cn (--home-page, or home_page)",
                "zh-CN": "名册需要人员编号的账号主页，如 https://lms.example.edu.cn"
                "（--home-page 或 home_page）",
            }
        )
    if options.course_base and (
        not IRI.fullmatch(options.course_base) or options.course_base[-1] not in "/#=:"
    ):
        raise FileRefused(
            {
                "en": "the course base must be an IRI that ends in /, #, = or :",
                "zh-CN": "课程前缀应为以 /、#、= 或 : 结尾的 IRI",
            }
        )
    return RosterFile(Tables(path, name), options)


def read_entry(
    file: str, cells: Mapping[str, str], options: Options, stored: Lookup
) -> tuple[RosterEntry, bool]:
    """Return the entry that cells make beside what is stored, and whether it is ended.

    Raises RowWrong.
    """
    ended = is_ended(cells)
    beside = Beside(entry=stored, roles={}, terms={})
    return entry_of(file, cells, options, beside), ended


class _Known:
    """What the rows so far are entries of, and whose their identifiers are."""

    def __init__(self, stored: Lookup) -> None:
        self._stored = stored
        self._entries: dict[tuple[RosterNoun, str], RosterEntry] = {}
        self._ids: set[bytes] = set()
        self._owners: dict[bytes, bytes] = {}

    def entry(self, noun: RosterNoun, entry_id: str) -> RosterEntry | None:
        """Return the entry, of this file or of what is stored."""
        return self._entries.get((noun, entry_id)) or self._stored(noun, entry_id)

    def note(self, entry: RosterEntry) -> None:
        """Note an entry. Raises RowWrong where its id or an identifier is another's."""
        noun = noun_of(entry)
        own = _digest(noun, entry.id)
        if own in self._ids:
            raise wrong(
                "sourcedId",
                "is that of an earlier row; every row needs its own",
                "与前面一行相同；每行应有自己的 sourcedId",
            )
        if isinstance(entry, RosterPerson):
            for identifier in entry.identifiers:
                if self._owners.get(_digest(identifier), own) != own:
                    shown = identifier.rpartition("|")[2][:60]
                    raise wrong(
                        "",
                        f"has {shown!r}, which is an identifier of another person of the roster; "
                        "take it from one of the two",
                        f"{shown!r} 已是名册中另一人的标识；请从其中一人去掉",
                    )
            self._owners.update((_digest(one), own) for one in entry.identifiers)
            entry = RosterPerson(id=entry.id, name="", identifiers=())
        self._ids.add(own)
        if noun != "enrolment":
            self._entries[noun, entry.id] = entry


def _modes(tables: Tables) -> dict[str, str]:
    """Return how each file is to be taken, `bulk` or `delta`, as the manifest says."""
    if "manifest.csv" not in tables:
        return {}
    needed = ("propertyName", "value")
    told = {
        cells["propertyName"]: cells["value"] for _, cells in tables.rows("manifest.csv", needed)
    }
    version = told.get("oneroster.version", "")[:20]
    if not version.startswith(VERSIONS):
        raise FileRefused(
            {
                "en": f"manifest.csv must say oneroster.version 1.1 or 1.2, says {version!r}",
                "zh-CN": f"manifest.csv 的 oneroster.version 应为 1.1 或 1.2，现为 {version!r}",
            }
        )
    return {
        f"{name.removeprefix('file.')}.csv": value.casefold()
        for name, value in told.items()
        if name.startswith("file.")
    }


def _digest(*parts: str) -> bytes:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=12).digest()
