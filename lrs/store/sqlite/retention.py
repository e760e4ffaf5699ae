"""Retention in SQLite."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from lrs.store.attachments import Attachments
from lrs.store.retention import Expiring, Removed
from lrs.store.sqlite.bodies import Bodies
from lrs.store.sqlite.database import Database, Transaction
from lrs.store.sqlite.erasure import SqliteErasure
from lrs.store.sqlite.expiry import (
    AttachmentFiles,
    InactivePersonas,
    Statements,
    too_much_waits,
)
from lrs.store.sqlite.facts import note_act
from lrs.store.sqlite.repacking import retire_dictionaries
from lrs.store.sqlite.retained import ROWS, Retained
from lrs.store.sqlite.tombstones import Tombstones
from schemas.audit import Act
from schemas.retention import DATA_CLASSES, DataClass, Policy

_BEGUN = "UPDATE retention SET begun = ?, ended = NULL, removed = 0, kept = 0 WHERE class = ?"


class SqliteRetention:
    """Fulfils `lrs.store.retention.Retention`."""

    def __init__(
        self,
        database: Database,
        tombstones: Tombstones,
        attachments: Attachments,
        erasure: SqliteErasure,
    ) -> None:
        self._database = database
        bodies = Bodies(database)
        self._attachments = AttachmentFiles(bodies, attachments)
        self._personas = InactivePersonas(erasure)
        self._rows: dict[str, Retained] = {**ROWS, "statements": Statements(bodies, tombstones)}

    def policies(self) -> Mapping[DataClass, Policy]:
        """Return the policy of each class; one that was never set keeps for good."""
        found = {name: Policy(data_class=name) for name in DATA_CLASSES}
        rows = self._database.read().execute(
            "SELECT class, days, begun, ended, removed, kept FROM retention"
        )
        for name, days, begun, ended, removed, kept in rows:
            found[name] = Policy(
                data_class=name, days=days, begun=begun, ended=ended, removed=removed, kept=kept
            )
        return found

    def put(self, data_class: DataClass, days: int | None, act: Act) -> None:
        """Set a policy, and note the act."""

        def work(tx: Transaction) -> None:
            tx.execute(
                "INSERT INTO retention (class, days) VALUES (?, ?) ON CONFLICT DO UPDATE "
                "SET days = excluded.days, place = '', begun = NULL, ended = NULL, "
                "removed = 0, kept = 0",
                (data_class, days),
            )
            note_act(tx, act)

        self._database.write(work)

    def look(self, data_class: DataClass, before: int, place: str | None, limit: int) -> Expiring:
        """Return the next piece of what an application would remove; nothing is changed."""
        with self._database.snapshot() as read:
            if data_class == "attachments":
                return self._attachments.look(read, before, place, limit)
            if data_class == "inactive_personas":
                return self._personas.look(read, before, place, limit)
            return self._rows[data_class].look(read, before, place, limit)

    def remove(self, data_class: DataClass, before: int, limit: int, act: Act) -> Removed:
        """Remove a piece, going on where the last one ended."""

        def work(tx: Transaction) -> Removed:
            row = tx.execute(
                "SELECT place, begun, ended FROM retention WHERE class = ?", (data_class,)
            ).fetchone()
            if row is None:
                raise LookupError(f"no policy was ever set for {data_class}")
            place = row[0] or None
            if row[1] is None or row[2] is not None:
                tx.execute(_BEGUN, (tx.instant, data_class))
            found, attachments = self._remove(
                tx, data_class, before=before, place=place, limit=limit, act=act
            )
            # A statement is never looked at again once it was passed: it would stay for good.
            on = found.place or (place if data_class == "statements" else None)
            tx.execute(
                "UPDATE retention SET place = ?, removed = removed + ?, kept = kept + ? "
                "WHERE class = ?",
                (on or "", len(found.items), found.kept, data_class),
            )
            if found.place is None:
                _end(tx, data_class, act)
            return Removed(ended=found.place is None, attachments=attachments)

        return self._database.write(work)

    def _remove(
        self,
        tx: Transaction,
        data_class: DataClass,
        *,
        before: int,
        place: str | None,
        limit: int,
        act: Act,
    ) -> tuple[Expiring, tuple[str, ...]]:
        """Remove a piece; return it, and the contents that erased personas had attached."""
        if data_class == "attachments":
            return self._attachments.walk(tx, before, place, limit), ()
        if data_class == "inactive_personas":
            return self._personas.erase_next(tx, before, place, limit, act)
        if data_class == "statements" and too_much_waits(tx):
            return Expiring(items=(), place=place or "0"), ()
        rows = self._rows[data_class]
        found = rows.look(tx, before, place, limit)
        rows.drop(tx, found.items)
        return found, ()


def _end(tx: Transaction, data_class: DataClass, act: Act) -> None:
    """Close the run, and note the act where anything went."""
    removed, kept = tx.execute(
        "UPDATE retention SET ended = ? WHERE class = ? RETURNING removed, kept",
        (tx.instant, data_class),
    ).fetchone()
    if removed and data_class == "statements":
        retire_dictionaries(tx)
    if removed:
        detail = {**act.detail, "removed": removed, "kept": kept}
        note_act(tx, msgspec.structs.replace(act, detail=detail))
