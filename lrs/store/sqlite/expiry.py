"""Classes of data on which achievements may rest: statements, attachments and personas."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec

from lrs.store.anonymous import is_tombstone
from lrs.store.attachments import Attachments
from lrs.store.erasure import NotErasable
from lrs.store.records import RecordKey
from lrs.store.retention import WAITING_RECORDS, Expiring
from lrs.store.sqlite.bodies import Bodies
from lrs.store.sqlite.database import Transaction
from lrs.store.sqlite.erasure import SqliteErasure
from lrs.store.sqlite.projections import touch_records
from lrs.store.sqlite.retained import Reader
from lrs.store.sqlite.statements import last_stored_by
from lrs.store.sqlite.tombstones import Tombstones
from schemas.audit import Act

REMOVED_AT_ONCE = 100
"""Files of attachments that are removed while others wait to write."""

_SERVING = "(SELECT id FROM generation WHERE state = 'serving')"


def resting(read: Reader, seqs: Collection[int]) -> set[int]:
    """Return which of the statements something rests on: those that void, evidence, and the other
    statements of the records that evidence is in; and those that records do not know yet.
    """
    wanted = json.dumps(sorted(seqs))
    found = {
        row[0]
        for row in read.execute(
            "SELECT r.seq FROM reference r WHERE r.voids = 1 "
            "AND r.seq IN (SELECT value FROM json_each(?1)) UNION "
            "SELECT s.seq FROM statement s JOIN evidence_statement v ON v.statement = hex(s.id) "
            "WHERE s.seq IN (SELECT value FROM json_each(?1))",
            (wanted,),
        )
    }
    known = read.execute("SELECT seq FROM generation WHERE state = 'serving'").fetchone()[0]
    found |= {seq for seq in seqs if seq > known}
    keys: dict[tuple[str, str], set[int]] = {}
    for seq, persona, activity in read.execute(
        f"SELECT seq, persona, activity FROM event WHERE generation = {_SERVING} "  # noqa: S608
        "AND seq IN (SELECT value FROM json_each(?))",
        (wanted,),
    ):
        keys.setdefault((persona, activity), set()).add(seq)
    for (persona, activity), of in keys.items():
        if not of <= found and _rested_on(read, persona, activity):
            found |= of
    return found


def _rested_on(read: Reader, persona: str, activity: str) -> bool:
    """Tell whether evidence is among a persona's events of an activity, or may become so."""
    row = read.execute(
        "SELECT 1 FROM due_evaluation WHERE persona = ?1 UNION ALL "  # noqa: S608
        "SELECT 1 FROM event e CROSS JOIN statement s ON s.seq = e.seq "
        "CROSS JOIN evidence_statement v ON v.statement = hex(s.id) "
        f"WHERE e.generation = {_SERVING} AND e.persona = ?1 AND e.activity = ?2 LIMIT 1",
        (persona, activity),
    )
    return row.fetchone() is not None


class Statements:
    """Statements, by when they were stored."""

    def __init__(self, bodies: Bodies, tombstones: Tombstones) -> None:
        self._bodies = bodies
        self._tombstones = tombstones

    def look(self, read: Reader, before: int, place: str | None, limit: int) -> Expiring:
        """Find statements that nothing rests on; those that are gone already are passed over."""
        bodies = {
            row[0]: self._bodies.unpack(row[1], row[2])
            for row in read.execute(
                "SELECT seq, dictionary, body FROM statement WHERE seq > ? AND seq <= ? "
                "ORDER BY seq LIMIT ?",
                (int(place or 0), _last_before(read, before), limit),
            )
        }
        old = {seq for seq, body in bodies.items() if not is_tombstone(body)}
        kept = resting(read, old)
        return Expiring(
            items=tuple(str(seq) for seq in sorted(old - kept)),
            kept=len(kept),
            place=str(max(bodies)) if len(bodies) == limit else None,
        )

    def drop(self, tx: Transaction, items: Sequence[str]) -> None:
        """Put tombstones in their places, and have their records made without them."""
        wanted = json.dumps([int(one) for one in items])
        for seq, packed_by, packed in tx.execute(
            "SELECT seq, dictionary, body FROM statement "
            "WHERE seq IN (SELECT value FROM json_each(?))",
            (wanted,),
        ).fetchall():
            body = self._bodies.unpack(packed_by, packed)
            self._tombstones.bury(tx, seq, body, "expired", "expired")
        within = (
            "generation IN (SELECT id FROM generation) AND seq IN (SELECT value FROM json_each(?))"
        )
        keys = tx.execute(
            f"SELECT DISTINCT persona, activity, registration FROM event WHERE {within}",  # noqa: S608
            (wanted,),
        ).fetchall()
        tx.execute(f"DELETE FROM event WHERE {within}", (wanted,))  # noqa: S608
        touch_records(tx, [RecordKey(*key) for key in keys])


def too_much_waits(tx: Transaction) -> bool:
    """Tell whether more records wait to be made anew than should."""
    found = tx.execute("SELECT 1 FROM rework LIMIT 1 OFFSET ?", (WAITING_RECORDS,))
    return found.fetchone() is not None


class AttachmentFiles:
    """Contents that only old statements have.

    A run reads all statements, since any of them may have the same content; what it came across
    is in a table. The files go in the turn to write, so that nobody hands the same content in
    meanwhile.
    """

    def __init__(self, bodies: Bodies, attachments: Attachments) -> None:
        self._bodies = bodies
        self._attachments = attachments

    def look(self, read: Reader, before: int, place: str | None, limit: int) -> Expiring:
        """Find old statements with attachments; their contents are what may go."""
        seqs, last = self._attached(read, int(place or 0), limit)
        gone, kept = self._parted(read, before, seqs)
        here = {sha2 for sha2 in gone if self._attachments.has(sha2)}
        return Expiring(
            items=tuple(sorted(here)), kept=len(kept), place=None if last is None else str(last)
        )

    def walk(self, tx: Transaction, before: int, place: str | None, limit: int) -> Expiring:
        """Take the next statements in; at the end remove what only old ones have."""
        if place is None:
            tx.execute("DELETE FROM retention_attachment")
        seqs, last = self._attached(tx, int(place or 0), limit)
        gone, kept = self._parted(tx, before, seqs)
        tx.executemany(
            "INSERT INTO retention_attachment (sha2, stays) VALUES (?, ?) "
            "ON CONFLICT DO UPDATE SET stays = max(stays, excluded.stays)",
            [(one, 0) for one in gone] + [(one, 1) for one in kept],
        )
        if last is not None:
            return Expiring(items=(), place=str(last))
        going = [
            row[0]
            for row in tx.execute(
                "SELECT sha2 FROM retention_attachment WHERE stays = 0 LIMIT ?", (REMOVED_AT_ONCE,)
            )
        ]
        here = tuple(one for one in going if self._attachments.has(one))
        for sha2 in here:
            self._attachments.remove(sha2, keep=lambda name: _stays(tx, name))
        tx.executemany("DELETE FROM retention_attachment WHERE sha2 = ?", [(one,) for one in going])
        newest = tx.execute("SELECT max(seq) FROM statement").fetchone()[0] or 0
        more = len(going) == REMOVED_AT_ONCE
        stays = tx.execute("SELECT count(*) FROM retention_attachment").fetchone()[0]
        return Expiring(items=here, kept=0 if more else stays, place=str(newest) if more else None)

    def _attached(
        self, read: Reader, after: int, limit: int
    ) -> tuple[dict[int, set[str]], int | None]:
        """Return what each of the next statements has attached, and the last seq where there may
        be more.
        """
        found: dict[int, set[str]] = {}
        rows = read.execute(
            "SELECT seq, dictionary, body FROM statement WHERE seq > ? ORDER BY seq LIMIT ?",
            (after, limit),
        ).fetchall()
        for seq, packed_by, packed in rows:
            body = self._bodies.unpack(packed_by, packed)
            if b'"sha2"' in body:
                found[seq] = set(_contents(msgspec.json.decode(body)))
        return found, rows[-1][0] if len(rows) == limit else None

    def _parted(
        self, read: Reader, before: int, attached: dict[int, set[str]]
    ) -> tuple[set[str], set[str]]:
        """Part contents into those of old statements on which nothing rests, and the others."""
        last = _last_before(read, before)
        old = {seq for seq in attached if seq <= last}
        old -= resting(read, old)
        gone = {one for seq in old for one in attached[seq]}
        kept = {one for seq in attached.keys() - old for one in attached[seq]}
        return gone - kept, kept


def _stays(tx: Transaction, sha2: str) -> bool:
    row = tx.execute(
        "SELECT 1 FROM retention_attachment WHERE sha2 = ? AND stays = 1", (sha2,)
    ).fetchone()
    return row is not None


def _contents(holder: dict[str, Any]) -> Iterable[str]:
    """Yield the SHA-2 of every attachment of a statement, and of one within it."""
    yield from (one["sha2"].lower() for one in holder.get("attachments", ()))
    inner = holder.get("object", {})
    yield from (one["sha2"].lower() for one in inner.get("attachments", ()))


class InactivePersonas:
    """Personas of whom nothing was stored for long and who hold nothing here."""

    def __init__(self, erasure: SqliteErasure) -> None:
        self._erasure = erasure

    def look(self, read: Reader, before: int, place: str | None, limit: int) -> Expiring:
        """Find personas with events, all of them old, without what `_holds` names."""
        last = _last_before(read, before)
        rows = read.execute(
            "SELECT id FROM persona WHERE id > ? AND merged_into IS NULL ORDER BY id LIMIT ?",
            (place or "", limit),
        ).fetchall()
        old = [row[0] for row in rows if _all_before(read, row[0], last)]
        going = [one for one in old if not _holds(read, one)]
        return Expiring(
            items=tuple(going),
            kept=len(old) - len(going),
            place=rows[-1][0] if len(rows) == limit else None,
        )

    def erase_next(
        self, tx: Transaction, before: int, place: str | None, limit: int, act: Act
    ) -> tuple[Expiring, tuple[str, ...]]:
        """Erase the next one, as `lrs erase` does; return what its statements had attached, too."""
        found = self.look(tx, before, place, limit)
        if not found.items:
            return found, ()
        persona = found.items[0]
        why = msgspec.structs.replace(act, action="persona.erase", subject=persona)
        try:
            attachments = self._erasure.erase_within(tx, persona, why).attachments
        except NotErasable:
            return Expiring(items=(), kept=1, place=persona), ()
        return Expiring(items=(persona,), place=persona), attachments


def _all_before(read: Reader, persona: str, last: int) -> bool:
    newest = read.execute(
        f"SELECT max(seq) FROM event WHERE generation = {_SERVING} AND persona = ?",  # noqa: S608
        (persona,),
    ).fetchone()[0]
    known = read.execute("SELECT seq FROM generation WHERE state = 'serving'").fetchone()[0]
    return newest is not None and newest <= last <= known


def _holds(read: Reader, persona: str) -> bool:
    """Tell whether a persona, or one merged into it, holds an achievement, is awaited for one, is
    employed, or has an account.
    """
    row = read.execute(
        "WITH RECURSIVE one (id) AS (VALUES (?) UNION "
        "SELECT p.id FROM persona p JOIN one ON p.merged_into = one.id) "
        "SELECT 1 FROM achievement WHERE persona IN one UNION ALL "
        "SELECT 1 FROM due_evaluation WHERE persona IN one UNION ALL "
        "SELECT 1 FROM employment WHERE base IN one UNION ALL "
        "SELECT 1 FROM employee WHERE persona IN one UNION ALL "
        "SELECT 1 FROM person WHERE json_extract(CAST(body AS TEXT), '$.persona') IN one LIMIT 1",
        (persona,),
    )
    return row.fetchone() is not None


def _last_before(read: Reader, before: int) -> int:
    return last_stored_by(read, before - 1)
