"""Achievements and what officers decide in SQLite."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

import msgspec

from lrs.store.achievements import DueEvaluation, Evaluation, Ruling, fact_of
from lrs.store.sqlite.claims import queue_claim, withdraw_claims
from lrs.store.sqlite.database import Database, Transaction
from lrs.store.sqlite.due import mark_due
from lrs.store.sqlite.facts import note_act, note_fact
from lrs.store.sqlite.projections import epoch_lasts
from lrs.store.sqlite.records import SERVING
from lrs.store.sqlite.sharing import share
from schemas.achievements import Achievement, OfficerDecision

_achievement = msgspec.json.Decoder(Achievement).decode


class SqliteAchievements:
    """Fulfils `lrs.store.achievements.Achievements`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self, limit: int) -> list[DueEvaluation]:
        """Return up to `limit` evaluations to be made: all of the persona with the oldest mark,
        then all of the next one.
        """
        now, read = self._database.now(), self._database.read()
        oldest = read.execute(
            "SELECT persona FROM due_evaluation WHERE marked <= ? ORDER BY marked LIMIT ?",
            (now, limit),
        ).fetchall()
        found: list[DueEvaluation] = []
        for (persona,) in dict.fromkeys(oldest):
            rows = read.execute(
                "SELECT persona, unit, marked FROM due_evaluation WHERE persona = ? "
                "AND marked <= ? ORDER BY marked, unit LIMIT ?",
                (persona, now, limit - len(found)),
            )
            found += [DueEvaluation(*row) for row in rows]
            if len(found) == limit:
                break
        return found

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

    def mark_of_source(self, source: int) -> int:
        """Mark everything due whose evidence rests on the source, and return how much that is."""
        return self._database.write(lambda tx: mark_of_source(tx, source))

    def mark_of_persona(self, persona: str) -> None:
        """Mark a persona due for every unit that it has an achievement of: it was merged or not."""
        self._database.write(
            lambda tx: tx.execute(
                "INSERT INTO due_evaluation (persona, unit, marked) "
                "SELECT DISTINCT persona, unit, ? FROM achievement WHERE persona = ? "
                "ON CONFLICT DO UPDATE SET marked = excluded.marked",
                (tx.instant, persona),
            )
        )

    def of_persona(self, persona: str, units: Collection[str] | None = None) -> list[Achievement]:
        """Return the achievements of a persona, of all units or of some, by unit and version."""
        of_units, values = "", [persona]
        if units is not None:
            of_units = "AND unit IN (SELECT value FROM json_each(?)) "
            values.append(json.dumps(sorted(units)))
        rows = self._database.read().execute(
            f"SELECT body FROM achievement WHERE persona = ? {of_units}"  # noqa: S608
            "ORDER BY unit, version",
            values,
        )
        return [_achievement(row[0]) for row in rows]

    def of_unit(self, persona: str, unit: str) -> list[Achievement]:
        """Return a persona's achievements of all versions of a unit, the latest version last."""
        rows = self._database.read().execute(
            "SELECT body FROM achievement WHERE persona = ? AND unit = ? ORDER BY version",
            (persona, unit),
        )
        return [_achievement(row[0]) for row in rows]

    def settle(self, evaluations: Sequence[Evaluation], epoch: int | None = None) -> bool:
        """Write what evaluations came to, whole; False, with nothing written, where `epoch` is
        over.

        The claims of an achievement that stands no more are withdrawn. A mark set since the
        evaluation began stays.
        """

        def work(tx: Transaction) -> bool:
            if epoch is not None and not epoch_lasts(tx, epoch):
                return False
            tx.executemany(
                "DELETE FROM due_evaluation WHERE persona = ? AND unit = ? AND marked = ?",
                [evaluation.due for evaluation in evaluations],
            )
            for evaluation in evaluations:
                changed = False
                for achievement in (evaluation.superseded, evaluation.achievement):
                    if achievement is not None:
                        changed |= self._put(tx, achievement)
                if evaluation.sources is not None and evaluation.achievement is not None:
                    self._put_sources(tx, evaluation.achievement.id, evaluation.sources)
                for claim in evaluation.claims:
                    queue_claim(tx, claim)
                if changed:
                    mark_due(tx, [(evaluation.due.persona, unit) for unit in evaluation.dependents])
            tx.executemany(
                "INSERT INTO due_evaluation (persona, unit, marked) VALUES (?, ?, ?) "
                "ON CONFLICT DO NOTHING",
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

    def officer_queue(
        self, after: tuple[int, str] | None, limit: int, units: Collection[str] | None = None
    ) -> list[tuple[int, Achievement]]:
        """Return a page of those that wait for an officer, each with the instant since when, the
        longest first; of all units or of some.
        """
        of_units, values = "", [*(after or (0, ""))]
        if units is not None:
            of_units = "AND unit IN (SELECT value FROM json_each(?)) "
            values.append(json.dumps(sorted(units)))
        rows = self._database.read().execute(
            "SELECT waiting, body FROM achievement WHERE waiting IS NOT NULL "  # noqa: S608
            f"AND (waiting, id) > (?, ?) {of_units}ORDER BY waiting, id LIMIT ?",
            (*values, limit),
        )
        return [(waiting, _achievement(body)) for waiting, body in rows]

    def rule_on(self, ruling: Ruling) -> bool:
        """Write an officer's decision with the act; False, with nothing written, where the
        candidate is no longer what the officer saw.
        """
        seen, decision = ruling.candidate, ruling.decision

        def work(tx: Transaction) -> bool:
            held = tx.execute(
                "SELECT body FROM achievement WHERE id = ? AND waiting IS NOT NULL", (seen.id,)
            ).fetchone()
            if held is None or _achievement(held[0]) != seen:
                return False
            tx.execute(
                "INSERT INTO officer_decision "
                "(achievement, at, principal, verdict, reason, evidence_hash) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (
                    seen.id,
                    tx.instant,
                    decision.principal,
                    decision.verdict,
                    decision.reason,
                    decision.evidence_hash,
                ),
            )
            self._put(tx, ruling.becomes)
            for claim in ruling.claims:
                queue_claim(tx, claim)
            mark_due(tx, [(seen.persona, unit) for unit in ruling.dependents])
            note_act(tx, ruling.act)
            return True

        return self._database.write(work)

    def decisions(self, achievement: str) -> list[OfficerDecision]:
        """Return what officers decided on an achievement, the earliest first."""
        rows = self._database.read().execute(
            "SELECT achievement, at, principal, verdict, reason, evidence_hash "
            "FROM officer_decision WHERE achievement = ? ORDER BY seq",
            (achievement,),
        )
        return [
            OfficerDecision(
                achievement=row[0],
                at=row[1],
                principal=row[2],
                verdict=row[3],
                reason=row[4],
                evidence_hash=row[5],
            )
            for row in rows
        ]

    def personas_concerned(
        self, unit: str, activities: Collection[str], units: Collection[str], after: str, limit: int
    ) -> list[str]:
        """Return up to `limit` ids of personas after `after`, in order, who have events of
        `activities`, achievements of `units` or one of the unit that stands.
        """
        read = [
            *((f"record WHERE {SERVING} AND activity = ?", one) for one in activities),
            *((f"belonging WHERE {SERVING} AND whole = ?", one) for one in activities),
            *(("achievement WHERE unit = ?", one) for one in (*units, unit)),
        ]
        found: set[str] = set()
        for table, value in read:
            rows = self._database.read().execute(
                f"SELECT DISTINCT persona FROM {table} "  # noqa: S608
                "AND persona > ? ORDER BY persona LIMIT ?",
                (value, after, limit),
            )
            found.update(row[0] for row in rows)
        return sorted(found)[:limit]

    def _put(self, tx: Transaction, achievement: Achievement) -> bool:
        """Write an achievement with the fact of its change; tell whether it changed."""
        body = msgspec.json.encode(achievement)
        held = tx.execute(
            "SELECT state, body FROM achievement WHERE id = ?", (achievement.id,)
        ).fetchone()
        if held is not None and _achievement(held[1]) == achievement:
            return False
        waits = achievement.state == "candidate" and not achievement.asked
        fact = fact_of(achievement, held[0] if held else None)
        if fact is not None:
            kind, told = fact
            note_fact(tx, kind, achievement.id, told)
        tx.execute(
            "INSERT INTO achievement (id, persona, unit, version, state, changed, waiting, body) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
            "state = excluded.state, changed = excluded.changed, waiting = excluded.waiting, "
            "body = excluded.body",
            (
                achievement.id,
                achievement.persona,
                achievement.unit,
                achievement.version,
                achievement.state,
                tx.instant,
                tx.instant if waits else None,
                body,
            ),
        )
        share(tx, achievement)
        if achievement.state != "verified":
            withdraw_claims(tx, achievement.id, achievement.reason or achievement.state)
        return True

    def _put_sources(self, tx: Transaction, achievement: str, sources: Collection[int]) -> None:
        tx.execute("DELETE FROM achievement_source WHERE achievement = ?", (achievement,))
        tx.executemany(
            "INSERT INTO achievement_source (achievement, source) VALUES (?, ?)",
            [(achievement, source) for source in sources],
        )


def mark_of_source(tx: Transaction, source: int) -> int:
    """Mark everything due whose evidence rests on the source, and return how much that is."""
    return tx.execute(
        "INSERT INTO due_evaluation (persona, unit, marked) "
        "SELECT DISTINCT a.persona, a.unit, ? FROM achievement_source s "
        "JOIN achievement a ON a.id = s.achievement WHERE s.source = ? "
        "ON CONFLICT DO UPDATE SET marked = excluded.marked",
        (tx.instant, source),
    ).rowcount
