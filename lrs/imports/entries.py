"""Taking in what is no statement: a roster's entries, and the structure of a course."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from lrs.imports.files import RosterRows, Rows
from lrs.imports.intake import BATCH, LEASE, Elsewhere, refused_row
from lrs.service import Service
from lrs.store.imports import TakenRow
from schemas.courses import CourseStructure
from schemas.imports import Counts, Import, ImportRow, RowState, SourceRow
from schemas.rosters import RosterEntry, RosterNoun, noun_of

ROSTER: Final = "roster"
"""Name of the roster that is brought up to date where no other is named."""


class EntryIntake:
    """Brings a roster's entries, or a course, up to date, or only looks what would change."""

    def __init__(self, service: Service, imported: Import, rows: Rows) -> None:
        self._store = service.store
        self._rows = rows
        self._roster = imported.options.roster or ROSTER
        self.imported = imported
        self.result: str | None = self._roster if imported.kind == "roster" else None
        if isinstance(rows, RosterRows):
            rows.stored = self.stored

    def stored(self, noun: RosterNoun, entry_id: str) -> RosterEntry | None:
        """Return an entry that the roster has."""
        found = self._store.rosters.entry(self._roster, noun, entry_id)
        return None if found is None or found.ended else found.entry

    def take(self) -> Iterator[list[ImportRow]]:
        """Take in the rows after the import's last; yield each batch of them as it is stored.

        Of a bulk file, what it does not bring is ended, unless a row of it could not be taken.
        Raises FileRefused where the file cannot be read on, Elsewhere where another process goes
        on with the import.
        """
        rows = self._rows.following(self.imported.through)
        while batch := list(islice(rows, BATCH)):
            taken = self._take(batch)
            self.imported = self._store.imports.advance(
                self.imported.id, self.imported.through, 0, taken, seconds=LEASE
            )
            if self.imported.through != batch[-1].number:
                raise Elsewhere
            yield [one.row for one in taken]
        whole = not self.imported.rehearsal and not self.imported.counts.refused
        if whole and isinstance(self._rows, RosterRows):
            for noun in sorted(self._rows.bulk):
                self._store.rosters.end_others(self._roster, noun, self.imported.id)

    def put(self, row: SourceRow, *, only_look: bool = False) -> bool:
        """Bring what a row is of up to date; tell whether anything was new or changed."""
        if isinstance(row.entry, CourseStructure):
            self.result = row.entry.id
            if only_look:
                return self._store.courses.course(row.entry.id) != row.entry
            return self._store.courses.put(row.entry)
        if row.entry is None:
            return False
        noun = noun_of(row.entry)
        if only_look:
            kept = self.stored(noun, row.entry.id)
            return kept is not None if row.ended else kept != row.entry
        if row.ended:
            return self._store.rosters.end(self._roster, noun, [row.entry.id]) > 0
        return self._store.rosters.put(self._roster, self.imported.id, [row.entry])[0]

    def _take(self, batch: list[SourceRow]) -> list[TakenRow]:
        rehearsal = self.imported.rehearsal
        good = [row for row in batch if not row.faults]
        changed = (
            self._put_all(good)
            if not rehearsal
            else {row.number: self.put(row, only_look=True) for row in good}
        )
        return [
            refused_row(row, row.faults, rehearsal=rehearsal)
            if row.faults
            else _taken(row, changed[row.number])
            for row in batch
        ]

    def _put_all(self, rows: list[SourceRow]) -> dict[int, bool]:
        """Bring the rows up to date, runs of entries of a roster in one piece of work."""
        plain = [row for row in rows if not row.ended and isinstance(row.entry, RosterEntry)]
        entries = [row.entry for row in plain if isinstance(row.entry, RosterEntry)]
        told = self._store.rosters.put(self._roster, self.imported.id, entries) if entries else []
        changed = {row.number: one for row, one in zip(plain, told, strict=True)}
        return changed | {row.number: self.put(row) for row in rows if row.number not in changed}


def _taken(row: SourceRow, changed: bool) -> TakenRow:
    state: RowState = "stored" if changed else "known"
    counts = Counts(rows=1, stored=int(changed), known=int(not changed))
    return TakenRow(
        ImportRow(number=row.number, state=state, new=int(changed), file=row.file), counts=counts
    )
