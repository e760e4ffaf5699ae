"""Units, their drafts and equivalences in MongoDB."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec
from pymongo import DESCENDING, IndexModel

from lrs.store.mongo.database import MongoDatabase, Transaction, reported
from lrs.store.mongo.due import carry_out, sweep_personas
from lrs.store.mongo.facts import note_act, note_fact
from lrs.store.mongo.queries import beyond
from lrs.store.units import UnitTaken
from schemas.audit import Act
from schemas.equivalences import Equivalence
from schemas.units import Unit, unit_hash

_BY_CODE = IndexModel([("code", 1), ("version", 1)])
_BY_TIME = IndexModel([("published", DESCENDING)])

INDEXES = {
    "unit": [_BY_CODE, _BY_TIME],
    "unit_draft": [_BY_CODE],
    "equivalence": [_BY_CODE, _BY_TIME],
}

_unit = msgspec.json.Decoder(Unit).decode
_equivalence = msgspec.json.Decoder(Equivalence).decode


class MongoUnits:
    """Fulfils `lrs.store.units.Units`."""

    def __init__(self, database: MongoDatabase) -> None:
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
        name = _name(unit.code, unit.version)

        def work(tx: Transaction) -> int | None:
            kept = tx["unit"].find_one({"_id": name})
            if kept is not None:
                if _unit(kept["body"]) != unit:
                    raise UnitTaken(unit)
                return None
            _publish(tx, "unit", unit)
            tx["unit_draft"].delete_one({"_id": name})
            told = {"unit": unit.code, "version": unit.version, "hash": unit_hash(unit)}
            note_fact(tx, "published", name, told)
            if act is not None:
                note_act(tx, act)
            return sweep_personas(
                tx,
                [unit.code],
                activities=activities,
                achieved=units,
                versions=(unit.code, unit.supersedes),
            )

        sweep = self._database.write(work)
        if sweep is not None:
            carry_out(self._database, sweep)
        return sweep is not None

    def last_published(self) -> int:
        """Return when (microseconds) the last version was published, 0 where there is none."""
        return _last_published(self._database, "unit")

    def all(self) -> list[Unit]:
        """Return every version of every unit, by code and version."""
        with reported():
            return [_unit(one["body"]) for one in _ordered(self._database, "unit", None)]

    def page(self, after: tuple[str, int] | None, limit: int) -> list[Unit]:
        """Return a page of the published versions, by code and version."""
        return self._page("unit", after, limit)

    def unit(self, code: str, version: int) -> Unit | None:
        """Return the published version."""
        return self._one("unit", code, version)

    def put_draft(self, unit: Unit) -> None:
        """Keep a draft, in the place of another of the same code and version."""
        draft = {"code": unit.code, "version": unit.version, "body": msgspec.json.encode(unit)}
        self._database.write(
            lambda tx: tx["unit_draft"].replace_one(
                {"_id": _name(unit.code, unit.version)},
                {**draft, "changed": tx.instant},
                upsert=True,
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
            gone = tx["unit_draft"].delete_one({"_id": _name(code, version)})
            return bool(gone.deleted_count)

        return self._database.write(work)

    def _page(self, collection: str, after: tuple[str, int] | None, limit: int) -> list[Unit]:
        with reported():
            found = _ordered(self._database, collection, after)
            return [_unit(one["body"]) for one in found.limit(limit)]

    def _one(self, collection: str, code: str, version: int) -> Unit | None:
        with reported():
            found = self._database[collection].find_one({"_id": _name(code, version)})
        return _unit(found["body"]) if found else None


class MongoEquivalences:
    """Fulfils `lrs.store.units.Equivalences`."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    def publish(self, equivalence: Equivalence, act: Act | None = None) -> bool:
        """Publish a version and mark those due who have an achievement of one of its units.

        Returns False where the same version is published already. Raises UnitTaken.
        """
        units = [*equivalence.sources, equivalence.target]
        name = _name(equivalence.code, equivalence.version)

        def work(tx: Transaction) -> int | None:
            kept = tx["equivalence"].find_one({"_id": name})
            if kept is not None:
                if _equivalence(kept["body"]) != equivalence:
                    raise UnitTaken(equivalence)
                return None
            _publish(tx, "equivalence", equivalence)
            told = {"equivalence": equivalence.code, "version": equivalence.version}
            note_fact(tx, "published", name, told)
            if act is not None:
                note_act(tx, act)
            return sweep_personas(tx, units, achieved=units)

        sweep = self._database.write(work)
        if sweep is not None:
            carry_out(self._database, sweep)
        return sweep is not None

    def last_published(self) -> int:
        """Return when (microseconds) the last version was published, 0 where there is none."""
        return _last_published(self._database, "equivalence")

    def all(self) -> list[Equivalence]:
        """Return every version of every equivalence, by code and version."""
        with reported():
            found = _ordered(self._database, "equivalence", None)
            return [_equivalence(one["body"]) for one in found]


def _name(code: str, version: int) -> str:
    return f"{code}/{version}"


def _publish(tx: Transaction, collection: str, published: Unit | Equivalence) -> None:
    """Write a version with a later time than that of any before: whoever asks for the last time
    must see that there is something new, whatever the machines' clocks say.
    """
    tx.guard(collection)
    last = tx[collection].find_one({}, {"published": 1}, sort=[("published", DESCENDING)])
    tx[collection].insert_one(
        {
            "_id": _name(published.code, published.version),
            "code": published.code,
            "version": published.version,
            "published": max(tx.instant, last["published"] + 1 if last else 0),
            "body": msgspec.json.encode(published),
        }
    )


def _last_published(database: MongoDatabase, collection: str) -> int:
    with reported():
        last = database[collection].find_one({}, {"published": 1}, sort=[("published", DESCENDING)])
    return int(last["published"]) if last else 0


def _ordered(database: MongoDatabase, collection: str, after: tuple[str, int] | None) -> Any:
    found = database[collection].find(beyond(("code", "version"), after), {"body": 1})
    return found.sort([("code", 1), ("version", 1)])
