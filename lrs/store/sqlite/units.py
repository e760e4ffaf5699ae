"""Units, their drafts and equivalences in SQLite."""

from __future__ import annotations

import json
from collections.abc import Collection

import msgspec

from lrs.store.sqlite.database import Database, Transaction
from lrs.store.sqlite.due import mark_due_by_activity
from lrs.store.sqlite.facts import note_act, note_fact
from lrs.store.units import UnitTaken
from schemas.audit import Act
from schemas.equivalences import Equivalence
from schemas.units import Unit, unit_hash

_unit = msgspec.json.Decoder(Unit).decode
_equivalence = msgspec.json.Decoder(Equivalence).decode


class SqliteUnits:
    """Fulfils `lrs.store.units.Units`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def publish(
        self,
        unit: Unit,
        activities: Collection[str],
        units: Collection[str] = (),
        act: Act | None = None,
    ) -> bool:
        """Publish a unit's version, whose draft goes, and mark everybody due whom it may concern:
        personas with events of `activities`, with achievements of `units`, or with an achievement
        of a version that it supersedes.

        Returns False where the same version is published already. Raises UnitTaken.
        """

        def work(tx: Transaction) -> bool:
            kept = tx.execute(
                "SELECT body FROM unit WHERE code = ? AND version = ?", (unit.code, unit.version)
            ).fetchone()
            if kept is not None:
                if _unit(kept[0]) != unit:
                    raise UnitTaken(unit)
                return False
            tx.execute(
                "INSERT INTO unit (code, version, published, body) VALUES (?, ?, ?, ?)",
                (unit.code, unit.version, tx.instant, msgspec.json.encode(unit)),
            )
            tx.execute(
                "DELETE FROM unit_draft WHERE code = ? AND version = ?", (unit.code, unit.version)
            )
            note_fact(
                tx,
                "published",
                f"{unit.code}/{unit.version}",
                {"unit": unit.code, "version": unit.version, "hash": unit_hash(unit)},
            )
            if act is not None:
                note_act(tx, act)
            mark_due_by_activity(tx, unit.code, activities)
            tx.execute(
                "INSERT INTO due_evaluation (persona, unit, marked) "
                "SELECT persona, ?1, ?2 FROM achievement "
                "WHERE unit IN (SELECT value FROM json_each(?3)) UNION "
                "SELECT persona, ?1, ?2 FROM achievement "
                "WHERE unit = ?1 AND version IN (SELECT value FROM json_each(?4)) "
                "ON CONFLICT DO UPDATE SET marked = excluded.marked",
                (
                    unit.code,
                    tx.instant,
                    json.dumps(sorted(units)),
                    json.dumps(unit.supersedes),
                ),
            )
            return True

        return self._database.write(work)

    def last_published(self) -> int:
        """Return when (microseconds) the last version was published, 0 where there is none."""
        row = self._database.read().execute("SELECT max(published) FROM unit").fetchone()
        return int(row[0] or 0)

    def all(self) -> list[Unit]:
        """Return every version of every unit, by code and version."""
        rows = self._database.read().execute("SELECT body FROM unit ORDER BY code, version")
        return [_unit(row[0]) for row in rows]

    def page(self, after: tuple[str, int] | None, limit: int) -> list[Unit]:
        """Return a page of the published versions, by code and version."""
        return self._page("unit", after, limit)

    def unit(self, code: str, version: int) -> Unit | None:
        """Return the published version."""
        return self._one("unit", code, version)

    def put_draft(self, unit: Unit) -> None:
        """Keep a draft, in the place of another of the same code and version."""
        body = msgspec.json.encode(unit)
        self._database.write(
            lambda tx: tx.execute(
                "INSERT INTO unit_draft (code, version, changed, body) VALUES (?, ?, ?, ?) "
                "ON CONFLICT DO UPDATE SET changed = excluded.changed, body = excluded.body",
                (unit.code, unit.version, tx.instant, body),
            )
        )

    def draft(self, code: str, version: int) -> Unit | None:
        """Return the draft."""
        return self._one("unit_draft", code, version)

    def drafts(self, after: tuple[str, int] | None, limit: int) -> list[Unit]:
        """Return a page of drafts, by code and version."""
        return self._page("unit_draft", after, limit)

    def drop_draft(self, code: str, version: int) -> bool:
        """Drop the draft; tell whether there was one."""

        def work(tx: Transaction) -> bool:
            gone = tx.execute(
                "DELETE FROM unit_draft WHERE code = ? AND version = ?", (code, version)
            )
            return gone.rowcount == 1

        return self._database.write(work)

    def _page(self, table: str, after: tuple[str, int] | None, limit: int) -> list[Unit]:
        rows = self._database.read().execute(
            f"SELECT body FROM {table} WHERE (code, version) > (?, ?) "  # noqa: S608
            "ORDER BY code, version LIMIT ?",
            (*(after or ("", 0)), limit),
        )
        return [_unit(row[0]) for row in rows]

    def _one(self, table: str, code: str, version: int) -> Unit | None:
        row = (
            self._database.read()
            .execute(
                f"SELECT body FROM {table} WHERE code = ? AND version = ?",  # noqa: S608
                (code, version),
            )
            .fetchone()
        )
        return _unit(row[0]) if row else None


class SqliteEquivalences:
    """Fulfils `lrs.store.units.Equivalences`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def publish(self, equivalence: Equivalence, act: Act | None = None) -> bool:
        """Publish a version and mark those due who have an achievement of one of its units.

        Returns False where the same version is published already. Raises UnitTaken.
        """
        units = [*equivalence.sources, equivalence.target]

        def work(tx: Transaction) -> bool:
            kept = tx.execute(
                "SELECT body FROM equivalence WHERE code = ? AND version = ?",
                (equivalence.code, equivalence.version),
            ).fetchone()
            if kept is not None:
                if _equivalence(kept[0]) != equivalence:
                    raise UnitTaken(equivalence)
                return False
            tx.execute(
                "INSERT INTO equivalence (code, version, published, body) VALUES (?, ?, ?, ?)",
                (
                    equivalence.code,
                    equivalence.version,
                    tx.instant,
                    msgspec.json.encode(equivalence),
                ),
            )
            note_fact(
                tx,
                "published",
                f"{equivalence.code}/{equivalence.version}",
                {"equivalence": equivalence.code, "version": equivalence.version},
            )
            if act is not None:
                note_act(tx, act)
            tx.execute(
                "INSERT INTO due_evaluation (persona, unit, marked) "
                "SELECT DISTINCT a.persona, u.value, ?2 FROM achievement a, json_each(?1) u "
                "WHERE a.unit IN (SELECT value FROM json_each(?1)) "
                "ON CONFLICT DO UPDATE SET marked = excluded.marked",
                (json.dumps(units), tx.instant),
            )
            return True

        return self._database.write(work)

    def last_published(self) -> int:
        """Return when (microseconds) the last version was published, 0 where there is none."""
        row = self._database.read().execute("SELECT max(published) FROM equivalence").fetchone()
        return int(row[0] or 0)

    def all(self) -> list[Equivalence]:
        """Return every version of every equivalence, by code and version."""
        rows = self._database.read().execute("SELECT body FROM equivalence ORDER BY code, version")
        return [_equivalence(row[0]) for row in rows]
