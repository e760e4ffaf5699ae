"""Links to hosts of Open Badges in MongoDB."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from pymongo import DESCENDING, IndexModel

from lrs.store.badge_links import HOST
from lrs.store.mongo.claims import Queued, enqueue, put_destination, remove
from lrs.store.mongo.database import MongoDatabase, Transaction, reported
from lrs.store.mongo.facts import facts_between, last_settled, note_act
from schemas.audit import Act
from schemas.badge_links import BadgeLink

INDEXES = {
    "badge_host": [],
    "badge_link": [
        IndexModel([("persona", 1), ("asked_at", 1)]),
        IndexModel(
            [("state_hash", 1)],
            unique=True,
            partialFilterExpression={"state_hash": {"$exists": True}},
        ),
    ],
    "badge_place": [],
}

_OPEN = {"secret": "", "state_hash": ""}
"""What a link has only while it is under way."""


class MongoBadgeLinks:
    """Fulfils `lrs.store.badge_links.BadgeLinks`.

    What was achieved before the learner agreed is queued with that, what is later by `fan_out`.
    Which is which rests on what both read, therefore both write the place that facts were told to.
    """

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    def account(self, host: str) -> bytes | None:
        """Return our sealed account at a host."""
        with reported():
            found = self._database["badge_host"].find_one({"_id": host})
        return found["account"] if found else None

    def keep_account(self, host: str, sealed: bytes) -> bytes:
        """Keep our account at a host unless there is one; return the one that stands."""

        def work(tx: Transaction) -> bytes:
            found = tx["badge_host"].find_one({"_id": host})
            if found is None:
                tx["badge_host"].insert_one({"_id": host, "account": sealed})
                return sealed
            kept: bytes = found["account"]
            return kept

        return self._database.write(work)

    def ask(self, link: BadgeLink, state_hash: bytes, sealed: bytes, act: Act) -> None:
        """Keep a link that was asked for, under the hash of the state that comes back."""

        def work(tx: Transaction) -> None:
            asked = {**msgspec.to_builtins(link), "state": "asked"}
            asked["_id"] = asked.pop("id")
            tx["badge_link"].insert_one({**asked, "state_hash": state_hash, "secret": sealed})
            note_act(tx, act)

        self._database.write(work)

    def answered(self, state_hash: bytes) -> tuple[BadgeLink, bytes] | None:
        """Return the link asked for under a state and what was sealed with it, once only."""

        def work(tx: Transaction) -> tuple[BadgeLink, bytes] | None:
            found = tx["badge_link"].find_one_and_update(
                {"state_hash": state_hash, "state": "asked"}, {"$unset": _OPEN}
            )
            return (_link(found), found["secret"]) if found else None

        return self._database.write(work)

    def agree(self, link: str, sealed: bytes, act: Act) -> None:
        """Mark the link as agreed and queue all that the learner has achieved so far."""

        def work(tx: Transaction) -> None:
            found = tx["badge_link"].find_one_and_update(
                {"_id": link}, {"$set": {"state": "agreed", "secret": sealed}}
            )
            put_destination(tx, HOST + link, 0)
            tx["badge_place"].update_one({"_id": "place"}, {"$inc": {"turn": 1}}, upsert=True)
            if found is not None:
                verified = {"persona": found["persona"], "state": "verified"}
                achieved = tx["achievement"].find(verified, {"_id": 1}).sort("_id")
                _queue(tx, link, [one["_id"] for one in achieved])
            note_act(tx, act)

        self._database.write(work)

    def secret(self, link: str) -> bytes | None:
        """Return the sealed tokens of an agreed link."""
        with reported():
            found = self._database["badge_link"].find_one({"_id": link, "state": "agreed"})
        return found["secret"] if found else None

    def set_secret(self, link: str, sealed: bytes) -> None:
        """Keep other tokens for an agreed link."""
        self._database.write(
            lambda tx: tx["badge_link"].update_one(
                {"_id": link, "state": "agreed"}, {"$set": {"secret": sealed}}
            )
        )

    def end(self, link: str, reason: str, act: Act | None = None) -> bool:
        """End a link: its secrets go, nothing more is brought. False where it had ended."""

        def work(tx: Transaction) -> bool:
            ended = tx["badge_link"].update_one(
                {"_id": link, "state": {"$ne": "ended"}},
                {"$set": {"state": "ended", "reason": reason}, "$unset": _OPEN},
            )
            remove(tx, {"destination": HOST + link})
            tx["destination"].delete_one({"_id": HOST + link})
            if ended.matched_count and act is not None:
                note_act(tx, act)
            return bool(ended.matched_count)

        return self._database.write(work)

    def link(self, link: str) -> BadgeLink | None:
        """Return the link."""
        with reported():
            found = self._database["badge_link"].find_one({"_id": link})
        return _link(found) if found else None

    def of_persona(self, persona: str) -> list[BadgeLink]:
        """Return a persona's links, the latest first."""
        with reported():
            found = self._database["badge_link"].find({"persona": persona})
            return [_link(one) for one in found.sort("asked_at", DESCENDING)]

    def fan_out(self, limit: int) -> bool:
        """Queue what up to `limit` facts say was verified, over each link of the learner, once."""
        through = last_settled(self._database)
        with reported():
            told = self._database["badge_place"].find_one({"_id": "place"})
        if _place(told) >= through:
            return False

        def work(tx: Transaction) -> None:
            place = _place(tx["badge_place"].find_one({"_id": "place"}))
            facts = facts_between(tx, place, through, limit)
            if not facts:
                return
            verified = [fact.subject for fact in facts if fact.kind == "verified"]
            for link, achievements in _over_links(tx, verified).items():
                # Written so that it cannot end meanwhile with something of it in the outbox.
                tx["badge_link"].update_one({"_id": link}, {"$inc": {"turn": 1}})
                _queue(tx, link, achievements)
            tx["badge_place"].update_one(
                {"_id": "place"}, {"$set": {"place": facts[-1].seq}}, upsert=True
            )

        self._database.write(work)
        return True


def _place(found: Mapping[str, Any] | None) -> int:
    """Return the seq of the fact up to which what was verified is queued for hosts."""
    return int(found.get("place", 0)) if found else 0


def _over_links(tx: Transaction, achievements: Iterable[str]) -> dict[str, list[str]]:
    """Return by link which of the achievements are to be brought over it, in their order."""
    wanted = list(dict.fromkeys(achievements))
    found = tx["achievement"].find({"_id": {"$in": wanted}}, {"persona": 1})
    personas = {one["_id"]: one["persona"] for one in found}
    where = {"persona": {"$in": list(set(personas.values()))}, "state": "agreed"}
    links: defaultdict[str, list[str]] = defaultdict(list)
    for one in tx["badge_link"].find(where, {"persona": 1}).sort("_id"):
        links[one["persona"]].append(one["_id"])
    over: defaultdict[str, list[str]] = defaultdict(list)
    for achievement in wanted:
        for link in links.get(personas.get(achievement, ""), ()):
            over[link].append(achievement)
    return over


def _queue(tx: Transaction, link: str, achievements: Iterable[str]) -> None:
    """Have achievements brought over a link, but what waits for that already."""
    lines = {f"{link} {achievement}": achievement for achievement in achievements}
    waiting = tx["outbox"].find(
        {"destination": HOST + link, "line": {"$in": list(lines)}}, {"line": 1}
    )
    held = {one["line"] for one in waiting}
    enqueue(
        tx,
        HOST + link,
        [
            Queued("present", achievement, line)
            for line, achievement in lines.items()
            if line not in held
        ],
    )


def _link(found: Mapping[str, Any]) -> BadgeLink:
    return msgspec.convert({**found, "id": found["_id"]}, BadgeLink)
