"""Links to hosts of Open Badges in SQLite."""

from __future__ import annotations

from typing import Any

from lrs.store.badge_links import HOST
from lrs.store.sqlite.claims import enqueue
from lrs.store.sqlite.database import Database, Transaction
from lrs.store.sqlite.facts import note_act
from lrs.store.sqlite.outbox import put_destination
from schemas.audit import Act
from schemas.badge_links import BadgeLink

_LINK = "id, persona, host, language, state, asked_by, asked_at, reason"


class SqliteBadgeLinks:
    """Fulfils `lrs.store.badge_links.BadgeLinks`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def account(self, host: str) -> bytes | None:
        """Return our sealed account at a host."""
        return self._value("SELECT account FROM badge_host WHERE host = ?", host)

    def keep_account(self, host: str, sealed: bytes) -> bytes:
        """Keep our account at a host unless there is one; return the one that stands."""

        def work(tx: Transaction) -> bytes:
            tx.execute(
                "INSERT INTO badge_host (host, account) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (host, sealed),
            )
            found = tx.execute("SELECT account FROM badge_host WHERE host = ?", (host,))
            kept: bytes = found.fetchone()[0]
            return kept

        return self._database.write(work)

    def ask(self, link: BadgeLink, state_hash: bytes, sealed: bytes, act: Act) -> None:
        """Keep a link that was asked for, under the hash of the state that comes back."""

        def work(tx: Transaction) -> None:
            tx.execute(
                "INSERT INTO badge_link (id, persona, host, language, state, asked_by, asked_at, "
                "state_hash, secret) VALUES (?, ?, ?, ?, 'asked', ?, ?, ?, ?)",
                (
                    link.id,
                    link.persona,
                    link.host,
                    link.language,
                    link.asked_by,
                    link.asked_at,
                    state_hash,
                    sealed,
                ),
            )
            note_act(tx, act)

        self._database.write(work)

    def answered(self, state_hash: bytes) -> tuple[BadgeLink, bytes] | None:
        """Return the link asked for under a state and what was sealed with it, once only."""

        def work(tx: Transaction) -> tuple[BadgeLink, bytes] | None:
            row = tx.execute(
                f"SELECT {_LINK}, secret FROM badge_link "  # noqa: S608
                "WHERE state_hash = ? AND state = 'asked'",
                (state_hash,),
            ).fetchone()
            if row is None:
                return None
            tx.execute(
                "UPDATE badge_link SET state_hash = NULL, secret = NULL WHERE id = ?", (row[0],)
            )
            return _link(row[:-1]), row[-1]

        return self._database.write(work)

    def agree(self, link: str, sealed: bytes, act: Act) -> None:
        """Mark the link as agreed and queue all that the learner has achieved so far."""

        def work(tx: Transaction) -> None:
            tx.execute(
                "UPDATE badge_link SET state = 'agreed', secret = ? WHERE id = ?", (sealed, link)
            )
            put_destination(tx, HOST + link, 0)
            achieved = tx.execute(
                "SELECT a.id FROM achievement a JOIN badge_link l ON l.persona = a.persona "
                "WHERE l.id = ? AND a.state = 'verified' ORDER BY a.id",
                (link,),
            ).fetchall()
            for (achievement,) in achieved:
                _queue(tx, link, achievement)
            note_act(tx, act)

        self._database.write(work)

    def secret(self, link: str) -> bytes | None:
        """Return the sealed tokens of an agreed link."""
        return self._value("SELECT secret FROM badge_link WHERE id = ? AND state = 'agreed'", link)

    def set_secret(self, link: str, sealed: bytes) -> None:
        """Keep other tokens for an agreed link."""
        self._database.write(
            lambda tx: tx.execute(
                "UPDATE badge_link SET secret = ? WHERE id = ? AND state = 'agreed'",
                (sealed, link),
            )
        )

    def end(self, link: str, reason: str, act: Act | None = None) -> bool:
        """End a link: its secrets go, nothing more is brought. False where it had ended."""

        def work(tx: Transaction) -> bool:
            ended = tx.execute(
                "UPDATE badge_link SET state = 'ended', reason = ?, secret = NULL, "
                "state_hash = NULL WHERE id = ? AND state != 'ended'",
                (reason, link),
            )
            tx.execute("DELETE FROM outbox WHERE destination = ?", (HOST + link,))
            tx.execute("DELETE FROM destination WHERE name = ?", (HOST + link,))
            if ended.rowcount and act is not None:
                note_act(tx, act)
            return ended.rowcount > 0

        return self._database.write(work)

    def link(self, link: str) -> BadgeLink | None:
        """Return the link."""
        row = (
            self._database.read()
            .execute(f"SELECT {_LINK} FROM badge_link WHERE id = ?", (link,))  # noqa: S608
            .fetchone()
        )
        return _link(row) if row else None

    def of_persona(self, persona: str) -> list[BadgeLink]:
        """Return a persona's links, the latest first."""
        rows = self._database.read().execute(
            f"SELECT {_LINK} FROM badge_link WHERE persona = ? "  # noqa: S608
            "ORDER BY asked_at DESC",
            (persona,),
        )
        return [_link(row) for row in rows]

    def fan_out(self, limit: int) -> bool:
        """Queue what up to `limit` facts say was verified, over each link of the learner, once."""
        behind = "SELECT 1 FROM badge_place WHERE place < (SELECT coalesce(max(seq), 0) FROM fact)"
        if self._database.read().execute(behind).fetchone() is None:
            return False

        def work(tx: Transaction) -> None:
            (place,) = tx.execute("SELECT place FROM badge_place").fetchone()
            (last,) = tx.execute(
                "SELECT max(seq) FROM (SELECT seq FROM fact WHERE seq > ? ORDER BY seq LIMIT ?)",
                (place, limit),
            ).fetchone()
            if last is None:
                return
            found = tx.execute(
                "SELECT l.id, a.id FROM fact f JOIN achievement a ON a.id = f.subject "
                "JOIN badge_link l ON l.persona = a.persona AND l.state = 'agreed' "
                "WHERE f.seq > ? AND f.seq <= ? AND f.kind = 'verified' ORDER BY f.seq, l.id",
                (place, last),
            ).fetchall()
            for link, achievement in found:
                _queue(tx, link, achievement)
            tx.execute("UPDATE badge_place SET place = ?", (last,))

        self._database.write(work)
        return True

    def _value(self, sql: str, name: str) -> bytes | None:
        row = self._database.read().execute(sql, (name,)).fetchone()
        return row[0] if row else None


def _queue(tx: Transaction, link: str, achievement: str) -> None:
    line = f"{link} {achievement}"
    held = "SELECT 1 FROM outbox WHERE destination = ? AND line = ? LIMIT 1"
    if tx.execute(held, (HOST + link, line)).fetchone() is None:
        enqueue(tx, HOST + link, "present", achievement, line=line)


def _link(row: tuple[Any, ...]) -> BadgeLink:
    return BadgeLink(
        id=row[0],
        persona=row[1],
        host=row[2],
        language=row[3],
        state=row[4],
        asked_by=row[5],
        asked_at=row[6],
        reason=row[7],
    )
