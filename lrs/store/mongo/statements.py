"""Statements in MongoDB: bytes kept as they are, found by an index of terms.

A statement is one document. `_id` is its own id, hashed over the shards, so that ids are unique
without anything shared; `s` is its position (`lanes`), which `stored` is read from; `t` are the
terms of its search keys.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from pymongo import ASCENDING, DESCENDING, IndexModel, ReplaceOne

from lrs.store.mongo.database import MongoDatabase, Transaction, reported
from lrs.store.mongo.lanes import first_after, instant_at
from lrs.store.mongo.references import (
    Keys,
    link_from_referring,
    link_to_target,
    loose_ends,
    tie,
)
from lrs.store.statements import (
    Conflict,
    NewStatement,
    StatementQuery,
    StoredStatement,
    with_times,
)
from lrs.store.terms import term_of
from schemas.times import moment_of

INDEXES = {
    "statement": [
        IndexModel([("t", ASCENDING), ("s", DESCENDING)]),
        IndexModel([("s", ASCENDING)]),
        IndexModel([("r", ASCENDING)], partialFilterExpression={"r": {"$exists": True}}),
    ],
    "activity": [],
    "arrival": [IndexModel([("minute", ASCENDING)], expireAfterSeconds=7 * 86_400)],
}

GROUP_LIMIT = 64
"""Batches in one transaction at the most."""

ESTIMATE_LIMIT = 1000
"""Terms are counted this far to tell which is the rarest."""

MINUTE = 60_000_000

Compare = Callable[[dict[str, Any], dict[str, Any]], bool]
Merge = Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]


class MovedStatement(NamedTuple):
    """A statement from another store: its place in this one, and when it was stored in that one
    (microseconds).
    """

    seq: int
    stored: int
    source: int
    statement: NewStatement


class MongoStatements:
    """Fulfils `lrs.store.statements.Statements`.

    `same` tells whether two statements are the same for idempotence, `keys` gives the search
    keys of a stored statement's body, `merge` adds to an activity's definition: all are xAPI's,
    not the store's.
    """

    def __init__(self, database: MongoDatabase, *, same: Compare, keys: Keys, merge: Merge) -> None:
        self._database = database
        self._same = same
        self._keys = keys
        self._merge = merge
        self._waiting: deque[_Job] = deque()
        self._lead = threading.Lock()

    def add(
        self,
        source: int,
        batch: Sequence[NewStatement],
        before_commit: Callable[[], None] | None = None,
    ) -> int:
        """Store a batch whole and return how many were new.

        Batches of many threads share a transaction: whichever thread comes first leads.
        """
        job = _Job(source, batch, before_commit)
        self._waiting.append(job)
        with self._lead:
            while not job.settled:
                group: list[_Job] = []
                while self._waiting and len(group) < GROUP_LIMIT:
                    group.append(self._waiting.popleft())
                self._store(group)
        if job.error is not None:
            raise job.error
        self.tie_loose_ends([new.id for new in batch])
        return job.added

    def get(self, statement_id: bytes) -> StoredStatement | None:
        """Return the statement with the id, voided or not."""
        with reported():
            found = self._database["statement"].find_one({"_id": statement_id})
        return _stored(found) if found else None

    def voided_by(self, statement_id: bytes) -> int | None:
        """Return the seq of the first statement that voids the one with the id."""
        with reported():
            found = self._database["statement"].find({"r": statement_id, "x": True}, {"s": 1})
            return min((one["s"] for one in found), default=None)

    def find(self, query: StatementQuery) -> list[StoredStatement]:
        """Return a page of unvoided statements, newest first unless `ascending`."""
        places: dict[str, int] = {}
        if query.since is not None:
            places["$gte"] = first_after(query.since)
        if query.until is not None:
            places["$lt"] = first_after(query.until)
        if query.after is not None:
            if query.ascending:
                places["$gte"] = max(places.get("$gte", 0), query.after + 1)
            else:
                places["$lt"] = min(places.get("$lt", query.after), query.after)
        where: dict[str, Any] = {"v": {"$exists": False}}
        if places:
            where["s"] = places
        with reported():
            terms = self._rarest_first({term_of(key) for key in query.keys})
            if terms:
                where["t"] = {"$all": terms} if len(terms) > 1 else terms[0]
            direction = ASCENDING if query.ascending else DESCENDING
            found = self._database["statement"].find(where).sort("s", direction)
            return [_stored(one) for one in found.limit(query.limit)]

    def definitions(self, activities: Iterable[str]) -> dict[str, bytes]:
        """Return the definition (JSON) of each of the activities that statements told of."""
        with reported():
            found = self._database["activity"].find({"_id": {"$in": list(activities)}})
            return {one["_id"]: one["definition"] for one in found}

    def following(self, seq: int, limit: int) -> list[StoredStatement]:
        """Return up to `limit` statements after `seq`, oldest first, voided ones included."""
        with reported():
            end = first_after(self._database.lanes.through())
            found = self._database["statement"].find({"s": {"$gt": seq, "$lt": end}})
            return [_stored(one) for one in found.sort("s").limit(limit)]

    def last_seq(self) -> int:
        """Return the seq of the newest statement, 0 where there is none."""
        with reported():
            found = self._database["statement"].find({}, {"s": 1}).sort("s", DESCENDING).limit(1)
            return next((int(one["s"]) for one in found), 0)

    def last_through(self, instant: int) -> int:
        """Return the last seq that a statement stored up to the instant may have."""
        return first_after(instant) - 1

    def consistent_through(self) -> int:
        """Return an instant (microseconds) up to which every statement can already be read."""
        with reported():
            return self._database.lanes.promised()

    def each_referring(self, statement_id: bytes) -> Iterator[int]:
        """Yield the seqs of the statements that refer to the one with the id."""
        with reported():
            found = self._database["statement"].find({"r": statement_id}, {"s": 1}).sort("s")
            for one in found:
                yield one["s"]

    def index(self) -> bool:
        """Do nothing: the engine keeps its indexes."""
        return False

    def repack(self, limit: int) -> bool:
        """Do nothing: what the engine compresses with remembers nothing."""
        return False

    def retrain(self) -> None:
        """Nothing: MongoDB's engine compresses by itself."""

    def add_within(self, tx: Transaction, source: int, batch: Sequence[NewStatement]) -> int:
        """Store a batch in a transaction of another noun, as `add` does in one of its own: what
        raises Conflict must leave the transaction, and the loose ends must be tied afterwards.
        """
        statements = tx["statement"]
        ids = [new.id for new in batch]
        kept = {one["_id"]: one for one in statements.find({"_id": {"$in": ids}})}
        fresh: dict[bytes, NewStatement] = {}
        for index, new in enumerate(batch):
            if new.id in kept:
                stored = _stored(kept[new.id]).body
            elif new.id in fresh:
                stored = fresh[new.id].body
            else:
                fresh[new.id] = new
                continue
            if not self._same(msgspec.json.decode(stored), msgspec.json.decode(new.body)):
                raise Conflict(index, new.id)
        if not fresh:
            return 0
        documents = [_document(tx.next_seq(), source, new) for new in fresh.values()]
        self._insert(tx, documents)
        self._define(tx, fresh.values())
        self._count(tx, len(documents))
        return len(documents)

    def receive(self, tx: Transaction, moved: Sequence[MovedStatement]) -> None:
        """Store statements that come from another store, each after all that it had before."""
        documents = []
        for one in moved:
            document = _document(one.seq, one.source, one.statement)
            documents.append(document | {"at": one.stored})
        self._insert(tx, documents)

    def _insert(self, tx: Transaction, documents: Sequence[dict[str, Any]]) -> None:
        """Insert statements, and link those that refer to others or are referred to."""
        statements = tx["statement"]
        ids = {document["_id"] for document in documents}
        referred = {one["r"] for one in statements.find({"r": {"$in": list(ids)}}, {"r": 1})}
        if not referred and not any("r" in document for document in documents):
            statements.insert_many(documents)
            return
        for document in documents:
            if "r" in document:
                link_to_target(tx, document, self._keys)
            statements.insert_one(document)
            link_from_referring(tx, document, self._keys)

    def tie_loose_ends(self, ids: Sequence[bytes]) -> None:
        """Link what was stored at the same time as what it refers to, each by another writer."""
        with self._database.snapshot() as snapshot:
            loose = loose_ends(snapshot, ids)
        for one in loose:
            self._database.write(lambda tx, one=one: tie(tx, one, self._keys))  # type: ignore[misc]

    def _store(self, group: Sequence[_Job]) -> None:
        """Store the batches of a group, with one transaction if none of them fails."""
        try:
            added = self._database.write(lambda tx: [self._run(tx, job) for job in group])
        except BaseException as error:
            if len(group) == 1:
                group[0].error, group[0].settled = error, True
                return
            for job in group:
                self._store([job])
            return
        for job, count in zip(group, added, strict=True):
            job.added, job.settled = count, True

    def _run(self, tx: Transaction, job: _Job) -> int:
        added = self.add_within(tx, job.source, job.batch)
        if job.before_commit is not None:
            job.before_commit()
        return added

    def _define(self, tx: Transaction, batch: Iterable[NewStatement]) -> None:
        told = [one for new in batch for one in new.definitions]
        if not told:
            return
        wanted = list({activity for activity, _ in told})
        kept = {
            one["_id"]: one["definition"] for one in tx["activity"].find({"_id": {"$in": wanted}})
        }
        changed: dict[str, bytes] = {}
        for activity, definition in told:
            known = changed.get(activity, kept.get(activity))
            if known is None:
                changed[activity] = definition
            elif known != definition:
                merged = self._merge(msgspec.json.decode(known), msgspec.json.decode(definition))
                if (told_now := msgspec.json.encode(merged)) != known:
                    changed[activity] = told_now
        if changed:
            tx["activity"].bulk_write(
                [
                    ReplaceOne({"_id": activity}, {"definition": definition}, upsert=True)
                    for activity, definition in changed.items()
                ]
            )

    def _count(self, tx: Transaction, added: int) -> None:
        """Count what came in a minute, in a document that no other lane writes."""
        minute = tx.instant // MINUTE
        tx["arrival"].update_one(
            {"_id": f"{minute}.{tx.slot}"},
            {"$inc": {"n": added}, "$setOnInsert": {"minute": moment_of(minute * MINUTE)}},
            upsert=True,
        )

    def _rarest_first(self, terms: set[int]) -> list[int]:
        """Order terms by how many statements have them: the first one drives a query."""
        if len(terms) < 2:
            return list(terms)
        count = self._database["statement"].count_documents
        return sorted(terms, key=lambda term: count({"t": term}, limit=ESTIMATE_LIMIT))


class _Job:
    """A batch that waits to be stored; `settled` once it is known what came of it."""

    def __init__(
        self,
        source: int,
        batch: Sequence[NewStatement],
        before_commit: Callable[[], None] | None,
    ) -> None:
        self.source = source
        self.batch = batch
        self.before_commit = before_commit
        self.added = 0
        self.error: BaseException | None = None
        self.settled = False


def _document(seq: int, source: int, new: NewStatement) -> dict[str, Any]:
    document: dict[str, Any] = {
        "_id": new.id,
        "s": seq,
        "o": source,
        "t": sorted({term_of(key) for key in (*new.keys, f"source:{source}")}),
        "k": new.timestamp,
        "b": new.body,
    }
    if new.refers_to is not None:
        document |= {"r": new.refers_to, "x": new.voids, "l": False}
    if new.signature != "unsigned":
        document["g"] = new.signature
    return document


def _stored(found: Mapping[str, Any]) -> StoredStatement:
    stored = found.get("at", instant_at(found["s"]))
    return StoredStatement(
        seq=found["s"],
        id=found["_id"],
        stored=stored,
        source=found["o"],
        voided=found.get("v", False),
        body=with_times(found["b"], stored, timed=found["k"]),
        signature=found.get("g", "unsigned"),
    )
