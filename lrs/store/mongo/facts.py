"""Facts and audit events in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from pymongo import DESCENDING, IndexModel

from lrs.store.mongo.database import MongoDatabase, Snapshot, Transaction, reported
from lrs.store.mongo.lanes import first_after
from schemas.audit import Act, AuditEvent
from schemas.facts import Fact, FactKind

INDEXES = {
    "fact": [
        IndexModel([("subject", 1), ("_id", 1)]),
        IndexModel([("at", 1), ("_id", 1)], partialFilterExpression={"kind": "claimed"}),
    ],
    "audit_event": [
        IndexModel([("persona", 1), ("_id", 1)]),
        IndexModel([("principal", 1), ("_id", 1)]),
    ],
}


def note_fact(tx: Transaction, kind: FactKind, subject: str, body: Mapping[str, Any]) -> None:
    """Write a fact with the change it tells of."""
    tx["fact"].insert_one(
        {
            "_id": tx.next_seq(),
            "at": tx.instant,
            "kind": kind,
            "subject": subject,
            "body": msgspec.json.encode(body),
        }
    )


def note_act(tx: Transaction, act: Act) -> None:
    """Write an audit event with the act it tells of."""
    tx["audit_event"].insert_one(
        {
            "_id": tx.next_seq(),
            "at": tx.instant,
            "principal": act.principal,
            "action": act.action,
            "subject": act.subject,
            "persona": act.persona,
            "reason": act.reason,
            "detail": msgspec.json.encode(act.detail),
        }
    )


def last_settled(database: MongoDatabase) -> int:
    """Return the seq of the last fact that none appears before any more, 0 where there is none."""
    with reported():
        settled = {"_id": {"$lt": first_after(database.lanes.through())}}
        found = database["fact"].find_one(settled, {"_id": 1}, sort=[("_id", DESCENDING)])
    return int(found["_id"]) if found else 0


def facts_between(
    within: MongoDatabase | Snapshot, after: int, through: int, limit: int
) -> list[Fact]:
    """Return up to `limit` facts after one seq and not after the other, oldest first."""
    found = within["fact"].find({"_id": {"$gt": after, "$lte": through}})
    return [_fact(one) for one in found.sort("_id").limit(limit)]


class MongoFacts:
    """Fulfils `lrs.store.facts.Facts`."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    def after(self, seq: int, limit: int) -> list[Fact]:
        """Return up to `limit` facts after the seq, oldest first; none appears later before it."""
        with reported():
            end = first_after(self._database.lanes.through())
            return facts_between(self._database, seq, end - 1, limit)

    def about(self, subject: str) -> list[Fact]:
        """Return the facts about one thing, oldest first."""
        with reported():
            found = self._database["fact"].find({"subject": subject}).sort("_id")
            return [_fact(one) for one in found]


class MongoAudit:
    """Fulfils `lrs.store.facts.Audit`."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    def note(self, act: Act) -> None:
        """Note an act that changes nothing in the store."""
        self._database.write(lambda tx: note_act(tx, act))

    def page(
        self,
        before: int | None,
        limit: int,
        *,
        persona: str | None = None,
        principal: str | None = None,
    ) -> list[AuditEvent]:
        """Return a page of events before the seq, newest first, of a persona or a principal."""
        where: dict[str, Any] = {}
        if before is not None:
            where["_id"] = {"$lt": before}
        if persona is not None:
            where["persona"] = persona
        if principal is not None:
            where["principal"] = principal
        with reported():
            found = self._database["audit_event"].find(where).sort("_id", DESCENDING).limit(limit)
            return [
                AuditEvent(
                    seq=one["_id"],
                    at=one["at"],
                    act=Act(
                        principal=one["principal"],
                        action=one["action"],
                        subject=one["subject"],
                        persona=one["persona"],
                        reason=one["reason"],
                        detail=msgspec.json.decode(one["detail"]),
                    ),
                )
                for one in found
            ]


def _fact(found: Mapping[str, Any]) -> Fact:
    return Fact(
        seq=found["_id"],
        at=found["at"],
        kind=found["kind"],
        subject=found["subject"],
        body=msgspec.json.decode(found["body"]),
    )
