"""Ending a row's quarantine: taking it in once it was corrected, or discarding it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from lrs.imports.files import RowsAtHand, again
from lrs.imports.intake import Intake, import_source
from lrs.imports.texts import texts
from lrs.service import Service
from lrs.store.imports import NotQuarantined, QuarantinePlace
from lrs.store.statements import Conflict
from schemas.imports import Correction, ImportRow, RowFault


class StillWrong(Exception):
    """The row cannot be taken as it was corrected; `faults` say why."""

    def __init__(self, faults: tuple[RowFault, ...]) -> None:
        super().__init__("; ".join(fault.rule["en"] for fault in faults))
        self.faults = faults


def release(
    service: Service, place: QuarantinePlace, changes: Mapping[str, str], by: str, reason: str
) -> ImportRow:
    """Take in a row with some of its cells changed, by their headers; return it as it is then.

    The original cells stay beside the corrected ones. Raises NotQuarantined; StillWrong where the
    row still cannot be taken; SourceRefused where its source cannot be used.
    """
    found = service.store.imports.quarantined(place)
    imported = service.store.imports.get(place.import_id)
    if found is None or imported is None or found.row.state != "quarantined":
        raise NotQuarantined
    if unknown := [header for header in changes if header not in found.row.cells]:
        headers = ", ".join(found.row.cells)
        rule = texts("no such cell", headers=headers)
        raise StillWrong(tuple(RowFault(path=one, rule=rule) for one in unknown))
    cells = {**found.row.cells, **changes}
    source = import_source(service, imported.source, signed=imported.kind == "batch")
    intake = Intake(service, imported, source, RowsAtHand())
    row = again(imported.kind, imported.options, place.number, cells)
    with service.store.attachments.receive() as reception:
        entry = intake.received(row, reception)
        if not entry.faults:
            intake.place(entry)
        if entry.faults:
            raise StillWrong(tuple(entry.faults))
        correction = Correction(by=by, reason=reason, cells=cells)
        try:
            return service.store.imports.release(
                place, correction, source.id, intake.completed(entry)
            )
        except Conflict as conflict:
            taken = texts("taken", id=uuid.UUID(bytes=conflict.id))
            raise StillWrong((RowFault(path="", rule=taken),)) from None


def discard(service: Service, place: QuarantinePlace, by: str, reason: str) -> ImportRow:
    """End the row's quarantine with nothing stored. Raises NotQuarantined."""
    return service.store.imports.discard(place, Correction(by=by, reason=reason))
