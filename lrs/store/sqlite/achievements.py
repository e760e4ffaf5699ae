"""Units and achievements in SQLite."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

import msgspec

from lrs.store.achievements import DueEvaluation, Evaluation, UnitTaken
from lrs.store.sqlite.claims import queue_claim, queue_lookup, withdraw_claims
from lrs.store.sqlite.database import Database, Transaction
from lrs.store.sqlite.facts import note_fact
from schemas.achievements import Achievement
from schemas.units import Unit, unit_hash

_unit = msgspec.json.Decoder(Unit).decode
_achievement = msgspec.json.Decoder(Achievement).decode


class SqliteUnits:
    """Fulfils `lrs.store.achievements.Units`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def publish(self, unit: Unit, activities: Collection[str]) -> bool:
        """Publish a unit's version and mark all personas with events of `activities` as due.

        Returns False where the same version is published already. Raises UnitTaken.
        """
        wanted = json.dumps(sorted(activities))

        def work(tx: Transaction) -> bool:
            kept = tx.execute(
                "SELECT body FROM unit WHERE code = ? AND version = ?", (unit.code, unit.version)
            ).fetchone()
            if kept is not None:
                if _unit(kept[0]) != unit:
                    raise UnitTaken(unit)
                return False
            tx.execute(
                "INSERT INTO unit (code, version, published, body) VALUES (?, ?, ?, ?)",
                (unit.code, unit.version, tx.instant, msgspec.json.encode(unit)),
            )
            note_fact(
                tx,
                "published",
                f"{unit.code}/{unit.version}",
                {"unit": unit.code, "version": unit.version, "hash": unit_hash(unit)},
            )
            tx.execute(
                "INSERT INTO due_evaluation (persona, unit, marked) "
                "SELECT persona, ?1, ?2 FROM event "
                "WHERE activity IN (SELECT value FROM json_each(?3)) UNION "
                "SELECT persona, ?1, ?2 FROM event "
                "WHERE course IN (SELECT value FROM json_each(?3)) "
                "ON CONFLICT DO UPDATE SET marked = excluded.marked",
                (unit.code, tx.instant, wanted),
            )
            return True

        return self._database.write(work)

    def all(self) -> list[Unit]:
        """Return every version of every unit, by code and version."""
        rows = self._database.read().execute("SELECT body FROM unit ORDER BY code, version")
        return [_unit(row[0]) for row in rows]


class SqliteAchievements:
    """Fulfils `lrs.store.achievements.Achievements`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self, limit: int) -> list[DueEvaluation]:
        """Return up to `limit` evaluations to be made, the oldest marks first."""
        rows = self._database.read().execute(
            "SELECT persona, unit, marked FROM due_evaluation WHERE marked <= ? "
            "ORDER BY marked LIMIT ?",
            (self._database.now(), limit),
        )
        return [DueEvaluation(*row) for row in rows]

    def mark_achieved(self) -> None:
        """Mark every verified achievement to be looked at again (a receiver was added)."""
        self._database.write(
            lambda tx: tx.execute(
                "INSERT INTO due_evaluation (persona, unit, marked) "
                "SELECT persona, unit, ? FROM achievement WHERE state = 'verified' "
                "ON CONFLICT DO UPDATE SET marked = excluded.marked",
                (tx.instant,),
            )
        )

    def of_unit(self, persona: str, unit: str) -> list[Achievement]:
        """Return a persona's achievements of all versions of a unit, the latest version last."""
        rows = self._database.read().execute(
            "SELECT body FROM achievement WHERE persona = ? AND unit = ? ORDER BY version",
            (persona, unit),
        )
        return [_achievement(row[0]) for row in rows]

    def settle(self, evaluations: Sequence[Evaluation]) -> None:
        """Write what evaluations came to, whole.

        A revoked achievement's claims are withdrawn, at their receivers too. A mark set since
        the evaluation began stays.
        """

        def work(tx: Transaction) -> None:
            for evaluation in evaluations:
                achievement = evaluation.achievement
                if achievement is not None:
                    self._put(tx, achievement)
                    if achievement.state == "revoked":
                        withdraw_claims(tx, achievement.id, "the achievement was revoked")
                for claim in evaluation.claims:
                    queue_claim(tx, claim)
                for receiver in evaluation.unknown_at:
                    queue_lookup(tx, receiver, evaluation.due.persona)
            tx.executemany(
                "DELETE FROM due_evaluation WHERE persona = ? AND unit = ? AND marked = ?",
                [evaluation.due for evaluation in evaluations],
            )
            tx.executemany(
                "INSERT INTO due_evaluation (persona, unit, marked) VALUES (?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                [
                    (evaluation.due.persona, evaluation.due.unit, evaluation.again_at)
                    for evaluation in evaluations
                    if evaluation.again_at is not None
                ],
            )

        self._database.write(work)

    def achievement(self, achievement: str) -> Achievement | None:
        """Return the achievement."""
        row = (
            self._database.read()
            .execute("SELECT body FROM achievement WHERE id = ?", (achievement,))
            .fetchone()
        )
        return _achievement(row[0]) if row else None

    def page(
        self, after: tuple[int, str] | None, limit: int, persona: str | None = None
    ) -> list[tuple[int, Achievement]]:
        """Return a page with the instant (microseconds) of each one's last change, newest first."""
        where: list[str] = []
        values: list[str | int] = []
        if after is not None:
            where.append("(changed, id) < (?, ?)")
            values += list(after)
        if persona is not None:
            where.append("persona = ?")
            values.append(persona)
        sql = "SELECT changed, body FROM achievement"
        if where:
            sql += " WHERE " + " AND ".join(where)
        rows = self._database.read().execute(
            f"{sql} ORDER BY changed DESC, id DESC LIMIT ?", (*values, limit)
        )
        return [(changed, _achievement(body)) for changed, body in rows]

    def _put(self, tx: Transaction, achievement: Achievement) -> None:
        body = msgspec.json.encode(achievement)
        held = tx.execute("SELECT body FROM achievement WHERE id = ?", (achievement.id,)).fetchone()
        if held is not None and held[0] == body:
            return
        if achievement.state != "candidate":
            note_fact(tx, achievement.state, achievement.id, msgspec.to_builtins(achievement))
        tx.execute(
            "INSERT INTO achievement (id, persona, unit, version, state, changed, body) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
            "state = excluded.state, changed = excluded.changed, body = excluded.body",
            (
                achievement.id,
                achievement.persona,
                achievement.unit,
                achievement.version,
                achievement.state,
                tx.instant,
                body,
            ),
        )
