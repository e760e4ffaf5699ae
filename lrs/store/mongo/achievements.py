"""Achievements and what officers decide in MongoDB."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
from pymongo import DESCENDING, IndexModel

from lrs.store.achievements import DueEvaluation, Evaluation, Ruling, fact_of
from lrs.store.mongo import due
from lrs.store.mongo.claims import queue_claim, withdraw_claims
from lrs.store.mongo.credentials import say_which_stand
from lrs.store.mongo.database import MongoDatabase, Transaction, reported
from lrs.store.mongo.facts import note_act, note_fact
from lrs.store.mongo.figures import count
from lrs.store.mongo.projections import epoch_lasts
from lrs.store.mongo.queries import beyond
from lrs.store.mongo.sharing import share
from schemas.achievements import Achievement, OfficerDecision

_WAITS = {"waiting": {"$exists": True}}

INDEXES = {
    "achievement": [
        IndexModel([("persona", 1), ("unit", 1), ("version", 1)], unique=True),
        IndexModel([("persona", 1), ("changed", 1), ("_id", 1)]),
        IndexModel([("changed", 1), ("_id", 1)]),
        IndexModel([("unit", 1), ("persona", 1)]),
        IndexModel([("sources", 1), ("_id", 1)]),
        IndexModel([("rested_on", 1)]),
        IndexModel([("waiting", 1), ("_id", 1)], partialFilterExpression=_WAITS),
        IndexModel([("unit", 1), ("waiting", 1), ("_id", 1)], partialFilterExpression=_WAITS),
    ],
    "officer_decision": [IndexModel([("achievement", 1), ("_id", 1)])],
}

_achievement = msgspec.json.Decoder(Achievement).decode


class MongoAchievements:
    """Fulfils `lrs.store.achievements.Achievements`."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    def due(self, limit: int) -> list[DueEvaluation]:
        """Return up to `limit` evaluations to be made, the oldest marks first."""
        return due.due(self._database, limit)

    def mark_achieved(self) -> None:
        """Mark every verified achievement to be looked at again (a receiver was added)."""
        self._mark_all({"state": "verified"})

    def mark_of_source(self, source: int) -> int:
        """Mark everything due whose evidence rests on the source, and return how much that is."""
        return self._mark_all({"sources": source})

    def mark_of_persona(self, persona: str) -> None:
        """Mark a persona due for every unit that it has an achievement of: it was merged or not."""
        self._database.write(lambda tx: due.mark_of_persona(tx, persona))

    def of_persona(self, persona: str, units: Collection[str] | None = None) -> list[Achievement]:
        """Return the achievements of a persona, of all units or of some, by unit and version."""
        where: dict[str, Any] = {"persona": persona}
        if units is not None:
            where["unit"] = {"$in": list(units)}
        with reported():
            found = self._database["achievement"].find(where).sort([("unit", 1), ("version", 1)])
            return [_achievement(one["body"]) for one in found]

    def of_unit(self, persona: str, unit: str) -> list[Achievement]:
        """Return a persona's achievements of all versions of a unit, the latest version last."""
        with reported():
            found = self._database["achievement"].find({"persona": persona, "unit": unit})
            return [_achievement(one["body"]) for one in found.sort("version")]

    def settle(self, evaluations: Sequence[Evaluation], epoch: int | None = None) -> bool:
        """Write what evaluations came to, whole; False, with nothing written, where `epoch` is
        over.

        The claims of an achievement that stands no more are withdrawn. A mark set since the
        evaluation began stays.
        """

        def work(tx: Transaction) -> bool:
            if epoch is not None and not epoch_lasts(tx, epoch):
                return False
            due.settled(tx, [evaluation.due for evaluation in evaluations])
            for evaluation in evaluations:
                changed = False
                for achievement in (evaluation.superseded, evaluation.achievement):
                    if achievement is not None:
                        changed |= self._put(tx, achievement)
                if evaluation.sources is not None and evaluation.achievement is not None:
                    tx["achievement"].update_one(
                        {"_id": evaluation.achievement.id},
                        {"$set": {"sources": sorted(evaluation.sources)}},
                    )
                for claim in evaluation.claims:
                    queue_claim(tx, claim)
                if changed:
                    persona = evaluation.due.persona
                    due.mark(tx, [(persona, unit) for unit in evaluation.dependents])
            due.put_off(
                tx,
                [
                    (evaluation.due.persona, evaluation.due.unit, evaluation.again_at)
                    for evaluation in evaluations
                    if evaluation.again_at is not None
                ],
            )
            return True

        return self._database.write(work)

    def achievement(self, achievement: str) -> Achievement | None:
        """Return the achievement."""
        with reported():
            found = self._database["achievement"].find_one({"_id": achievement})
        return _achievement(found["body"]) if found else None

    def page(
        self, after: tuple[int, str] | None, limit: int, persona: str | None = None
    ) -> list[tuple[int, Achievement]]:
        """Return a page with the instant (microseconds) of each one's last change, newest first."""
        where = beyond(("changed", "_id"), after, descending=True)
        if persona is not None:
            where["persona"] = persona
        with reported():
            found = self._database["achievement"].find(where)
            newest = found.sort([("changed", DESCENDING), ("_id", DESCENDING)]).limit(limit)
            return [(one["changed"], _achievement(one["body"])) for one in newest]

    def officer_queue(
        self, after: tuple[int, str] | None, limit: int, units: Collection[str] | None = None
    ) -> list[tuple[int, Achievement]]:
        """Return a page of those that wait for an officer, each with the instant since when, the
        longest first; of all units or of some.
        """
        where: dict[str, Any] = {"$and": [_WAITS, beyond(("waiting", "_id"), after)]}
        if units is not None:
            where["unit"] = {"$in": list(units)}
        with reported():
            found = self._database["achievement"].find(where)
            longest = found.sort([("waiting", 1), ("_id", 1)]).limit(limit)
            return [(one["waiting"], _achievement(one["body"])) for one in longest]

    def rule_on(self, ruling: Ruling) -> bool:
        """Write an officer's decision with the act; False, with nothing written, where the
        candidate is no longer what the officer saw.
        """
        seen, decision = ruling.candidate, ruling.decision

        def work(tx: Transaction) -> bool:
            held = tx["achievement"].find_one({"_id": seen.id, **_WAITS})
            if held is None or _achievement(held["body"]) != seen:
                return False
            # Written by each officer who decides: of two at the same time one is refused.
            tx["achievement"].update_one({"_id": seen.id}, {"$inc": {"turn": 1}})
            tx["officer_decision"].insert_one(
                {
                    "_id": tx.next_seq(),
                    **msgspec.to_builtins(decision),
                    "achievement": seen.id,
                    "at": tx.instant,
                }
            )
            self._put(tx, ruling.becomes)
            for claim in ruling.claims:
                queue_claim(tx, claim)
            due.mark(tx, [(seen.persona, unit) for unit in ruling.dependents])
            note_act(tx, ruling.act)
            return True

        return self._database.write(work)

    def decisions(self, achievement: str) -> list[OfficerDecision]:
        """Return what officers decided on an achievement, the earliest first."""
        with reported():
            found = self._database["officer_decision"].find({"achievement": achievement})
            return [msgspec.convert(one, OfficerDecision) for one in found.sort("_id")]

    def personas_concerned(
        self, unit: str, activities: Collection[str], units: Collection[str], after: str, limit: int
    ) -> list[str]:
        """Return up to `limit` ids of personas after `after`, in order, who have events of
        `activities`, achievements of `units` or one of the unit that stands.
        """
        found: list[str] = []
        last = False
        with self._database.snapshot() as snapshot:
            while not last and len(found) < limit:
                more, last = due.personas_concerned(
                    snapshot,
                    activities=activities,
                    achieved={*units, unit},
                    versions=("", ()),
                    after=found[-1] if found else after,
                    limit=limit,
                )
                found += more
        return found[:limit]

    def _mark_all(self, where: Mapping[str, Any]) -> int:
        sweep = self._database.write(lambda tx: due.sweep_achievements(tx, where))
        return due.carry_out(self._database, sweep)

    def _put(self, tx: Transaction, achievement: Achievement) -> bool:
        """Write an achievement with the fact of its change; tell whether it changed."""
        body = msgspec.json.encode(achievement)
        held = tx["achievement"].find_one({"_id": achievement.id}, {"state": 1, "body": 1})
        if held is not None and _achievement(held["body"]) == achievement:
            return False
        before = held["state"] if held else None
        fact = fact_of(achievement, before)
        if fact is not None:
            kind, told = fact
            note_fact(tx, kind, achievement.id, told)
        if held is not None:
            _count(tx, _achievement(held["body"]), -1)
        _count(tx, achievement, 1)
        waits = achievement.state == "candidate" and not achievement.asked
        placed: dict[str, Any] = {
            "persona": achievement.persona,
            "unit": achievement.unit,
            "version": achievement.version,
            "state": achievement.state,
            "changed": tx.instant,
            "body": body,
        }
        change = {
            "$set": placed | ({"waiting": tx.instant} if waits else {}),
            # Also what it rests on no more: the ledger holds what was.
            "$addToSet": {"rested_on": {"$each": sorted(achievement.all_evidence)}},
        }
        if not waits:
            change["$unset"] = {"waiting": ""}
        tx["achievement"].update_one({"_id": achievement.id}, change, upsert=True)
        share(tx, achievement)
        if "verified" in (before, achievement.state):
            say_which_stand(tx, achievement)
        if achievement.state != "verified":
            withdraw_claims(tx, achievement.id, achievement.reason or achievement.state)
        return True


def _count(tx: Transaction, achievement: Achievement, by: int) -> None:
    count(tx, "achievement", achievement.state, by)
    if achievement.state == "verified":
        count(tx, "verified_of_unit", achievement.unit, by)
        count(tx, "verified_in_month", achievement.achieved_at.strftime("%Y-%m"), by)
