"""Generations of events and records in MongoDB: how they come into being."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pymongo import DESCENDING, IndexModel, ReplaceOne

from lrs.records.state import RecordState, decode_state
from lrs.store.mongo.applying import (
    Writing,
    of_record,
    of_statement,
    place_of,
    read_event,
    record_id,
    rework_id,
)
from lrs.store.mongo.database import MongoDatabase, Transaction, reported
from lrs.store.mongo.due import mark
from lrs.store.mongo.figures import count
from lrs.store.mongo.queries import beyond, bulk, distinct
from lrs.store.projections import (
    Checkpoint,
    Holding,
    Projection,
    Rework,
    Scope,
    StoredEvent,
    record_subject,
)
from lrs.store.records import RecordKey
from schemas.events import Event

SWEPT = 1_000
"""Documents that are removed in a transaction at the most."""

INDEXES = {"generation": [IndexModel([("state", 1)])]}

OF_GENERATION = (
    "event",
    "record",
    "satisfied",
    "unrecognised",
    "rework",
    "due_in_generation",
)
"""The collections whose documents are a generation's."""

SCOPE = ("persona", "registration")


class MongoProjections:
    """Fulfils `lrs.store.projections.Projections`.

    Whoever changes what generations are made from (`touch_identities`), or which of them serves,
    writes their documents: that is what makes it conflict with a projection that is being written.
    """

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        with reported():
            begun = database["generation"].find_one({}, {"_id": 1})
        if begun is None:
            database.write(_begin_to_serve)

    def checkpoint(self, generation: int | None = None) -> Checkpoint | None:
        """Return how far the generation is, by default the one that serves."""
        where: dict[str, Any] = {"state": "serving"}
        if generation is not None:
            where = {"_id": generation, "state": {"$ne": "retired"}}
        with reported():
            return _checkpoint(self._database["generation"].find_one(where))

    def begin(self) -> Checkpoint:
        """Begin to build a generation, or go on with the one that was begun."""

        def work(tx: Transaction) -> Checkpoint:
            found = tx["generation"].find_one({"state": "building"})
            # Two that begin at once conflict: both take the next number.
            return _checkpoint(found) or _add(tx, "building")

        return self._database.write(work)

    def switch(self, since: Checkpoint) -> bool:
        """Let the generation that was built serve, where it is as far as the one that does.

        Who is due with it is marked then, in pieces.
        """

        def work(tx: Transaction) -> bool:
            generations = tx["generation"]
            built = generations.find_one({"_id": since.generation, "state": "building"})
            serving = generations.find_one({"state": "serving"})
            if _checkpoint(built) != since or since.seq < serving["seq"]:
                return False
            if tx["rework"].find_one({"generation": since.generation}, {"_id": 1}) is not None:
                return False
            generations.update_one({"_id": serving["_id"]}, {"$set": {"state": "retired"}})
            generations.update_one({"_id": since.generation}, {"$set": {"state": "serving"}})
            return True

        switched = self._database.write(work)
        while switched and self._mark_due():
            pass
        return switched

    def discard(self) -> bool:
        """Give up the generation that is being built."""

        def work(tx: Transaction) -> bool:
            done = tx["generation"].update_one(
                {"state": "building"}, {"$set": {"state": "retired"}}
            )
            return bool(done.matched_count)

        return self._database.write(work)

    def sweep(self, limit: int) -> bool:
        """Remove up to about `limit` documents of retired generations; where there are none, mark
        those due who were not when the generation that serves began to.
        """
        with reported():
            found = self._database["generation"].find_one({"state": "retired"}, {"_id": 1})
        if found is None:
            return self._mark_due()
        return self._database.write(lambda tx: _sweep(tx, found["_id"], min(limit, SWEPT)))

    def holdings(self, identifiers: Collection[str]) -> dict[str, tuple[Holding, ...]]:
        """Return who holds each of the identifiers that are known, the earliest first."""
        with reported():
            found = self._database["identifier"].find({"_id": {"$in": list(identifiers)}})
            return {
                one["_id"]: tuple(Holding(**holder) for holder in one["holders"]) for one in found
            }

    def states(self, generation: int, keys: Collection[RecordKey]) -> dict[RecordKey, RecordState]:
        """Return the states of the records that there are."""
        by_id = {record_id(generation, key): key for key in keys}
        with reported():
            found = self._database["record"].find({"_id": {"$in": list(by_id)}}, {"state": 1})
            return {by_id[one["_id"]]: decode_state(one["state"]) for one in found}

    def events_of(self, generation: int, key: RecordKey) -> list[StoredEvent]:
        """Return the events of a record, voided ones too."""
        return self._events(of_record(generation, key))

    def events_of_statement(self, generation: int, seq: int) -> list[StoredEvent]:
        """Return the events taken from a statement."""
        return self._events(of_statement(generation, seq))

    def keys_of(
        self, generation: int, persona: str, after: tuple[str, ...], limit: int
    ) -> list[RecordKey]:
        """Return a page of the keys under which a persona has events."""
        order = ("activity", "registration")
        where = {"generation": generation, "persona": persona}
        pairs = self._distinct("event", where, order, after, limit)
        return [RecordKey(persona, *pair) for pair in pairs]

    def about(self, generation: int, scope: Scope, wholes: Collection[str]) -> list[RecordKey]:
        """Return the keys of a scope's records that are of the activities, or belong to them."""
        where = {"generation": generation, "within": {"$in": sorted(wholes)}, **scope._asdict()}
        with reported():
            found = self._database["record"].find(where, dict.fromkeys(RecordKey._fields, 1))
            return [RecordKey(*(one[field] for field in RecordKey._fields)) for one in found]

    def scopes(
        self, generation: int, whole: str, after: tuple[str, ...], limit: int
    ) -> list[Scope]:
        """Return a page of the scopes with records that are of an activity or belong to it."""
        where = {"generation": generation, "within": whole}
        return [Scope(*pair) for pair in self._distinct("record", where, SCOPE, after, limit)]

    def satisfied(self, generation: int, scope: Scope) -> dict[str, tuple[Event, ...]]:
        """Return what we say of courses in a scope, by course."""
        with reported():
            found = self._database["satisfied"].find(
                {"generation": generation, **scope._asdict()}, {"course": 1, "events": 1}
            )
            return {
                one["course"]: tuple(read_event(body) for body in one["events"])
                for one in found.sort("course")
            }

    def said_of(
        self, generation: int, course: str, after: tuple[str, ...], limit: int
    ) -> list[Scope]:
        """Return a page of the scopes in which we say something of a course."""
        where = {"generation": generation, "course": course}
        return [Scope(*pair) for pair in self._distinct("satisfied", where, SCOPE, after, limit)]

    def rework(self, generation: int) -> Rework | None:
        """Return a piece of rework that waits."""
        with reported():
            found = (
                self._database["rework"]
                .find({"generation": generation})
                .sort([("kind", DESCENDING), ("subject", 1)])
                .limit(1)
            )
            for one in found:
                return Rework(one["kind"], one["subject"], tuple(one["place"]))
        return None

    def apply(self, projection: Projection) -> bool:
        """Write a projection whole; False, with nothing written, where another came before."""
        return self._database.write(Writing(projection).write)

    def _mark_due(self) -> bool:
        """Mark a piece of who is due with the generation that serves; False where nobody is left.

        They may be many more than one transaction takes.
        """

        def work(tx: Transaction) -> bool:
            serving = tx["generation"].find_one({"state": "serving"}, {"_id": 1})
            where = {"generation": serving["_id"]}
            found = list(tx["due_in_generation"].find(where).limit(SWEPT))
            mark(tx, {(one["persona"], one["unit"]) for one in found})
            tx["due_in_generation"].delete_many({"_id": {"$in": [one["_id"] for one in found]}})
            return bool(found)

        with reported():
            serving = self._database["generation"].find_one({"state": "serving"}, {"_id": 1})
            waits = serving is not None and self._database["due_in_generation"].find_one(
                {"generation": serving["_id"]}, {"_id": 1}
            )
        return bool(waits) and self._database.write(work)

    def _events(self, where: Mapping[str, Any]) -> list[StoredEvent]:
        with reported():
            found = self._database["event"].find(where, {"persona": 1, "body": 1, "voided": 1})
            return [
                StoredEvent(
                    place_of(one)[0], one["persona"], read_event(one["body"]), one.get("voided")
                )
                for one in found.sort("_id")
            ]

    def _distinct(
        self,
        collection: str,
        where: Mapping[str, Any],
        order: tuple[str, ...],
        after: tuple[str, ...],
        limit: int,
    ) -> list[tuple[Any, ...]]:
        with reported():
            found = self._database[collection].find(
                {**where, **beyond(order, after or None)}, {**dict.fromkeys(order, 1), "_id": 0}
            )
            return distinct(found.sort([(field, 1) for field in order]), order, limit)


def touch_identities(tx: Transaction, *personas: str) -> None:
    """Have all generations work out the events of personas anew, before anything else is in."""
    _touch(tx, [Rework("persona", persona, ()) for persona in personas])


def end_epoch(tx: Transaction) -> None:
    """Have all that is worked out now, from what is no longer so, refused."""
    tx.guard("epoch")
    tx["generation"].update_many({"state": {"$ne": "retired"}}, {"$inc": {"epoch": 1}})


def epoch_lasts(tx: Transaction, epoch: int) -> bool:
    """Tell whether an epoch lasts; it does until the transaction is over."""
    tx.guard("epoch")
    return tx["generation"].find_one({"state": "serving", "epoch": epoch}, {"_id": 1}) is not None


def touch_courses(tx: Transaction, *courses: str) -> None:
    """Have all generations work out anew what is satisfied of courses."""
    _touch(tx, [Rework("course", course, ()) for course in courses])


def touch_records(tx: Transaction, keys: Iterable[RecordKey]) -> None:
    """Have all generations make records anew: some of their events are gone."""
    _touch(tx, [Rework("record", record_subject(key), ()) for key in keys])


def _touch(tx: Transaction, pieces: Collection[Rework]) -> None:
    generations = [one["_id"] for one in tx["generation"].find({"state": {"$ne": "retired"}})]
    end_epoch(tx)
    bulk(
        tx,
        "rework",
        [
            ReplaceOne(
                {"_id": rework_id(generation, piece)},
                {"generation": generation, **piece._asdict()},
                upsert=True,
            )
            for generation in generations
            for piece in pieces
        ],
    )


def _begin_to_serve(tx: Transaction) -> None:
    """Let the first generation serve, where there is none: two that do so at once conflict."""
    if tx["generation"].find_one({}, {"_id": 1}) is None:
        _add(tx, "serving")


def _add(tx: Transaction, state: str) -> Checkpoint:
    last = tx["generation"].find_one({}, {"_id": 1}, sort=[("_id", DESCENDING)])
    added = Checkpoint(last["_id"] + 1 if last else 1, 0, 0)
    tx["generation"].insert_one(
        {"_id": added.generation, "state": state, "seq": added.seq, "epoch": added.epoch}
    )
    return added


def _checkpoint(found: Mapping[str, Any] | None) -> Checkpoint | None:
    return Checkpoint(found["_id"], found["seq"], found["epoch"]) if found else None


def _sweep(tx: Transaction, generation: int, limit: int) -> bool:
    """Remove documents of the generation, and itself once it has none."""
    if tx["generation"].find_one({"_id": generation, "state": "retired"}) is None:
        return True
    for name in OF_GENERATION:
        found = tx[name].find({"generation": generation}, {"_id": 1}).limit(limit)
        ids = [one["_id"] for one in found]
        if ids:
            tx[name].delete_many({"_id": {"$in": ids}})
            if name == "record":
                count(tx, "record", str(generation), -len(ids))
            return True
    tx["generation"].delete_one({"_id": generation})
    return True
