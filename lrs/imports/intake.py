"""Taking a file in: from its rows to what is stored of them, whole batches at a time."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from dataclasses import replace as replaced
from itertools import islice
from typing import Final

import msgspec

from lrs.imports.files import Rows
from lrs.imports.texts import texts
from lrs.service import Service
from lrs.store.attachments import Reception
from lrs.store.imports import TakenRow
from lrs.store.statements import Conflict, NewStatement
from lrs.xapi.statements import complete
from lrs.xapi.writing import attachments_of, signature_result
from schemas.imports import Counts, Import, ImportRow, RowFault, RowState, SourceRow
from schemas.sources import Scope, SignatureResult, Source
from schemas.xapi import (
    Received,
    StatementError,
    XapiVersion,
    decode_statement,
    same_statement,
)

BATCH: Final = 200
"""Rows that are stored in one transaction."""

LEASE: Final = 60.0
"""Seconds after which another process takes up an import whose process says nothing."""

SCOPES: Final[tuple[Scope, ...]] = ("statements/write",)
"""What a source of imports may do."""

_NAMESPACE: Final = uuid.UUID("3a0d9be5-6d1c-5f0e-9a64-6d6f0e1f7b52")
_PIECE: Final = 1024 * 1024


class Elsewhere(Exception):
    """Another process goes on with the import."""


@dataclass
class _Entry:
    """A row on its way into the store."""

    row: SourceRow
    received: list[Received] = field(default_factory=list)
    signatures: list[SignatureResult] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)
    state: RowState | None = None
    new: int = 0

    def refuse(self, path: str, key: str, **values: object) -> None:
        """Say what is wrong with it."""
        self.faults.append(RowFault(path=path, rule=texts(key, **values)))


class Intake:
    """Stores the rows of an import that are statements, or only looks what storing would do."""

    def __init__(self, service: Service, imported: Import, source: Source, rows: Rows) -> None:
        self._service = service
        self._source = source
        self._rows = rows
        self.imported = imported
        self.result: str | None = None

    def take(self) -> Iterator[list[ImportRow]]:
        """Take in the rows after the import's last; yield each batch of them as it is stored.

        Raises FileRefused where the file cannot be read on, Elsewhere where another process
        goes on with the import.
        """
        rows = self._rows.following(self.imported.through)
        while batch := list(islice(rows, BATCH)):
            with self._service.store.attachments.receive() as reception:
                taken = self._take(batch, reception)
            yield [one.row for one in taken]

    def received(self, row: SourceRow, reception: Reception) -> _Entry:
        """Return the row with its statements decoded and checked, its attachments received."""
        entry = _Entry(row, faults=list(row.faults))
        for content in row.statements:
            version = _version_of(content)
            try:
                one = decode_statement(content, version)
                one = self._with_id(one)
                if self._attached(entry, one, reception):
                    result = signature_result(self._service, one, 0, version, reception.finished)
                    entry.received.append(one)
                    entry.signatures.append(result)
            except StatementError as error:
                entry.refuse(error.path, "rule", rule=error.rule)
        return entry

    def completed(self, entry: _Entry) -> list[NewStatement]:
        """Return the entry's statements as they are to be stored."""
        home_page = self._service.settings.public_url
        return [
            complete(one, self._source, _version(one), home_page, signature)
            for one, signature in zip(entry.received, entry.signatures, strict=True)
        ]

    def place(self, entry: _Entry) -> None:
        """Give the entry's statements ids that they can be stored under, or refuse the entry.

        Counts how many of them are not stored yet. An id is taken for good, by a statement that
        was voided too: what corrects it has the next id that is made from it.
        """
        entry.new = 0
        for place, received in enumerate(entry.received):
            one = received
            while True:
                statement_id = uuid.UUID(one.properties["id"])
                kept = self._service.store.statements.get(statement_id.bytes)
                if kept is None:
                    entry.new += 1
                    break
                if same_statement(msgspec.json.decode(kept.body), one.properties):
                    break
                if not kept.voided:
                    entry.refuse("", "taken", id=statement_id)
                    return
                following = uuid.uuid5(statement_id, "correction")
                one = replaced(one, properties={**one.properties, "id": str(following)})
            entry.received[place] = one

    def _take(self, batch: list[SourceRow], reception: Reception) -> list[TakenRow]:
        entries = [self.received(row, reception) for row in batch]
        if self.imported.rehearsal:
            for entry in entries:
                if not entry.faults:
                    self.place(entry)
            return self._advance([_looked_at(entry) for entry in entries], reception)
        tried: set[int] = set()
        while True:
            taken = [self._taken(entry) for entry in entries]
            try:
                return self._advance(taken, reception)
            except Conflict as conflict:
                place = conflict.index
            if not tried:
                for entry in entries:
                    if not entry.faults:
                        self.place(entry)
            if place in tried and not entries[place].faults:
                entries[place].refuse("$.id", "repeated")
            tried.add(place)

    def _advance(self, taken: list[TakenRow], reception: Reception) -> list[TakenRow]:
        before = self.imported
        self.imported = self._service.store.imports.advance(
            before.id,
            before.through,
            self._source.id,
            taken,
            seconds=LEASE,
            before_commit=reception.keep,
        )
        if self.imported.through != taken[-1].row.number:
            raise Elsewhere
        return taken

    def _taken(self, entry: _Entry) -> TakenRow:
        if entry.faults:
            return refused_row(entry.row, entry.faults, rehearsal=False)
        if not entry.received:
            return _duplicate(entry)
        row = ImportRow(number=entry.row.number, state="stored", file=entry.row.file)
        return TakenRow(row, self.completed(entry))

    def _with_id(self, received: Received) -> Received:
        """Return the statement with an id, made from the source and the statement itself, so
        that the same one in another file is the same.
        """
        if "id" in received.properties:
            return received
        told = msgspec.json.encode(received.properties, order="sorted").decode()
        made = uuid.uuid5(_NAMESPACE, f"{self._source.key}\n{told}")
        return replaced(received, properties={**received.properties, "id": str(made)})

    def _attached(self, entry: _Entry, received: Received, reception: Reception) -> bool:
        """Receive the attachments that the statement needs; refuse the entry where one lacks."""
        for attachment in attachments_of(received):
            sha2 = attachment["sha2"].lower()
            if sha2 in reception.finished:
                continue
            with ExitStack() as stack:
                packed = self._rows.attachment(sha2)
                if packed is None:
                    if "fileUrl" in attachment:
                        continue
                    entry.refuse("$.attachments", "attachment", sha2=sha2)
                    return False
                stream = stack.enter_context(packed)
                incoming = reception.start(sha2)
                while piece := stream.read(_PIECE):
                    incoming.write(piece)
                if incoming.finish() != sha2:
                    entry.refuse("$.attachments", "another sha2", sha2=sha2)
                    return False
                reception.finished[sha2] = incoming
        return True


def import_source(service: Service, key: str, *, make: bool = True, signed: bool = False) -> Source:
    """Return the source of imports with the key, added where there is none; for what is `signed`
    by a device it may be one of signed statements too.

    Raises SourceRefused where it is revoked or of another provenance.
    """
    found = service.store.sources.with_key(key)
    if found is not None:
        source = found[0]
    elif not make:
        source = Source(id=0, key=key, name=key, provenance="import", scopes=SCOPES)
    else:
        try:
            source = service.store.sources.add(
                key=key, name=key, provenance="import", scopes=SCOPES, secret_hash=None
            )
        except LookupError:
            raise SourceRefused("revoked", name=key) from None
    if source.provenance != "import" and not (signed and source.provenance == "signed"):
        raise SourceRefused("source", name=key, provenance=source.provenance)
    return source


class SourceRefused(Exception):
    """The source cannot be imported as; `reason` says why in each language."""

    def __init__(self, key: str, **values: object) -> None:
        self.reason = texts(key, **values)
        super().__init__(self.reason["en"])


def refused_row(row: SourceRow, faults: Sequence[RowFault], *, rehearsal: bool) -> TakenRow:
    """Return a row that cannot be taken, with all that is needed to correct it."""
    taken = ImportRow(
        number=row.number,
        state="refused" if rehearsal else "quarantined",
        cells=dict(row.cells),
        faults=tuple(faults),
        file=row.file,
    )
    return TakenRow(taken, counts=Counts(rows=1, refused=1))


def _duplicate(entry: _Entry) -> TakenRow:
    row = ImportRow(
        number=entry.row.number,
        state="duplicate",
        duplicate_of=entry.row.duplicate_of,
        file=entry.row.file,
    )
    return TakenRow(row, counts=Counts(rows=1, duplicates=1))


def _looked_at(entry: _Entry) -> TakenRow:
    """Return what storing the entry would do."""
    if entry.faults:
        return refused_row(entry.row, entry.faults, rehearsal=True)
    if not entry.received:
        return _duplicate(entry)
    state: RowState = "stored" if entry.new else "known"
    counts = Counts(rows=1, stored=entry.new, known=len(entry.received) - entry.new)
    row = ImportRow(number=entry.row.number, state=state, new=entry.new, file=entry.row.file)
    return TakenRow(row, counts=counts)


def _version_of(content: bytes) -> XapiVersion:
    return "1.0.3" if b'"version"' in content and _is_first(content) else "2.0.0"


def _is_first(content: bytes) -> bool:
    """Tell whether a statement says that it is of xAPI 1.0."""
    try:
        told = msgspec.json.decode(content, type=_Versioned)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return told.version.startswith("1.0")


class _Versioned(msgspec.Struct):
    version: str = "2.0.0"


def _version(received: Received) -> XapiVersion:
    return "1.0.3" if str(received.properties.get("version", "")).startswith("1.0") else "2.0.0"
