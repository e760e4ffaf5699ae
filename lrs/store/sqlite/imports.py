"""Imports and their rows in SQLite."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from lrs.store.import_rows import act_of_ending, packed, unpacked
from lrs.store.imports import (
    NotQuarantined,
    QuarantinedRow,
    QuarantinePlace,
    QuarantineState,
    TakenRow,
)
from lrs.store.sqlite.adding import Prepared
from lrs.store.sqlite.database import Database, Transaction
from lrs.store.sqlite.facts import note_act
from lrs.store.sqlite.statements import SqliteStatements
from lrs.store.statements import Conflict, NewStatement
from schemas.imports import (
    Correction,
    Counts,
    Import,
    ImportRow,
    ImportState,
    RowState,
    Texts,
)

_ROW = "number, state, statements, body"
_import = msgspec.json.Decoder(Import)


class SqliteImports:
    """Fulfils `lrs.store.imports.Imports`."""

    def __init__(self, database: Database, statements: SqliteStatements) -> None:
        self._database = database
        self._statements = statements

    def add(self, new: Import) -> Import:
        """Add an import and return it, or the one that has its id already."""

        def work(tx: Transaction) -> Import:
            found = _found(tx, new.id)
            if found is not None:
                return found
            added = replace(new, created=tx.instant, changed=tx.instant)
            tx.execute(
                "INSERT INTO import (id, created, principal, sha256, state, through, held, body) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    added.id,
                    added.created,
                    added.by,
                    added.sha256,
                    added.state,
                    added.through,
                    added.held,
                    msgspec.json.encode(added),
                ),
            )
            return added

        return self._database.write(work)

    def get(self, import_id: str) -> Import | None:
        """Return the import."""
        rows = self._imports("id = ?", import_id)
        return rows[0] if rows else None

    def page(
        self, before: tuple[int, str] | None, limit: int, by: str | None = None
    ) -> list[Import]:
        """Return a page of imports, of all principals or of one, the newest first."""
        where, values = ["1"], list[Any]()
        if by is not None:
            where.append("principal = ?")
            values.append(by)
        if before is not None:
            where.append("(created, id) < (?, ?)")
            values += before
        order = f"{' AND '.join(where)} ORDER BY created DESC, id DESC LIMIT ?"
        return self._imports(order, *values, limit)

    def unfinished(self, sha256: str) -> list[Import]:
        """Return the imports of a file with that content that are waiting or running."""
        return self._imports(
            "sha256 = ? AND state IN ('waiting', 'running') ORDER BY created", sha256
        )

    def lease(self, seconds: float) -> Import | None:
        """Take the oldest held import that is to be worked off."""
        waiting = "held = 1 AND state IN ('waiting', 'running') AND leased_until <= ?"
        look = f"SELECT id FROM import WHERE {waiting} ORDER BY created LIMIT 1"  # noqa: S608
        now = self._database.now()
        if self._database.read().execute(look, (now,)).fetchone() is None:
            return None

        def work(tx: Transaction) -> Import | None:
            row = tx.execute(look, (tx.instant,)).fetchone()
            if row is None:
                return None
            tx.execute(
                "UPDATE import SET leased_until = ? WHERE id = ?",
                (tx.instant + int(seconds * 1e6), row[0]),
            )
            return _found(tx, row[0])

        return self._database.write(work)

    def begin(self, import_id: str, total: int) -> None:
        """Say how many rows there are; the import is running."""
        self._database.write(
            lambda tx: _change(tx, _known(tx, import_id), total=total, state="running")
        )

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
        """Store rows with their statements, and the number of the last row, whole."""
        batch = self._statements.adding.prepare(
            source, [new for one in rows for new in one.statements]
        )
        prepared, begin = [], 0
        for one in rows:
            prepared.append(batch.part(begin, len(one.statements)))
            begin += len(one.statements)

        def work(tx: Transaction) -> Import:
            found = _known(tx, import_id)
            if found.through != after or found.state not in ("waiting", "running"):
                return found
            counts = found.counts
            for place, (taken, ready) in enumerate(zip(rows, prepared, strict=True)):
                row, counted = self._take(tx, source, place, taken, ready)
                _put_row(tx, import_id, row)
                counts += counted
            through = rows[-1].row.number if rows else after
            tx.execute(
                "UPDATE import SET leased_until = ? WHERE id = ?",
                (tx.instant + int(seconds * 1e6), import_id),
            )
            changed = _change(tx, found, through=through, counts=counts, state="running")
            if before_commit is not None:
                before_commit()
            return changed

        return self._database.write(work)

    def finish(
        self,
        import_id: str,
        state: ImportState,
        reason: Texts | None = None,
        result: str | None = None,
    ) -> Import:
        """Bring the import to its end, `done` or `failed` with a reason."""

        def work(tx: Transaction) -> Import:
            return _change(
                tx, _known(tx, import_id), state=state, reason=reason, result=result, held=False
            )

        return self._database.write(work)

    def rows(
        self, import_id: str, after: int, limit: int, state: RowState | None = None
    ) -> list[ImportRow]:
        """Return a page of an import's rows after the number, in order, of one state or of all."""
        where, values = "import = ? AND number > ?", [import_id, after]
        if state is not None:
            where, values = f"state = ? AND {where}", [state, *values]
        rows = self._database.read().execute(
            f"SELECT {_ROW} FROM import_row WHERE {where} ORDER BY number LIMIT ?",  # noqa: S608
            (*values, limit),
        )
        return [unpacked(*row) for row in rows]

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
        where, values = ["r.state = ?"], list[Any]([state])
        for condition, value in (("r.import = ?", import_id), ("i.principal = ?", by)):
            if value is not None:
                where.append(condition)
                values.append(value)
        if after is not None:
            where.append("(r.import, r.number) > (?, ?)")
            values += after
        return self._quarantined(
            f"{' AND '.join(where)} ORDER BY r.import, r.number LIMIT ?", *values, limit
        )

    def quarantined(self, place: QuarantinePlace) -> QuarantinedRow | None:
        """Return a row that is or was in quarantine."""
        rows = self._quarantined(
            "r.import = ? AND r.number = ? AND r.state IN ('quarantined', 'released', 'discarded')",
            *place,
        )
        return rows[0] if rows else None

    def release(
        self,
        place: QuarantinePlace,
        correction: Correction,
        source: int,
        statements: Sequence[NewStatement],
    ) -> ImportRow:
        """Store the statements of a corrected row, end its quarantine and note the act, whole."""
        prepared = self._statements.adding.prepare(source, statements)
        ids = tuple(str(uuid.UUID(bytes=new.id)) for new in statements)

        def work(tx: Transaction) -> ImportRow:
            self._statements.adding.add(tx, source, prepared)
            return _end(tx, place, "released", correction, ids)

        return self._database.write(work)

    def discard(self, place: QuarantinePlace, correction: Correction) -> ImportRow:
        """End the row's quarantine with nothing stored, and note the act."""
        return self._database.write(lambda tx: _end(tx, place, "discarded", correction, ()))

    def _take(
        self,
        tx: Transaction,
        source: int,
        place: int,
        taken: TakenRow,
        prepared: Prepared,
    ) -> tuple[ImportRow, Counts]:
        """Store a row's statements; return the row in its state, and what it adds to the counts."""
        row = taken.row
        if not prepared.statements:
            return row, taken.counts
        try:
            added = self._statements.adding.add(tx, source, prepared)
        except Conflict as conflict:
            raise Conflict(place, conflict.id) from None
        ids = tuple(str(uuid.UUID(bytes=new.id)) for new, _, _ in prepared.statements)
        counts = Counts(rows=1, stored=added, known=len(ids) - added)
        return replace(row, state="stored" if added else "known", statements=ids), counts

    def _imports(self, which: str, *values: Any) -> list[Import]:
        rows = self._database.read().execute(
            f"SELECT body FROM import WHERE {which}",  # noqa: S608
            values,
        )
        return [_import.decode(body) for (body,) in rows]

    def recorded_by(self, statements: Collection[str]) -> frozenset[str]:
        """Return the principals who brought any of the statements here or corrected its row."""
        marks = ", ".join("?" * len(statements))
        rows = self._database.read().execute(
            "SELECT r.principal, json_extract(CAST(d.body AS TEXT), '$.by') "  # noqa: S608
            "FROM recorded r LEFT JOIN device d ON r.principal = 'device:' || d.id "
            f"WHERE r.statement IN ({marks})",
            [uuid.UUID(one).bytes for one in statements],
        )
        return frozenset(one for row in rows for one in row if one is not None)

    def _quarantined(self, which: str, *values: Any) -> list[QuarantinedRow]:
        rows = self._database.read().execute(
            "SELECT r.number, r.state, r.statements, r.body, i.body FROM import_row r "  # noqa: S608
            f"JOIN import i ON i.id = r.import WHERE {which}",
            values,
        )
        found = []
        for *row, body in rows:
            of = _import.decode(body)
            found.append(
                QuarantinedRow(import_id=of.id, name=of.name, by=of.by, row=unpacked(*row))
            )
        return found


def _found(tx: Transaction, import_id: str) -> Import | None:
    row = tx.execute("SELECT body FROM import WHERE id = ?", (import_id,)).fetchone()
    return _import.decode(row[0]) if row else None


def _known(tx: Transaction, import_id: str) -> Import:
    found = _found(tx, import_id)
    if found is None:
        raise LookupError(f"there is no import {import_id}")
    return found


def _change(tx: Transaction, found: Import, **changes: Any) -> Import:
    changed = replace(found, changed=tx.instant, **changes)
    tx.execute(
        "UPDATE import SET state = ?, through = ?, held = ?, body = ? WHERE id = ?",
        (changed.state, changed.through, changed.held, msgspec.json.encode(changed), changed.id),
    )
    return changed


def _put_row(tx: Transaction, import_id: str, row: ImportRow) -> None:
    statements, body = packed(row)
    tx.execute(
        "INSERT INTO import_row (import, number, state, statements, body) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (import, number) DO UPDATE SET state = excluded.state, "
        "statements = excluded.statements, body = excluded.body",
        (import_id, row.number, row.state, statements, body),
    )
    for statement in row.statements:
        of = uuid.UUID(statement).bytes
        tx.execute(
            "INSERT OR IGNORE INTO recorded SELECT ?, principal FROM import WHERE id = ?",
            (of, import_id),
        )
        if row.correction is not None:
            tx.execute("INSERT OR IGNORE INTO recorded VALUES (?, ?)", (of, row.correction.by))


def _end(
    tx: Transaction,
    place: QuarantinePlace,
    state: RowState,
    correction: Correction,
    statements: tuple[str, ...],
) -> ImportRow:
    found = tx.execute(
        f"SELECT {_ROW} FROM import_row WHERE import = ? AND number = ? "  # noqa: S608
        "AND state = 'quarantined'",
        place,
    ).fetchone()
    if found is None:
        raise NotQuarantined
    made = replace(correction, at=tx.instant)
    row = replace(unpacked(*found), state=state, statements=statements, correction=made)
    _put_row(tx, place.import_id, row)
    note_act(tx, act_of_ending(place, row, made))
    return row


def end_quarantine(tx: Transaction, import_id: str, number: int, correction: Correction) -> None:
    """End a row's quarantine with nothing stored, and nothing left of what it said."""
    found = tx.execute(
        f"SELECT {_ROW} FROM import_row WHERE import = ? AND number = ?",  # noqa: S608
        (import_id, number),
    ).fetchone()
    row = replace(unpacked(*found), state="discarded", cells={}, faults=(), correction=correction)
    _put_row(tx, import_id, row)
