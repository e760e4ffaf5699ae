"""How a projection is written in MongoDB: a few bulk writes, so that the transaction is short.

An event's `_id` tells generation, seq and ordinal in their order, so that no other index is needed
to find it by its statement. A record has the names of all it is within, its activity first.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from pymongo import DeleteOne, IndexModel, ReplaceOne, UpdateMany, UpdateOne

from lrs.records.state import RecordState, encode_state
from lrs.store.mongo.database import Transaction
from lrs.store.mongo.due import mark
from lrs.store.mongo.figures import count
from lrs.store.mongo.queries import bulk, name_of
from lrs.store.projections import (
    ALWAYS,
    PersonaNamed,
    Projection,
    Rework,
    Scope,
    StoredEvent,
)
from lrs.store.records import RecordKey
from schemas.events import Event
from schemas.times import instant_of

INDEXES = {
    "event": [
        IndexModel(
            [("generation", 1), ("persona", 1), ("activity", 1), ("registration", 1), ("_id", 1)]
        ),
        IndexModel([("generation", 1), ("persona", 1), ("at", -1), ("_id", -1)]),
    ],
    "record": [
        IndexModel([("generation", 1), ("persona", 1), ("activity", 1), ("registration", 1)]),
        IndexModel([("generation", 1), ("within", 1), ("persona", 1), ("registration", 1)]),
    ],
    "satisfied": [
        IndexModel([("generation", 1), ("persona", 1), ("registration", 1), ("course", 1)]),
        IndexModel([("generation", 1), ("course", 1), ("persona", 1), ("registration", 1)]),
    ],
    "unrecognised": [IndexModel([("generation", 1)])],
    "due_in_generation": [IndexModel([("generation", 1)])],
    "rework": [IndexModel([("generation", 1), ("kind", -1), ("subject", 1)])],
    "persona": [IndexModel([("merged_into", 1), ("name", 1), ("_id", 1)])],
    "identifier": [
        IndexModel([("holders.persona", 1)]),
        IndexModel([("holders.base", 1)]),
    ],
}

_EVENT_ID = struct.Struct(">IQI")

read_event = msgspec.json.Decoder(Event).decode
write_event = msgspec.json.Encoder().encode


def event_id(generation: int, seq: int, ordinal: int) -> bytes:
    """Return the `_id` of an event; ids are in the order of what they are made of."""
    return _EVENT_ID.pack(generation, seq, ordinal)


def place_of(event: Mapping[str, Any]) -> tuple[int, int]:
    """Return the seq and ordinal of a stored event."""
    _, seq, ordinal = _EVENT_ID.unpack(event["_id"])
    return seq, ordinal


def of_statement(generation: int, seq: int) -> dict[str, Any]:
    """Return the condition for the events taken from a statement."""
    return {"_id": {"$gte": event_id(generation, seq, 0), "$lt": event_id(generation, seq + 1, 0)}}


def of_record(generation: int, key: RecordKey) -> dict[str, Any]:
    """Return the condition for a record, and for its events."""
    return {"generation": generation, **key._asdict()}


def record_id(generation: int, key: RecordKey) -> bytes:
    """Return the `_id` of a record."""
    return name_of(str(generation), *key)


def rework_id(generation: int, rework: Rework) -> bytes:
    """Return the `_id` of a piece of rework."""
    return name_of(str(generation), rework.kind, rework.subject)


class Writing:
    """A projection as documents, made once, however often its transaction is run."""

    def __init__(self, projection: Projection) -> None:
        self._projection = projection
        self._generation = generation = projection.since.generation
        self._moved = [_event(generation, one) for one in projection.moved]
        self._events = [_event(generation, one) for one in projection.events]
        self._changed = list(self._changes())
        self._records = [
            DeleteOne({"_id": record_id(generation, key), "persona": key.persona})
            if state is None
            else ReplaceOne(
                {"_id": record_id(generation, key), "persona": key.persona},
                _record(generation, key, state),
                upsert=True,
            )
            for key, state in projection.records.items()
        ]
        self._satisfied = [
            _satisfied(generation, scope, course, events)
            for (scope, course), events in projection.satisfied.items()
        ]

    def write(self, tx: Transaction) -> bool:
        """Write all of it; False, with nothing written, where another came before."""
        since, through = self._projection.since, self._projection.through
        found = tx["generation"].find_one_and_update(
            {
                "_id": since.generation,
                "seq": since.seq,
                "epoch": since.epoch,
                "state": {"$in": ["serving", "building"]},
            },
            {"$set": {"seq": through}},
        )
        if found is None:
            return False
        meet(tx, self._projection.personas)
        if self._moved:
            # To another persona is to another shard: an event is not changed there in place.
            tx["event"].delete_many({"_id": {"$in": [one["_id"] for one in self._moved]}})
            tx["event"].insert_many(self._moved)
        if self._events:
            tx["event"].insert_many(self._events)
        bulk(tx, "event", self._changed)
        grown = bulk(tx, "record", self._records)
        count(tx, "record", str(self._generation), grown)
        bulk(tx, "satisfied", self._satisfied)
        self._unrecognised(tx)
        if found["state"] == "serving":
            mark(tx, self._projection.due)
        else:
            self._due_later(tx)
        self._rework(tx)
        return True

    def _changes(self) -> Iterable[UpdateMany]:
        """What voids events, and tells which are left out."""
        for seq, by in self._projection.voided.items():
            voided = {**of_statement(self._generation, seq), "voided": None}
            yield UpdateMany(voided, {"$set": {"voided": by}})
        for key, out in self._projection.left_out.items():
            kept = {**of_record(self._generation, key), "left_out": True}
            yield UpdateMany(kept, {"$unset": {"left_out": ""}})
            if out:
                ids = [event_id(self._generation, *place) for place in sorted(out)]
                yield UpdateMany({"_id": {"$in": ids}}, {"$set": {"left_out": True}})

    def _unrecognised(self, tx: Transaction) -> None:
        bulk(
            tx,
            "unrecognised",
            [
                UpdateOne(
                    {"_id": name_of(str(self._generation), verb, adapter)},
                    {
                        "$inc": {"count": number},
                        "$setOnInsert": {
                            "generation": self._generation,
                            "verb": verb,
                            "adapter": adapter,
                        },
                    },
                    upsert=True,
                )
                for (verb, adapter), number in self._projection.unrecognised.items()
            ],
        )

    def _due_later(self, tx: Transaction) -> None:
        """Keep who is due once the generation serves."""
        bulk(
            tx,
            "due_in_generation",
            [
                UpdateOne(
                    {"_id": name_of(str(self._generation), persona, unit)},
                    {"$set": {"generation": self._generation, "persona": persona, "unit": unit}},
                    upsert=True,
                )
                for persona, unit in sorted(self._projection.due)
            ],
        )

    def _rework(self, tx: Transaction) -> None:
        if self._projection.reworked is None:
            return
        rework, place = self._projection.reworked
        one = {"_id": rework_id(self._generation, rework)}
        if place is None:
            tx["rework"].delete_one(one)
        else:
            tx["rework"].update_one(one, {"$set": {"place": list(place)}})


def meet(tx: Transaction, personas: Sequence[PersonaNamed]) -> None:
    """Add the personas that are new and keep the latest name of each."""
    if not personas:
        return
    ids = sorted({met.persona for met in personas})
    kept = {one["_id"]: one for one in tx["persona"].find({"_id": {"$in": ids}})}
    fresh: dict[str, dict[str, Any]] = {}
    named: dict[str, dict[str, Any]] = {}
    for met in personas:
        known = fresh.get(met.persona) or kept.get(met.persona)
        if known is None:
            fresh[met.persona] = {
                "_id": met.persona,
                "name": met.name,
                "named_at": met.at,
                "merged_into": None,
            }
        elif met.name is not None and (
            known["name"] is None or (met.at, met.name) > (known["named_at"], known["name"])
        ):
            known |= {"name": met.name, "named_at": met.at}
            if met.persona in kept:
                named[met.persona] = known
    bulk(
        tx,
        "persona",
        [
            UpdateOne({"_id": one["_id"]}, {"$set": {k: one[k] for k in ("name", "named_at")}})
            for one in named.values()
        ],
    )
    if fresh:
        tx["persona"].insert_many(list(fresh.values()))
        count(tx, "persona", "", len(fresh))
    holders = {met.identifier: met.persona for met in reversed(personas)}
    known_ids = tx["identifier"].find({"_id": {"$in": sorted(holders)}}, {"_id": 1})
    new = sorted(holders.keys() - {one["_id"] for one in known_ids})
    if new:
        tx["identifier"].insert_many([held_always(one, holders[one]) for one in new])


def held_always(identifier: str, persona: str) -> dict[str, Any]:
    """Return the document of an identifier that was first met as a persona's."""
    return {
        "_id": identifier,
        "holders": [{"since": ALWAYS, "base": persona, "persona": persona}],
    }


def _event(generation: int, stored: StoredEvent) -> dict[str, Any]:
    event = stored.event
    document = {
        "_id": event_id(generation, stored.seq, event.ordinal),
        "generation": generation,
        "persona": stored.persona,
        "activity": event.activity,
        "registration": event.registration or "",
        "at": instant_of(event.time),
        "statement": event.statement,
        "body": write_event(event),
    }
    if stored.voided is not None:
        document["voided"] = stored.voided
    return document


def _record(generation: int, key: RecordKey, state: RecordState) -> dict[str, Any]:
    wholes = sorted((state.courses | state.published_as) - {key.activity})
    return {
        **of_record(generation, key),
        "within": [key.activity, *wholes],
        "courses": sorted(state.courses),
        "state": encode_state(state),
    }


def _satisfied(
    generation: int, scope: Scope, course: str, events: Sequence[Event]
) -> DeleteOne | ReplaceOne[Any]:
    """What we say of a course, in the order of its activities."""
    one = {"_id": name_of(str(generation), *scope, course)}
    if not events:
        return DeleteOne(one)
    told = sorted(events, key=lambda event: event.activity)
    document = {
        "generation": generation,
        **scope._asdict(),
        "course": course,
        "events": [write_event(event) for event in told],
    }
    return ReplaceOne(one, document, upsert=True)
