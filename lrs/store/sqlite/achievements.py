"""Units and achievements in SQLite."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from lrs.store.achievements import DueEvaluation, Evaluation, NewClaim, UnitTaken
from lrs.store.sqlite.database import Database, Transaction
from lrs.store.sqlite.facts import note_fact
from lrs.store.sqlite.projections import mark_due_by_activity
from schemas.achievements import Achievement
from schemas.claims import claim_hash
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
            mark_due_by_activity(tx, unit.code, activities)
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

        A revoked achievement's claims that no receiver has seen are withdrawn. A mark set since
        the evaluation began stays.
        """

        def work(tx: Transaction) -> None:
            for evaluation in evaluations:
                achievement = evaluation.achievement
                if achievement is not None:
                    self._put(tx, achievement)
                    if achievement.state == "revoked":
                        self._withdraw_queued(tx, achievement.id)
                for claim in evaluation.claims:
                    self._queue(tx, claim)
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

    def _queue(self, tx: Transaction, claim: NewClaim) -> None:
        """The claim and its place in the outbox come with the achievement or not at all."""
        queued = tx.execute(
            "INSERT INTO claim (id, achievement, receiver, state, changed, payload) "
            "VALUES (?, ?, ?, 'queued', ?, ?) ON CONFLICT DO NOTHING",
            (
                claim.payload.outer_id,
                claim.achievement,
                claim.receiver,
                tx.instant,
                msgspec.json.encode(claim.payload),
            ),
        )
        if queued.rowcount:
            note_fact(
                tx,
                "claimed",
                claim.payload.outer_id,
                {
                    "achievement": claim.achievement,
                    "receiver": claim.receiver,
                    "claim_hash": claim_hash(claim.payload),
                },
            )
            tx.execute(
                "INSERT INTO outbox (claim, receiver, due) VALUES (?, ?, ?)",
                (claim.payload.outer_id, claim.receiver, tx.instant),
            )

    def _withdraw_queued(self, tx: Transaction, achievement: str) -> None:
        """Keep back what no receiver has seen yet."""
        rows = tx.execute(
            "UPDATE claim SET state = 'withdrawn', changed = ? "
            "WHERE achievement = ? AND state = 'queued' RETURNING id, receiver",
            (tx.instant, achievement),
        ).fetchall()
        for claim, receiver in rows:
            tx.execute("DELETE FROM outbox WHERE claim = ?", (claim,))
            note_fact(tx, "withdrawn", claim, {"achievement": achievement, "receiver": receiver})
