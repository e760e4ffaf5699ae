"""Personas, events and learner records in MongoDB, as they are read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from msgspec.structs import replace
from pymongo import IndexModel

from lrs.records.fold import record_of
from lrs.records.state import RecordState, decode_state
from lrs.store.mongo.applying import event_id, of_record, of_statement, place_of, read_event
from lrs.store.mongo.database import MongoDatabase, Snapshot, reported
from lrs.store.mongo.queries import beyond, distinct
from lrs.store.records import Persona, RecordKey
from schemas.events import Event
from schemas.records import EVIDENCE_LIMIT, LearnerRecord

INDEXES: dict[str, list[IndexModel]] = {}

KEY = ("activity", "registration")
RECORD = ("persona", *KEY)

EVIDENCE_OF = 100
"""Records whose evidence is asked for at once."""

UNVOIDED = {"voided": None}


class MongoRecords:
    """Fulfils `lrs.store.records.Records`."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    def checkpoint(self) -> int:
        """Return the seq up to which statements are in the records."""
        with reported():
            found = self._database["generation"].find_one({"state": "serving"})
        return int(found["seq"]) if found else 0

    def personas_of(self, identifiers: Iterable[str]) -> dict[str, str]:
        """Return the persona who now holds each identifier that is known."""
        with reported():
            found = self._database["identifier"].find({"_id": {"$in": list(identifiers)}})
            return {one["_id"]: one["holders"][-1]["persona"] for one in found}

    def events_of_statement(self, seq: int) -> list[tuple[str, Event]]:
        """Return the events taken from an unvoided statement, each with its persona."""
        with self._serving() as (snapshot, generation):
            found = snapshot["event"].find({**of_statement(generation, seq), **UNVOIDED})
            return [(one["persona"], read_event(one["body"])) for one in found.sort("_id")]

    def events_about(self, persona: str, activities: Iterable[str]) -> list[Event]:
        """Return a persona's events of any of the activities, as activity or as course."""
        wanted = set(activities)
        with self._serving() as (snapshot, generation):
            of_persona = {"generation": generation, "persona": persona}
            within = snapshot["record"].find(
                {**of_persona, "within": {"$in": sorted(wanted)}}, {"activity": 1}
            )
            parts = wanted | {one["activity"] for one in within}
            found = snapshot["event"].find(
                {
                    **of_persona,
                    "activity": {"$in": sorted(parts)},
                    "left_out": None,
                    **UNVOIDED,
                },
                {"body": 1},
            )
            events = [read_event(one["body"]) for one in found]
            for said in snapshot["satisfied"].find(of_persona, {"events": 1}):
                events += [read_event(body) for body in said["events"]]
        return [event for event in events if event.activity in wanted or event.course in wanted]

    def timeline(
        self, persona: str, before: tuple[int, int, int] | None, limit: int
    ) -> list[tuple[tuple[int, int, int], Event]]:
        """Return a page of a persona's events, the latest first, each with its place."""
        with self._serving() as (snapshot, generation):
            place = None
            if before is not None:
                at, *statement = before
                place = (at, event_id(generation, *statement))
            found = snapshot["event"].find(
                {
                    "generation": generation,
                    "persona": persona,
                    **UNVOIDED,
                    **beyond(("at", "_id"), place, descending=True),
                },
                {"at": 1, "body": 1},
            )
            return [
                ((one["at"], *place_of(one)), read_event(one["body"]))
                for one in found.sort([("at", -1), ("_id", -1)]).limit(limit)
            ]

    def persona(self, persona: str) -> Persona | None:
        """Return the persona."""
        found = self._personas({"_id": persona}, ["_id"], 1)
        return found[0] if found else None

    def personas(self, after: str | None, limit: int) -> list[Persona]:
        """Return a page of personas that are not merged into others, in the order of their ids."""
        place = None if after is None else [after]
        return self._personas({"merged_into": None, **beyond(["_id"], place)}, ["_id"], limit)

    def personas_named(
        self, prefix: str, after: tuple[str, str] | None, limit: int
    ) -> list[Persona]:
        """Return a page of personas whose names begin so, in the order of name and id."""
        order = ("name", "_id")
        named = {"name": {"$gte": prefix, "$lt": prefix + "\U0010ffff"}}
        where = {"merged_into": None, "$and": [named, beyond(order, after)]}
        return self._personas(where, order, limit)

    def names(self, personas: Iterable[str]) -> dict[str, str]:
        """Return the names of personas, without those that have none."""
        where = {"_id": {"$in": list(personas)}, "name": {"$ne": None}}
        with reported():
            found = self._database["persona"].find(where, {"name": 1})
            return {one["_id"]: one["name"] for one in found}

    def records(self, after: RecordKey | None, limit: int) -> list[tuple[str, LearnerRecord]]:
        """Return a page of all records, each with its persona, in the order of their keys."""
        return self._records(beyond(RECORD, after), limit)

    def records_of(
        self, persona: str, after: RecordKey | None, limit: int
    ) -> list[tuple[str, LearnerRecord]]:
        """Return a page of one persona's records in the order of their keys."""
        place = None if after is None else after[1:]
        return self._records({"persona": persona, **beyond(KEY, place)}, limit)

    def courses_of(self, persona: str, after: str | None, limit: int) -> list[str]:
        """Return a page of the ids of the courses of a persona's events, in their order."""
        with self._serving() as (snapshot, generation):
            found = snapshot["record"].aggregate(
                [
                    {"$match": {"generation": generation, "persona": persona}},
                    {"$unwind": "$courses"},
                    {"$match": {"courses": {"$gt": after or ""}}},
                    {"$group": {"_id": "$courses"}},
                    {"$sort": {"_id": 1}},
                    {"$limit": limit},
                ]
            )
            return [one["_id"] for one in found]

    def states_within(self, persona: str, wholes: Collection[str]) -> dict[RecordKey, RecordState]:
        """Return the states of a persona's records of any of the activities, or within them."""
        with self._serving() as (snapshot, generation):
            found = snapshot["record"].find(
                {"generation": generation, "within": {"$in": sorted(wholes)}, "persona": persona}
            )
            return {_key(one): decode_state(one["state"]) for one in found}

    def states_of(
        self, persona: str, after: tuple[str, str], limit: int
    ) -> dict[RecordKey, RecordState]:
        """Return a page of the states of a persona's records."""
        with self._serving() as (snapshot, generation):
            found = snapshot["record"].find(
                {"generation": generation, "persona": persona, **beyond(KEY, after)}
            )
            page = found.sort(_ascending(KEY)).limit(limit)
            return {_key(one): decode_state(one["state"]) for one in page}

    def keys_of(
        self, personas: Collection[str], after: tuple[str, str], limit: int
    ) -> list[tuple[str, str]]:
        """Return a page of the activities and registrations of which personas have events."""
        with self._serving() as (snapshot, generation):
            found = snapshot["event"].find(
                {
                    "generation": generation,
                    "persona": {"$in": list(personas)},
                    **beyond(KEY, after),
                },
                {**dict.fromkeys(KEY, 1), "_id": 0},
            )
            pairs = distinct(found.sort(_ascending(KEY)), KEY, limit)
            return [(activity, registration) for activity, registration in pairs]

    def events_through(
        self, personas: Collection[str], activity: str, registration: str, through: int
    ) -> list[Event]:
        """Return the events of personas as they were when a seq was the last."""
        with self._serving() as (snapshot, generation):
            found = snapshot["event"].find(
                {
                    "generation": generation,
                    "persona": {"$in": list(personas)},
                    "activity": activity,
                    "registration": registration,
                    "_id": {"$lt": event_id(generation, through + 1, 0)},
                    "$or": [UNVOIDED, {"voided": {"$gt": through}}],
                },
                {"body": 1},
            )
            return [read_event(one["body"]) for one in found]

    def evidence(self, key: RecordKey, after: int | None, limit: int) -> list[tuple[int, str]]:
        """Return a page of the unvoided statements of a record, with their seqs."""
        with self._serving() as (snapshot, generation):
            found = snapshot["event"].find(
                {
                    **of_record(generation, key),
                    "_id": {"$gte": event_id(generation, (after or 0) + 1, 0)},
                    **UNVOIDED,
                },
                {"statement": 1},
            )
            told = ({"seq": place_of(one)[0], **one} for one in found.sort("_id"))
            pairs = distinct(told, ("seq", "statement"), limit)
            return [(seq, statement) for seq, statement in pairs]

    def unrecognised(self) -> dict[tuple[str, str], int]:
        """Return how many statements gave no event, by verb and adapter."""
        with self._serving() as (snapshot, generation):
            found = snapshot["unrecognised"].find({"generation": generation})
            return {(one["verb"], one["adapter"]): one["count"] for one in found}

    @contextmanager
    def _serving(self) -> Iterator[tuple[Snapshot, int]]:
        """Give reads of one state, and the generation that serves in it."""
        with self._database.snapshot() as snapshot:
            found = snapshot["generation"].find_one({"state": "serving"}, {"_id": 1})
            yield snapshot, found["_id"]

    def _records(self, where: Mapping[str, Any], limit: int) -> list[tuple[str, LearnerRecord]]:
        with self._serving() as (snapshot, generation):
            found = snapshot["record"].find({"generation": generation, **where})
            page = list(found.sort(_ascending(RECORD)).limit(limit))
            evidence: defaultdict[RecordKey, set[str]] = defaultdict(set)
            for begin in range(0, len(page), EVIDENCE_OF):
                keys = [_key(one) for one in page[begin : begin + EVIDENCE_OF]]
                _add_told(snapshot, generation, keys, evidence)
                _add_said(snapshot, generation, keys, evidence)
        return [
            (
                one["persona"],
                replace(
                    record_of(
                        one["activity"], one["registration"] or None, decode_state(one["state"])
                    ),
                    evidence=tuple(sorted(evidence[_key(one)])[:EVIDENCE_LIMIT]),
                ),
            )
            for one in page
        ]

    def _personas(
        self, where: Mapping[str, Any], order: Sequence[str], limit: int
    ) -> list[Persona]:
        with self._database.snapshot() as snapshot:
            found = list(snapshot["persona"].find(where).sort(_ascending(order)).limit(limit))
            holding: defaultdict[str, set[str]] = defaultdict(set)
            ids = [one["_id"] for one in found]
            for known in snapshot["identifier"].find({"holders.persona": {"$in": ids}}):
                for holder in known["holders"]:
                    holding[holder["persona"]].add(known["_id"])
        return [
            Persona(
                id=one["_id"],
                name=one["name"],
                identifiers=tuple(sorted(holding[one["_id"]])),
                merged_into=one["merged_into"],
            )
            for one in found
        ]


def _add_told(
    snapshot: Snapshot,
    generation: int,
    keys: Collection[RecordKey],
    evidence: Mapping[RecordKey, set[str]],
) -> None:
    """Add the statements that the records' events are taken from, the first ones by their ids."""
    found = snapshot["event"].aggregate(
        [
            {"$match": {"$or": [of_record(generation, key) for key in keys], **UNVOIDED}},
            {
                "$group": {
                    "_id": {
                        **{field: f"${field}" for field in RECORD},
                        "statement": "$statement",
                    }
                }
            },
            {"$sort": {"_id.statement": 1}},
            {
                "$group": {
                    "_id": {field: f"$_id.{field}" for field in RECORD},
                    "statements": {"$push": "$_id.statement"},
                }
            },
            {"$project": {"statements": {"$slice": ["$statements", EVIDENCE_LIMIT]}}},
        ]
    )
    for one in found:
        evidence[_key(one["_id"])].update(one["statements"])


def _add_said(
    snapshot: Snapshot,
    generation: int,
    keys: Collection[RecordKey],
    evidence: Mapping[RecordKey, set[str]],
) -> None:
    """Add the statements that what we say of the records' activities rests on."""
    scopes = sorted({(key.persona, key.registration) for key in keys})
    wanted = set(keys)
    found = snapshot["satisfied"].find(
        {
            "$or": [
                {"generation": generation, "persona": persona, "registration": registration}
                for persona, registration in scopes
            ]
        }
    )
    for one in found:
        for event in (read_event(body) for body in one["events"]):
            key = RecordKey(one["persona"], event.activity, one["registration"])
            if key in wanted:
                evidence[key].add(event.statement)


def _key(one: Mapping[str, Any]) -> RecordKey:
    return RecordKey(one["persona"], one["activity"], one["registration"])


def _ascending(fields: Sequence[str]) -> list[tuple[str, int]]:
    return [(field, 1) for field in fields]
