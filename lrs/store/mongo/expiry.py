"""Classes of data in MongoDB: how what is older than a policy allows is found, and removed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from msgspec.structs import replace

from lrs.store.anonymous import is_tombstone
from lrs.store.erasure import NotErasable
from lrs.store.mongo.applying import event_id, place_of
from lrs.store.mongo.claims import remove
from lrs.store.mongo.database import Snapshot, Transaction
from lrs.store.mongo.erasure import MongoErasure
from lrs.store.mongo.imports import end_quarantine
from lrs.store.mongo.lanes import first_after
from lrs.store.mongo.merging import parts_of
from lrs.store.mongo.projections import touch_records
from lrs.store.mongo.queries import beyond, name_of
from lrs.store.mongo.tombstones import Keys, bury
from lrs.store.records import RecordKey
from lrs.store.retention import KEPT_ACTS, WAITING_RECORDS, Expiring
from schemas.audit import Act
from schemas.imports import Correction


class Retained(Protocol):
    """One class of data."""

    def look(self, read: Snapshot, before: int, place: str | None, limit: int) -> Expiring:
        """As `lrs.store.retention.Retention.look`."""
        ...

    def drop(self, tx: Transaction, items: Sequence[str]) -> None:
        """Remove what was found in the same transaction."""
        ...


class Documents:
    """xAPI documents, by when they were last changed."""

    def look(self, read: Snapshot, before: int, place: str | None, limit: int) -> Expiring:
        """Find documents that are too old, the oldest first."""
        after = None
        if place is not None:
            updated, name = json.loads(place)
            after = (updated, bytes.fromhex(name))
        where = {"$and": [{"updated": {"$lt": before}}, beyond(("updated", "_id"), after)]}
        found = read["document"].find(where, {"updated": 1})
        rows = list(found.sort([("updated", 1), ("_id", 1)]).limit(limit))
        last = [(one["updated"], one["_id"].hex()) for one in rows[limit - 1 :]]
        return Expiring(
            items=tuple(one["_id"].hex() for one in rows),
            place=json.dumps(last[0]) if last else None,
        )

    def drop(self, tx: Transaction, items: Sequence[str]) -> None:
        """Delete the documents with their parts."""
        ids = [bytes.fromhex(one) for one in items]
        tx["document_part"].delete_many({"_id.of": {"$in": ids}})
        tx["document"].delete_many({"_id": {"$in": ids}})


class WebhookDeliveries:
    """Notifications that were parked, by when they were queued."""

    def look(self, read: Snapshot, before: int, place: str | None, limit: int) -> Expiring:
        """Find notifications that are too old, the oldest first."""
        where = {"parked": True, "kind": "notify", "_id": {"$gt": int(place or 0)}}
        found = read["outbox"].find({**where, "queued": {"$lt": before}}, {"_id": 1})
        rows = [one["_id"] for one in found.sort("_id").limit(limit)]
        return Expiring(
            items=tuple(map(str, rows)), place=str(rows[-1]) if len(rows) == limit else None
        )

    def drop(self, tx: Transaction, items: Sequence[str]) -> None:
        """Take them out of the outbox."""
        remove(tx, {"_id": {"$in": [int(one) for one in items]}})


class Sessions:
    """Sessions of browsers, by when they were last used."""

    def look(self, read: Snapshot, before: int, place: str | None, limit: int) -> Expiring:
        """Find sessions that were not used for too long."""
        after = None if place is None else bytes.fromhex(place)
        where: dict[str, Any] = {"used": {"$lt": before}}
        if after is not None:
            where["_id"] = {"$gt": after}
        found = read["session"].find(where, {"_id": 1}).sort("_id").limit(limit)
        rows = [one["_id"].hex() for one in found]
        return Expiring(items=tuple(rows), place=rows[-1] if len(rows) == limit else None)

    def drop(self, tx: Transaction, items: Sequence[str]) -> None:
        """End the sessions."""
        tx["session"].delete_many({"_id": {"$in": [bytes.fromhex(one) for one in items]}})


class AuditEvents:
    """Audit events; their order is that of their times."""

    def look(self, read: Snapshot, before: int, place: str | None, limit: int) -> Expiring:
        """Find events that are too old and may go."""
        where = {"_id": {"$gt": int(place or 0)}, "at": {"$lt": before}}
        old = list(read["audit_event"].find(where, {"action": 1}).sort("_id").limit(limit))
        going = [str(one["_id"]) for one in old if not one["action"].startswith(KEPT_ACTS)]
        return Expiring(
            items=tuple(going),
            kept=len(old) - len(going),
            place=str(old[-1]["_id"]) if len(old) == limit else None,
        )

    def drop(self, tx: Transaction, items: Sequence[str]) -> None:
        """Delete the events."""
        tx["audit_event"].delete_many({"_id": {"$in": [int(one) for one in items]}})


class ImportRows:
    """What rows of files said that were not taken as they were, once their import has ended."""

    def look(self, read: Snapshot, before: int, place: str | None, limit: int) -> Expiring:
        """Find rows of one import, the oldest with any first."""
        created, import_id, number = json.loads(place) if place else (-1, "", -1)
        where = {
            "created": {"$gte": created, "$lt": before},
            "$or": [{"created": {"$gt": created}}, {"_id": {"$gte": import_id}}],
        }
        found = read["import"].find_one(where, sort=[("created", 1), ("_id", 1)])
        if found is None:
            return Expiring(items=())
        if found["_id"] != import_id:
            number = -1
        rows: list[int] = []
        if found["state"] in ("done", "failed"):
            told = read["import_row"].find(
                {
                    "import": found["_id"],
                    "number": {"$gt": number},
                    "body": {"$ne": None},
                    "state": {"$ne": "quarantined"},
                },
                {"number": 1},
            )
            rows = [one["number"] for one in told.sort("number").limit(limit)]
        on = [found["created"], f"{found['_id']}\0", -1]
        then = on if len(rows) < limit else [found["created"], found["_id"], rows[-1]]
        return Expiring(
            items=tuple(f"{found['_id']}/{row}" for row in rows), place=json.dumps(then)
        )

    def drop(self, tx: Transaction, items: Sequence[str]) -> None:
        """Forget what the rows said; which statements they gave stays."""
        tx["import_row"].update_many({"_id": {"$in": _rows(items)}}, {"$set": {"body": None}})


class Quarantine:
    """Rows that waited too long for a person."""

    def look(self, read: Snapshot, before: int, place: str | None, limit: int) -> Expiring:
        """Find rows whose file was handed in too long ago."""
        after = json.loads(place) if place else None
        where = {"$and": [{"state": "quarantined"}, beyond(("import", "number"), after)]}
        found = read["import_row"].find(where, {"import": 1, "number": 1})
        rows = list(found.sort([("import", 1), ("number", 1)]).limit(limit))
        of = {"_id": {"$in": [one["import"] for one in rows]}, "created": {"$lt": before}}
        old = {one["_id"] for one in read["import"].find(of, {"_id": 1})}
        last = [(one["import"], one["number"]) for one in rows[limit - 1 :]]
        return Expiring(
            items=tuple(f"{one['import']}/{one['number']}" for one in rows if one["import"] in old),
            place=json.dumps(last[0]) if last else None,
        )

    def drop(self, tx: Transaction, items: Sequence[str]) -> None:
        """End the rows' quarantine with nothing stored and nothing left of what they said."""
        end = Correction(by="retention", reason="kept in quarantine for as long as the policy says")
        for found in list(tx["import_row"].find({"_id": {"$in": _rows(items)}})):
            end_quarantine(tx, found, replace(end, at=tx.instant))


class Statements:
    """Statements, by when they were stored. `keys` gives the search keys of a body."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def look(self, read: Snapshot, before: int, place: str | None, limit: int) -> Expiring:
        """Find statements that nothing rests on; those that are gone already are passed over."""
        where = {"s": {"$gt": int(place or 0), "$lt": _first_not_before(before)}}
        rows = list(read["statement"].find(where, {"s": 1, "b": 1}).sort("s").limit(limit))
        old = {one["s"] for one in rows if not is_tombstone(one["b"])}
        kept = resting(read, old)
        return Expiring(
            items=tuple(str(seq) for seq in sorted(old - kept)),
            kept=len(kept),
            place=str(rows[-1]["s"]) if len(rows) == limit else None,
        )

    def drop(self, tx: Transaction, items: Sequence[str]) -> None:
        """Put tombstones in their places, and have their records made without them."""
        seqs = [int(one) for one in items]
        found = list(tx["statement"].find({"s": {"$in": seqs}}))
        bury(tx, found, self._keys, "expired", "expired")
        keys = set()
        for generation in tx["generation"].find({}, {"_id": 1}):
            events = list(_events(tx, generation["_id"], seqs))
            keys |= {
                RecordKey(one["persona"], one["activity"], one["registration"]) for one in events
            }
            tx["event"].delete_many({"_id": {"$in": [one["_id"] for one in events]}})
        touch_records(tx, keys)


class InactivePersonas:
    """Personas of whom nothing was stored for long and who hold nothing here."""

    def __init__(self, erasure: MongoErasure) -> None:
        self._erasure = erasure

    def look(self, read: Snapshot, before: int, place: str | None, limit: int) -> Expiring:
        """Find personas with events, all of them old, without what `_holds` names."""
        where = {"_id": {"$gt": place or ""}, "merged_into": None}
        found = read["persona"].find(where, {"_id": 1}).sort("_id").limit(limit)
        rows = [one["_id"] for one in found]
        end = _first_not_before(before)
        old = [one for one in rows if _all_before(read, one, end)]
        going = [one for one in old if not _holds(read, one)]
        return Expiring(
            items=tuple(going),
            kept=len(old) - len(going),
            place=rows[-1] if len(rows) == limit else None,
        )

    def erase_next(
        self, tx: Transaction, before: int, place: str | None, limit: int, act: Act
    ) -> tuple[Expiring, tuple[str, ...]]:
        """Erase the next one, as `lrs erase` does; return what its statements had attached, too."""
        found = self.look(tx, before, place, limit)
        if not found.items:
            return found, ()
        persona = found.items[0]
        why = replace(act, action="persona.erase", subject=persona)
        try:
            attachments = self._erasure.erase_within(tx, persona, why).attachments
        except NotErasable:
            return Expiring(items=(), kept=1, place=persona), ()
        return Expiring(items=(persona,), place=persona), attachments


def too_much_waits(tx: Transaction) -> bool:
    """Tell whether more records wait to be made anew than should."""
    return bool(tx["rework"].count_documents({}, limit=WAITING_RECORDS + 1) > WAITING_RECORDS)


def resting(read: Snapshot, seqs: Collection[int]) -> set[int]:
    """Return which of the statements something rests on: those that void, evidence, and the other
    statements of the records that evidence is in; and those that records do not know yet.
    """
    wanted = sorted(seqs)
    serving = read["generation"].find_one({"state": "serving"})
    found = {seq for seq in seqs if seq > serving["seq"]}
    ids: dict[bytes, int] = {}
    for one in read["statement"].find({"s": {"$in": wanted}}, {"s": 1, "x": 1}):
        ids[one["_id"]] = one["s"]
        if one.get("x"):
            found.add(one["s"])
    found |= {ids[one] for one in _evidence(read, ids)}
    keys: dict[tuple[str, str], set[int]] = {}
    for event in _events(read, serving["_id"], wanted):
        keys.setdefault((event["persona"], event["activity"]), set()).add(place_of(event)[0])
    for (persona, activity), of in keys.items():
        if not of <= found and _rested_on(read, serving["_id"], persona, activity):
            found |= of
    return found


def _evidence(read: Snapshot, ids: Iterable[bytes]) -> set[bytes]:
    """Return which of the statements an achievement rests on, or ever did."""
    by_name = {str(uuid.UUID(bytes=one)): one for one in ids}
    found = read["achievement"].find({"rested_on": {"$in": list(by_name)}}, {"rested_on": 1})
    rested_on = {one for achievement in found for one in achievement["rested_on"]}
    return {by_name[one] for one in rested_on.intersection(by_name)}


def _rested_on(read: Snapshot, generation: int, persona: str, activity: str) -> bool:
    """Tell whether evidence is among a persona's events of an activity, or may become so."""
    if read["due_evaluation"].find_one({"persona": persona}, {"_id": 1}) is not None:
        return True
    events = read["event"].find(
        {"generation": generation, "persona": persona, "activity": activity}, {"_id": 1}
    )
    seqs = sorted({place_of(one)[0] for one in events})
    statements = read["statement"].find({"s": {"$in": seqs}}, {"_id": 1})
    return bool(_evidence(read, (one["_id"] for one in statements)))


def _events(read: Snapshot, generation: int, seqs: Sequence[int]) -> Iterable[Mapping[str, Any]]:
    """Return the events of a generation that were taken from statements."""
    ranges = [
        {"_id": {"$gte": event_id(generation, seq, 0), "$lt": event_id(generation, seq + 1, 0)}}
        for seq in seqs
    ]
    if not ranges:
        return []
    shown = {"persona": 1, "activity": 1, "registration": 1}
    found: Iterable[Mapping[str, Any]] = read["event"].find({"$or": ranges}, shown)
    return found


def _all_before(read: Snapshot, persona: str, end: int) -> bool:
    """Tell whether there are events of a persona and all of statements before a place."""
    serving = read["generation"].find_one({"state": "serving"})
    events = read["event"].find({"generation": serving["_id"], "persona": persona}, {"_id": 1})
    newest = max((place_of(one)[0] for one in events), default=None)
    return newest is not None and newest < end <= serving["seq"] + 1


def _holds(read: Snapshot, persona: str) -> bool:
    """Tell whether a persona, or one merged into it, holds an achievement, is awaited for one, is
    employed, or has an account.
    """
    among = {"$in": parts_of(read, [persona])[persona]}
    held = (
        ("achievement", {"persona": among}),
        ("due_evaluation", {"persona": among}),
        ("employment", {"base": among}),
        ("view", {"persona": among, "employment": {"$ne": None}}),
        ("person", {"persona": among}),
    )
    return any(read[name].find_one(where, {"_id": 1}) is not None for name, where in held)


def _first_not_before(before: int) -> int:
    """Return the lowest position that is not before an instant."""
    return first_after(before - 1)


def _rows(items: Iterable[str]) -> list[bytes]:
    split = [one.rpartition("/") for one in items]
    return [name_of(import_id, number) for import_id, _, number in split]
