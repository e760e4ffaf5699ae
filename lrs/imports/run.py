"""Working an import off, from wherever it stands to its end."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from pathlib import Path

from lrs.imports.entries import EntryIntake
from lrs.imports.files import Rows
from lrs.imports.intake import Intake, SourceRefused, import_source
from lrs.service import Service
from schemas.imports import FileRefused, Import, ImportKind, ImportOptions, ImportRow


def sha256_of(path: Path) -> str:
    """Return the SHA-256 (hex) of a file's content, or of all files of a folder."""
    if path.is_dir():
        whole = hashlib.sha256()
        for inner in sorted(one for one in path.iterdir() if one.is_file()):
            whole.update(f"{inner.name}\0{sha256_of(inner)}\n".encode())
        return whole.hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def new_import(
    *,
    name: str,
    sha256: str,
    kind: ImportKind,
    by: str,
    source: str,
    options: ImportOptions,
    rehearsal: bool = False,
    held: bool = False,
) -> Import:
    """Return an import that is to be added to the store, which tells the time."""
    return Import(
        id=str(uuid.uuid4()),
        name=name,
        sha256=sha256,
        kind=kind,
        by=by,
        source=source,
        created=0,
        changed=0,
        options=options,
        rehearsal=rehearsal,
        held=held,
    )


def begun(service: Service, new: Import) -> Import:
    """Add an import, or return the one of the same file and options that was left unfinished; a
    rehearsal begins anew, so that it tells of every row.
    """
    unfinished = [] if new.rehearsal else service.store.imports.unfinished(new.sha256)
    for found in unfinished:
        same = (found.kind, found.source, found.options, found.rehearsal, found.held)
        if same == (new.kind, new.source, new.options, new.rehearsal, new.held):
            return found
    return service.store.imports.add(new)


def work_off(
    service: Service, imported: Import, rows: Rows, total: int
) -> Iterator[tuple[Import, list[ImportRow]]]:
    """Take the rows in; yield the import as it stands after each batch, and the batch's rows.

    The import is done, or failed with a reason, at the end. Raises FileRefused where the file
    cannot be read on, SourceRefused where its source cannot be used, Elsewhere where another
    process goes on with it.
    """
    store = service.store.imports
    try:
        if imported.total != total:
            store.begin(imported.id, total)
        intake: Intake | EntryIntake
        if imported.kind in ("course", "roster"):
            intake = EntryIntake(service, imported, rows)
        else:
            source = import_source(
                service,
                imported.source,
                make=not imported.rehearsal,
                signed=imported.kind == "batch",
            )
            intake = Intake(service, imported, source, rows)
        for batch in intake.take():
            yield intake.imported, batch
    except (FileRefused, SourceRefused) as refusal:
        store.finish(imported.id, "failed", refusal.reason)
        raise
    yield store.finish(imported.id, "done", result=intake.result), []
