"""Ending a row's quarantine: taking it in once it was corrected, or discarding it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from adapters.one_roster import RowWrong, read_entry
from lrs.imports.entries import EntryIntake
from lrs.imports.files import FILE, RowsAtHand, again, roster_options
from lrs.imports.intake import Intake, import_source
from lrs.imports.texts import texts
from lrs.service import Service
from lrs.store.imports import NotQuarantined, QuarantinePlace
from lrs.store.statements import Conflict
from schemas.imports import Correction, Import, ImportRow, RowFault, SourceRow


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
    if unknown := [one for one in changes if one not in found.row.cells or one == FILE]:
        headers = ", ".join(found.row.cells)
        rule = texts("no such cell", headers=headers)
        raise StillWrong(tuple(RowFault(path=one, rule=rule) for one in unknown))
    cells = {**found.row.cells, **changes}
    correction = Correction(by=by, reason=reason, cells=cells)
    if imported.kind == "roster":
        return _release_entry(service, imported, place, correction)
    return _release_statements(service, imported, place, correction)


def _release_statements(
    service: Service, imported: Import, place: QuarantinePlace, correction: Correction
) -> ImportRow:
    source = import_source(service, imported.source, signed=imported.kind == "batch")
    intake = Intake(service, imported, source, RowsAtHand())
    row = again(imported.kind, imported.options, place.number, correction.cells)
    with service.store.attachments.receive() as reception:
        entry = intake.received(row, reception)
        if not entry.faults:
            intake.place(entry)
        if entry.faults:
            raise StillWrong(tuple(entry.faults))
        try:
            return service.store.imports.release(
                place, correction, source.id, intake.completed(entry)
            )
        except Conflict as conflict:
            taken = texts("taken", id=uuid.UUID(bytes=conflict.id))
            raise StillWrong((RowFault(path="", rule=taken),)) from None


def _release_entry(
    service: Service, imported: Import, place: QuarantinePlace, correction: Correction
) -> ImportRow:
    """The entry is brought up to date before its quarantine ends: done again, it is the same."""
    intake = EntryIntake(service, imported, RowsAtHand())
    cells = dict(correction.cells)
    file = cells.pop(FILE)
    try:
        entry, ended = read_entry(file, cells, roster_options(imported.options), intake.stored)
    except RowWrong as wrong:
        raise StillWrong(wrong.faults) from None
    intake.put(SourceRow(number=place.number, cells=cells, entry=entry, ended=ended))
    return service.store.imports.release(place, correction, 0, ())


def discard(service: Service, place: QuarantinePlace, by: str, reason: str) -> ImportRow:
    """End the row's quarantine with nothing stored. Raises NotQuarantined."""
    return service.store.imports.discard(place, Correction(by=by, reason=reason))
