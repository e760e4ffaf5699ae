"""Organisations, employments and consents in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby, islice
from typing import Any

import msgspec
from pymongo import IndexModel

from lrs.store.mongo.database import MongoDatabase, Transaction, reported
from lrs.store.mongo.facts import note_act
from lrs.store.mongo.lanes import first_after
from lrs.store.mongo.merging import parts_of
from lrs.store.mongo.queries import beyond, name_of
from lrs.store.mongo.sharing import Key, consent_in, employment_in, put, recorded, refresh
from lrs.store.organisations import SharedQuery
from lrs.store.sharing import ended
from schemas.audit import Act
from schemas.organisations import (
    Consent,
    ConsentLevel,
    Employment,
    Organisation,
    SharedAchievement,
    SummaryLine,
)

INDEXES: dict[str, list[IndexModel]] = {"organisation": []}

_SUMMED = ("unit", "department", "month", "state")


class MongoOrganisations:
    """Fulfils `lrs.store.organisations.Organisations`."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    def put(self, organisation: Organisation, act: Act) -> Organisation:
        """Add an organisation, or put it in the place of the one with its id."""

        def work(tx: Transaction) -> Organisation:
            found = tx["organisation"].find_one({"_id": organisation.id}, {"created": 1})
            created = found["created"] if found else tx.instant
            kept = msgspec.structs.replace(organisation, created=created)
            document: dict[str, Any] = msgspec.to_builtins(kept)
            tx["organisation"].replace_one({"_id": document.pop("id")}, document, upsert=True)
            note_act(tx, act)
            return kept

        return self._database.write(work)

    def organisation(self, organisation: str) -> Organisation | None:
        """Return the organisation."""
        with reported():
            found = self._database["organisation"].find_one({"_id": organisation})
        return _organisation(found) if found else None

    def page(self, after: str | None, limit: int) -> list[Organisation]:
        """Return a page of organisations in the order of their ids."""
        with reported():
            found = self._database["organisation"].find({"_id": {"$gt": after or ""}})
            return [_organisation(one) for one in found.sort("_id").limit(limit)]

    def employ(self, employments: Sequence[Employment], today: date, act: Act) -> None:
        """Put employments in the place of those of the same organisations and personas, whole."""

        def work(tx: Transaction) -> None:
            put(tx, "employment", _with_others(tx, employments))
            refresh(tx, [(one.organisation, one.persona) for one in employments], today)
            note_act(tx, act)

        self._database.write(work)

    def employments(self, organisation: str, after: str | None, limit: int) -> list[Employment]:
        """Return a page of employments in the order of their personas."""
        found = self._of("employment", organisation, after, limit)
        return [msgspec.convert(one, Employment) for one in found]

    def consent(self, consents: Sequence[Consent], today: date, act: Act) -> None:
        """Record consents, `given` now, in the place of earlier ones, whole."""

        def work(tx: Transaction) -> None:
            given = [msgspec.structs.replace(one, given=tx.instant) for one in consents]
            put(tx, "consent", given)
            refresh(tx, [(one.organisation, one.persona) for one in given], today)
            note_act(tx, act)

        self._database.write(work)

    def withdraw(self, organisation: str, persona: str, act: Act) -> bool:
        """Withdraw a consent, of the personas merged into this one too."""

        def work(tx: Transaction) -> bool:
            parts = parts_of(tx, [persona])[persona]
            given = map(consent_in, recorded(tx, [(organisation, one) for one in parts]).values())
            standing = [one for one in given if one is not None and one.withdrawn is None]
            if not standing:
                return False
            put(
                tx,
                "consent",
                [msgspec.structs.replace(one, withdrawn=tx.instant) for one in standing],
            )
            refresh(tx, [(organisation, persona)], date.max)
            note_act(tx, act)
            return True

        return self._database.write(work)

    def consents(self, organisation: str, after: str | None, limit: int) -> list[Consent]:
        """Return a page of consents, withdrawn ones too, in the order of their personas."""
        found = self._of("consent", organisation, after, limit)
        return [msgspec.convert(one, Consent) for one in found]

    def consents_of(self, persona: str) -> list[Consent]:
        """Return the consents of a persona and of those merged into it, withdrawn ones too."""
        with self._database.snapshot() as snapshot:
            parts = parts_of(snapshot, [persona])[persona]
            where = {"persona": {"$in": parts}, "consent": {"$ne": None}}
            found = snapshot["view"].find(where, {"consent": 1})
            order = found.sort([("organisation", 1), ("persona", 1)])
            return [msgspec.convert(one["consent"], Consent) for one in order]

    def settle(self, today: date, limit: int) -> bool:
        """Bring up to `limit` views up to date whose day has come; False where there was none."""
        due = {"due": {"$lte": today.isoformat()}}
        with reported():
            if self._database["view"].find_one(due, {"_id": 1}) is None:
                return False

        def work(tx: Transaction) -> None:
            found = tx["view"].find(due, {"organisation": 1, "persona": 1})
            views = found.sort("due").limit(limit)
            refresh(tx, [(view["organisation"], view["persona"]) for view in views], today)

        self._database.write(work)
        return True

    def level(self, organisation: str, persona: str) -> ConsentLevel | None:
        """Return what the organisation may see of the persona now, None for nothing."""
        with reported():
            found = self._database["view"].find_one(
                {"_id": name_of(organisation, persona)}, {"level": 1}
            )
        return found.get("level") if found else None

    def changes(self, query: SharedQuery, after: int, limit: int) -> list[SharedAchievement]:
        """Return changes after a seq, oldest first, tombstones included."""
        return self._following({"organisation": query.organisation}, after, limit)

    def shared(self, query: SharedQuery, after: int, limit: int) -> list[SharedAchievement]:
        """Return what may be seen, after a seq, in the order of seqs."""
        return self._following({**_where(query, "achieved"), "gone": False}, after, limit)

    def summary(
        self, query: SharedQuery, after: tuple[str, str, str, str] | None, limit: int
    ) -> list[SummaryLine]:
        """Return a page of the sums of units, departments, months and states, in their order."""
        where = {"$and": [_where(query, "month"), beyond(_SUMMED, after)]}
        with reported():
            found = self._database["shared_sum"].find(where)
            found.sort([("organisation", 1), *((name, 1) for name in _SUMMED)])
            lines = groupby(found, lambda one: tuple(one[name] for name in _SUMMED))
            summed = ((key, sum(one["count"] for one in of_lanes)) for key, of_lanes in lines)
            return [
                SummaryLine(unit=key[0], department=key[1], month=key[2], state=key[3], count=count)
                for key, count in islice((line for line in summed if line[1]), limit)
            ]

    def _of(self, kind: str, organisation: str, after: str | None, limit: int) -> list[Any]:
        where = {"organisation": organisation, "persona": {"$gt": after or ""}, kind: {"$ne": None}}
        with reported():
            found = self._database["view"].find(where, {kind: 1}).sort("persona").limit(limit)
            return [one[kind] for one in found]

    def _following(
        self, where: Mapping[str, Any], after: int, limit: int
    ) -> list[SharedAchievement]:
        with reported():
            end = first_after(self._database.lanes.through())
            found = self._database["shared"].find({**where, "seq": {"$gt": after, "$lt": end}})
            return [_shared(one) for one in found.sort("seq").limit(limit)]


def _with_others(tx: Transaction, employments: Sequence[Employment]) -> list[Employment]:
    """Return the employments, and what was recorded for the personas merged into those that leave,
    ended.
    """
    leaving = [one for one in employments if one.until is not None]
    parts = parts_of(tx, {one.persona for one in leaving})
    keys = [(one.organisation, part) for one in leaving for part in parts[one.persona]]
    held = {key: employment_in(view) for key, view in recorded(tx, keys).items()}
    told: dict[Key, Employment] = {}
    for one in employments:
        told[one.organisation, one.persona] = one
        if one.until is None:
            continue
        for part in parts[one.persona][1:]:
            key = (one.organisation, part)
            other = told.get(key) or held.get(key)
            if other is not None and (left := ended(other, one.until)) is not None:
                told[key] = left
    return list(told.values())


def _where(query: SharedQuery, time: str) -> dict[str, Any]:
    """The conditions of a query; `time` is the field that its days or months are held against."""
    where: dict[str, Any] = {"organisation": query.organisation}
    for name in ("unit", "department", "state", "persona"):
        value = getattr(query, name)
        if value is not None:
            where[name] = value
    times = {"$gte": query.since, "$lte": query.until}
    within = {bound: value for bound, value in times.items() if value is not None}
    if within:
        where[time] = within
    return where


def _organisation(found: Mapping[str, Any]) -> Organisation:
    return msgspec.convert({**found, "id": found["_id"]}, Organisation)


def _shared(found: Mapping[str, Any]) -> SharedAchievement:
    return msgspec.convert({**found, "id": found["achievement"]}, SharedAchievement)
