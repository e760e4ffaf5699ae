"""The contract of the store of imports and their rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Literal, NamedTuple, Protocol

import msgspec

from lrs.store.statements import NewStatement
from schemas.imports import Correction, Counts, Import, ImportRow, ImportState, RowState, Texts


class TakenRow(NamedTuple):
    """A row, the statements that are to be stored with it, and what it adds to the counts.

    State and counts of a row with statements are settled by the store: `stored`, or `known`
    where every one of them is there already.
    """

    row: ImportRow
    statements: Sequence[NewStatement] = ()
    counts: Counts = Counts(rows=1)


class QuarantinePlace(NamedTuple):
    """Where a row of the quarantine stands."""

    import_id: str
    number: int


class QuarantinedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row that waits, or waited, for a person; with the file that it came in."""

    import_id: str
    name: str
    by: str
    row: ImportRow


QuarantineState = Literal["quarantined", "released", "discarded"]


class NotQuarantined(Exception):
    """The row is not, or no longer, in quarantine."""


class Imports(Protocol):
    """Imports and their rows. Safe from many threads and processes."""

    def add(self, new: Import) -> Import:
        """Add an import and return it, or the one that has its id already."""
        ...

    def get(self, import_id: str) -> Import | None:
        """Return the import."""
        ...

    def page(
        self, before: tuple[int, str] | None, limit: int, by: str | None = None
    ) -> list[Import]:
        """Return a page of imports, of all principals or of one, the newest first."""
        ...

    def unfinished(self, sha256: str) -> list[Import]:
        """Return the imports of a file with that content that are waiting or running."""
        ...

    def lease(self, seconds: float) -> Import | None:
        """Take the oldest held import that is to be worked off; others leave it alone for
        `seconds`, or until it is advanced by another.
        """
        ...

    def begin(self, import_id: str, total: int) -> None:
        """Say how many rows there are; the import is running."""
        ...

    def advance(
        self,
        import_id: str,
        after: int,
        source: int,
        rows: Sequence[TakenRow],
        *,
        seconds: float = 0,
        before_commit: Callable[[], None] | None = None,
    ) -> Import:
        """Store rows with their statements, and the number of the last row, whole.

        Returns the import as it stands then, leased for `seconds` more. `before_commit` is as
        `lrs.store.statements` has it. Nothing is stored where
        the import's `through` is not `after` (another process went on with it): the import is
        returned as it stands. Raises Conflict (index: the row's place) with nothing stored, where
        another statement has the id of one of the row's.
        """
        ...

    def finish(
        self,
        import_id: str,
        state: ImportState,
        reason: Texts | None = None,
        result: str | None = None,
    ) -> Import:
        """Bring the import to its end, `done` or `failed` with a reason."""
        ...

    def rows(
        self, import_id: str, after: int, limit: int, state: RowState | None = None
    ) -> list[ImportRow]:
        """Return a page of an import's rows after the number, in order, of one state or of all."""
        ...

    def quarantine(
        self,
        after: QuarantinePlace | None,
        limit: int,
        *,
        state: QuarantineState = "quarantined",
        import_id: str | None = None,
        by: str | None = None,
    ) -> list[QuarantinedRow]:
        """Return a page of rows in quarantine, of all imports, of one, or of one principal's."""
        ...

    def quarantined(self, place: QuarantinePlace) -> QuarantinedRow | None:
        """Return a row that is or was in quarantine."""
        ...

    def release(
        self,
        place: QuarantinePlace,
        correction: Correction,
        source: int,
        statements: Sequence[NewStatement],
    ) -> ImportRow:
        """Store the statements of a corrected row, end its quarantine and note the act, whole.

        Raises NotQuarantined; Conflict, where another statement has the id of one of them.
        """
        ...

    def discard(self, place: QuarantinePlace, correction: Correction) -> ImportRow:
        """End the row's quarantine with nothing stored, and note the act. Raises NotQuarantined."""
        ...

    def recorded_by(self, statements: Collection[str]) -> frozenset[str]:
        """Return the principals who brought any of the statements (ids) here in an import or
        corrected a row that one is of; for a device, also who registered it.
        """
        ...
