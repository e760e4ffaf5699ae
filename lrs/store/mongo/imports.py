"""Imports and their rows in MongoDB."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace
from pymongo import IndexModel, ReplaceOne, UpdateOne

from lrs.store.import_rows import act_of_ending, packed, unpacked
from lrs.store.imports import (
    NotQuarantined,
    QuarantinedRow,
    QuarantinePlace,
    QuarantineState,
    TakenRow,
)
from lrs.store.mongo.database import MongoDatabase, Transaction, reported
from lrs.store.mongo.facts import note_act
from lrs.store.mongo.queries import beyond, bulk, name_of
from lrs.store.mongo.statements import MongoStatements
from lrs.store.statements import Conflict, NewStatement
from schemas.devices import Device
from schemas.imports import Correction, Counts, Import, ImportRow, ImportState, RowState, Texts

OF_QUARANTINE = ("quarantined", "released", "discarded")

INDEXES = {
    "import": [
        IndexModel([("created", 1), ("_id", 1)]),
        IndexModel([("principal", 1), ("created", 1), ("_id", 1)]),
        IndexModel([("sha256", 1)]),
        IndexModel([("created", 1), ("leased_until", 1)], partialFilterExpression={"open": True}),
    ],
    "recorded": [],
    "import_row": [
        IndexModel([("import", 1), ("number", 1)]),
        IndexModel([("state", 1), ("import", 1), ("number", 1)]),
        IndexModel(
            [("by", 1), ("state", 1), ("import", 1), ("number", 1)],
            partialFilterExpression={"by": {"$exists": True}},
        ),
    ],
}

UNFINISHED = ("waiting", "running")

_import = msgspec.json.Decoder(Import)


class MongoImports:
    """Fulfils `lrs.store.imports.Imports`.

    An import that is to be worked off is `open`. A row of the quarantine tells whose file it is in.
    """

    def __init__(self, database: MongoDatabase, statements: MongoStatements) -> None:
        self._database = database
        self._statements = statements

    def add(self, new: Import) -> Import:
        """Add an import and return it, or the one that has its id already."""

        def work(tx: Transaction) -> Import:
            found = _found(tx, new.id)
            if found is not None:
                return found
            added = replace(new, created=tx.instant, changed=tx.instant)
            return _put(tx, added, leased_until=0)

        return self._database.write(work)

    def get(self, import_id: str) -> Import | None:
        """Return the import."""
        with reported():
            found = self._database["import"].find_one({"_id": import_id})
        return _import.decode(found["body"]) if found else None

    def page(
        self, before: tuple[int, str] | None, limit: int, by: str | None = None
    ) -> list[Import]:
        """Return a page of imports, of all principals or of one, the newest first."""
        where = beyond(("created", "_id"), before, descending=True)
        if by is not None:
            where["principal"] = by
        with reported():
            found = self._database["import"].find(where)
            page = found.sort([("created", -1), ("_id", -1)]).limit(limit)
            return [_import.decode(one["body"]) for one in page]

    def unfinished(self, sha256: str) -> list[Import]:
        """Return the imports of a file with that content that are waiting or running."""
        where = {"sha256": sha256, "state": {"$in": UNFINISHED}}
        with reported():
            found = self._database["import"].find(where).sort("created")
            return [_import.decode(one["body"]) for one in found]

    def lease(self, seconds: float) -> Import | None:
        """Take the oldest held import that is to be worked off."""
        with reported():
            if self._database["import"].find_one(_free(self._database.now())) is None:
                return None

        def work(tx: Transaction) -> Import | None:
            found = tx["import"].find_one(_free(tx.instant), sort=[("created", 1)])
            if found is None:
                return None
            _lease(tx, found["_id"], seconds)
            return _import.decode(found["body"])

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

        def work(tx: Transaction) -> Import:
            found = _known(tx, import_id)
            if found.through != after or found.state not in UNFINISHED:
                return found
            counts = found.counts
            taken, recorded = list[Any](), list[Any]()
            for row, counted in self._take(tx, source, rows):
                taken.append(_placed(found, row))
                recorded += _recorded(found, row)
                counts += counted
            bulk(tx, "import_row", taken)
            bulk(tx, "recorded", recorded)
            through = rows[-1].row.number if rows else after
            _lease(tx, import_id, seconds)
            changed = _change(tx, found, through=through, counts=counts, state="running")
            if before_commit is not None:
                before_commit()
            return changed

        stored = self._database.write(work)
        self._statements.tie_loose_ends([new.id for one in rows for new in one.statements])
        return stored

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
        where: dict[str, Any] = {"import": import_id, "number": {"$gt": after}}
        if state is not None:
            where["state"] = state
        with reported():
            found = self._database["import_row"].find(where)
            return [_row(one) for one in found.sort("number").limit(limit)]

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
        order = ("import", "number")
        conditions: list[dict[str, Any]] = [{"state": state}, beyond(order, after)]
        if import_id is not None:
            conditions.append({"import": import_id})
        if by is not None:
            conditions.append({"by": by})
        with self._database.snapshot() as snapshot:
            found = snapshot["import_row"].find({"$and": conditions})
            rows = list(found.sort([(field, 1) for field in order]).limit(limit))
            ids = sorted({one["import"] for one in rows})
            imports = {
                one["_id"]: _import.decode(one["body"])
                for one in snapshot["import"].find({"_id": {"$in": ids}})
            }
        return [
            QuarantinedRow(
                import_id=one["import"],
                name=imports[one["import"]].name,
                by=imports[one["import"]].by,
                row=_row(one),
            )
            for one in rows
        ]

    def quarantined(self, place: QuarantinePlace) -> QuarantinedRow | None:
        """Return a row that is or was in quarantine."""
        with self._database.snapshot() as snapshot:
            found = snapshot["import_row"].find_one(
                {"_id": _name(*place), "state": {"$in": OF_QUARANTINE}}
            )
            if found is None:
                return None
            of = _import.decode(snapshot["import"].find_one({"_id": place.import_id})["body"])
        return QuarantinedRow(import_id=of.id, name=of.name, by=of.by, row=_row(found))

    def release(
        self,
        place: QuarantinePlace,
        correction: Correction,
        source: int,
        statements: Sequence[NewStatement],
    ) -> ImportRow:
        """Store the statements of a corrected row, end its quarantine and note the act, whole."""
        ids = tuple(str(uuid.UUID(bytes=new.id)) for new in statements)

        def work(tx: Transaction) -> ImportRow:
            self._statements.add_within(tx, source, statements)
            return _end(tx, place, "released", correction, ids)

        released = self._database.write(work)
        self._statements.tie_loose_ends([new.id for new in statements])
        return released

    def discard(self, place: QuarantinePlace, correction: Correction) -> ImportRow:
        """End the row's quarantine with nothing stored, and note the act."""
        return self._database.write(lambda tx: _end(tx, place, "discarded", correction, ()))

    def recorded_by(self, statements: Collection[str]) -> frozenset[str]:
        """Return the principals who brought any of the statements here or corrected its row."""
        ids = [uuid.UUID(one).bytes for one in statements]
        with reported():
            found = self._database["recorded"].find({"_id": {"$in": ids}})
            principals = {one for recorded in found for one in recorded["by"]}
            devices = [
                one.removeprefix("device:") for one in principals if one.startswith("device:")
            ]
            registered = self._database["device"].find({"_id": {"$in": devices}}, {"body": 1})
            owners = {msgspec.json.decode(one["body"], type=Device).by for one in registered}
        return frozenset(principals | owners)

    def _take(
        self, tx: Transaction, source: int, rows: Sequence[TakenRow]
    ) -> list[tuple[ImportRow, Counts]]:
        """Store the statements of all rows; return each row in its state, and what it adds."""
        batch = [new for taken in rows for new in taken.statements]
        places = [place for place, taken in enumerate(rows) for _ in taken.statements]
        kept = tx["statement"].find({"_id": {"$in": [new.id for new in batch]}}, {"_id": 1})
        known = {one["_id"] for one in kept}
        if batch:
            try:
                self._statements.add_within(tx, source, batch)
            except Conflict as conflict:
                raise Conflict(places[conflict.index], conflict.id) from None
        settled = []
        for taken in rows:
            if not taken.statements:
                settled.append((taken.row, taken.counts))
                continue
            ids = [new.id for new in taken.statements]
            added = len(set(ids) - known)
            known.update(ids)
            row = replace(
                taken.row,
                state="stored" if added else "known",
                statements=tuple(str(uuid.UUID(bytes=one)) for one in ids),
            )
            settled.append((row, Counts(rows=1, stored=added, known=len(ids) - added)))
        return settled


def _free(instant: int) -> dict[str, Any]:
    return {"open": True, "leased_until": {"$lte": instant}}


def _lease(tx: Transaction, import_id: str, seconds: float) -> None:
    until = tx.instant + int(seconds * 1e6)
    tx["import"].update_one({"_id": import_id}, {"$set": {"leased_until": until}})


def _found(tx: Transaction, import_id: str) -> Import | None:
    found = tx["import"].find_one({"_id": import_id})
    return _import.decode(found["body"]) if found else None


def _known(tx: Transaction, import_id: str) -> Import:
    found = _found(tx, import_id)
    if found is None:
        raise LookupError(f"there is no import {import_id}")
    return found


def _change(tx: Transaction, found: Import, **changes: Any) -> Import:
    return _put(tx, replace(found, changed=tx.instant, **changes))


def _put(tx: Transaction, one: Import, **more: Any) -> Import:
    tx["import"].update_one(
        {"_id": one.id},
        {
            "$set": {
                "created": one.created,
                "principal": one.by,
                "sha256": one.sha256,
                "state": one.state,
                "through": one.through,
                "open": one.held and one.state in UNFINISHED,
                "body": msgspec.json.encode(one),
                **more,
            }
        },
        upsert=True,
    )
    return one


def _name(import_id: str, number: int) -> bytes:
    return name_of(import_id, str(number))


def _placed(of: Import, row: ImportRow) -> ReplaceOne[Any]:
    statements, body = packed(row)
    document = {
        "import": of.id,
        "number": row.number,
        "state": row.state,
        "statements": statements,
        "body": body,
    }
    if row.state in OF_QUARANTINE:
        document["by"] = of.by
    return ReplaceOne({"_id": _name(of.id, row.number)}, document, upsert=True)


def _recorded(of: Import, row: ImportRow) -> list[UpdateOne]:
    """Note who brought the row's statements here, and who corrected it."""
    by = [of.by, *([row.correction.by] if row.correction is not None else [])]
    return [
        UpdateOne({"_id": uuid.UUID(one).bytes}, {"$addToSet": {"by": {"$each": by}}}, upsert=True)
        for one in row.statements
    ]


def _row(found: Mapping[str, Any]) -> ImportRow:
    return unpacked(found["number"], found["state"], found["statements"], found["body"])


def end_quarantine(tx: Transaction, found: Mapping[str, Any], correction: Correction) -> None:
    """End a row's quarantine with nothing stored, and nothing left of what it said."""
    row = replace(_row(found), state="discarded", cells={}, faults=(), correction=correction)
    bulk(tx, "import_row", [_placed(_known(tx, found["import"]), row)])


def _end(
    tx: Transaction,
    place: QuarantinePlace,
    state: RowState,
    correction: Correction,
    statements: tuple[str, ...],
) -> ImportRow:
    found = tx["import_row"].find_one({"_id": _name(*place), "state": "quarantined"})
    if found is None:
        raise NotQuarantined
    made = replace(correction, at=tx.instant)
    row = replace(_row(found), state=state, statements=statements, correction=made)
    of = _known(tx, place.import_id)
    bulk(tx, "import_row", [_placed(of, row)])
    bulk(tx, "recorded", _recorded(of, row))
    note_act(tx, act_of_ending(place, row, made))
    return row
