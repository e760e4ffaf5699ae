"""How rows of imports are packed, and the act of ending their quarantine, in every store."""

from __future__ import annotations

import uuid

import msgspec

from lrs.store.imports import QuarantinePlace
from schemas.audit import Act
from schemas.imports import Correction, ImportRow, RowFault, RowState

_ID = 16


class _RowBody(msgspec.Struct, omit_defaults=True):
    """What is kept of a row beyond its number, state and statements."""

    new: int = 0
    cells: dict[str, str] = {}
    faults: tuple[RowFault, ...] = ()
    duplicate_of: int | None = None
    file: str | None = None
    correction: Correction | None = None


_body = msgspec.json.Decoder(_RowBody)
_EMPTY = _RowBody()


def packed(row: ImportRow) -> tuple[bytes, bytes | None]:
    """Return the ids of a row's statements in a row, and the rest of it (JSON), None where there
    is nothing to tell.
    """
    body = _RowBody(
        new=row.new,
        cells=row.cells,
        faults=row.faults,
        duplicate_of=row.duplicate_of,
        file=row.file,
        correction=row.correction,
    )
    ids = b"".join(uuid.UUID(one).bytes for one in row.statements)
    return ids, None if body == _EMPTY else msgspec.json.encode(body)


def unpacked(number: int, state: RowState, statements: bytes, raw: bytes | None) -> ImportRow:
    """Return the row that was packed."""
    body = _body.decode(raw) if raw else _EMPTY
    return ImportRow(
        number=number,
        state=state,
        statements=tuple(
            str(uuid.UUID(bytes=statements[at : at + _ID])) for at in range(0, len(statements), _ID)
        ),
        new=body.new,
        cells=body.cells,
        faults=body.faults,
        duplicate_of=body.duplicate_of,
        file=body.file,
        correction=body.correction,
    )


def act_of_ending(place: QuarantinePlace, row: ImportRow, correction: Correction) -> Act:
    """Return the act of who ended the quarantine of a row."""
    return Act(
        principal=correction.by,
        action=f"quarantine.{'release' if row.state == 'released' else 'discard'}",
        subject=f"{place.import_id}/{place.number}",
        reason=correction.reason,
        detail={"statements": list(row.statements)},
    )
