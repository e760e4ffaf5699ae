"""The bank's file: claims with their receipts, and client assertions that were used."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from lrs.store.errors import StoreError
from schemas.claims import ClaimPayload, Holding

SCHEMA_VERSION = 2
NO_HASH = "0" * 64
"""Stands before the first row of the ledger."""


class Conflict(Exception):
    """What the client asks for goes against what it said of the same `outer_id` before."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the bank decided about a claim; `receipt` is the signed JWS that says so."""

    bank_id: str
    reason: str | None
    receipt: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A claim as the bank holds it; `received` is seconds since the epoch."""

    seq: int
    client_id: str
    bank_id: str
    claim: ClaimPayload
    reason: str | None
    received: int
    withdrawn: bool


class BankStore:
    """One SQLite file behind one connection: a sandbox has few callers. Safe for many threads."""

    def __init__(self, path: Path) -> None:
        """Open the file, making it on first use. Raises StoreError."""
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._connection = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, timeout=30
            )
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
            for step in range(version + 1, SCHEMA_VERSION + 1):
                schema = files("lrs.bank").joinpath("schema", f"{step}.sql").read_text("utf-8")
                self._connection.executescript(
                    f"BEGIN IMMEDIATE;{schema};PRAGMA user_version={step};COMMIT;"
                )
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"{path} cannot be opened: {error}") from error
        if version > SCHEMA_VERSION:
            raise StoreError(f"{path} was written by a later version; upgrade the program")

    def settle(
        self,
        client_id: str,
        claim: ClaimPayload,
        claim_hash: str,
        received: int,
        judge: Callable[[int, bool], Verdict],
    ) -> tuple[str, bool]:
        """Return the claim's receipt and whether the claim is new, with both on disk.

        `judge` is called for a new claim only, with the number it gets and whether the learner
        has credit for the unit already. Raises Conflict where the client used the `outer_id` for
        another content.
        """
        learner, unit = claim.learner.identifier, claim.unit.code
        with self._transaction() as connection:
            known = connection.execute(
                "SELECT claim_hash, receipt FROM claim WHERE client_id = ? AND outer_id = ?",
                (client_id, claim.outer_id),
            ).fetchone()
            if known is not None:
                if known[0] != claim_hash:
                    raise Conflict(f"{claim.outer_id} was put before with another content")
                return known[1], False
            if _withdrawal(connection, client_id, claim.outer_id) is not None:
                raise Conflict(f"{claim.outer_id} was withdrawn before it came")
            credited = connection.execute(
                "SELECT 1 FROM claim WHERE learner = ? AND unit = ? AND accepted = 1"
                " AND withdrawn = 0",
                (learner, unit),
            ).fetchone()
            (seq,) = connection.execute("SELECT coalesce(max(seq), 0) + 1 FROM claim").fetchone()
            verdict = judge(seq, credited is not None)
            connection.execute(
                "INSERT INTO claim (seq, client_id, outer_id, claim_hash, learner, unit, accepted,"
                " bank_id, payload, reason, receipt, received)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    seq,
                    client_id,
                    claim.outer_id,
                    claim_hash,
                    learner,
                    unit,
                    verdict.reason is None,
                    verdict.bank_id,
                    msgspec.json.encode(claim),
                    verdict.reason,
                    verdict.receipt,
                    received,
                ),
            )
            decision = "rejected" if verdict.reason else "accepted"
            entry = (decision, client_id, claim.outer_id, verdict.bank_id, claim_hash)
            _note(connection, received, entry)
            return verdict.receipt, True

    def withdraw(
        self,
        client_id: str,
        outer_id: str,
        claim_hash: str,
        *,
        reason: str,
        received: int,
        sign: Callable[[str], str],
    ) -> tuple[str, bool]:
        """Return the receipt of a withdrawal and whether it is new, with both on disk.

        `sign` makes the receipt, given the bank's number of the claim (empty for one that never
        came). Raises Conflict for a claim of another content, and for one that was rejected.
        """
        with self._transaction() as connection:
            known = _withdrawal(connection, client_id, outer_id)
            if known is not None:
                if known[0] != claim_hash:
                    raise Conflict(f"{outer_id} was withdrawn with another content")
                return known[1], False
            claim = connection.execute(
                "SELECT claim_hash, bank_id, accepted FROM claim"
                " WHERE client_id = ? AND outer_id = ?",
                (client_id, outer_id),
            ).fetchone()
            if claim is not None and claim[0] != claim_hash:
                raise Conflict(f"{outer_id} was put with another content")
            if claim is not None and not claim[2]:
                raise Conflict(f"{outer_id} was rejected; there is nothing to withdraw")
            bank_id = claim[1] if claim else f"CB-NONE-{outer_id}"
            receipt = sign(bank_id)
            connection.execute(
                "UPDATE claim SET withdrawn = 1 WHERE client_id = ? AND outer_id = ?",
                (client_id, outer_id),
            )
            connection.execute(
                "INSERT INTO withdrawal (client_id, outer_id, claim_hash, bank_id, reason,"
                " receipt, received) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (client_id, outer_id, claim_hash, bank_id, reason, receipt, received),
            )
            _note(connection, received, ("withdrawn", client_id, outer_id, bank_id, claim_hash))
            return receipt, True

    def receipt(self, client_id: str, outer_id: str) -> str | None:
        """Return the latest receipt of a client's own claim, None where it made none of that id."""
        rows = self._read(
            "SELECT receipt FROM withdrawal WHERE client_id = ?1 AND outer_id = ?2 UNION ALL"
            " SELECT receipt FROM claim WHERE client_id = ?1 AND outer_id = ?2",
            client_id,
            outer_id,
        )
        return str(rows[0][0]) if rows else None

    def holdings(self, client_id: str, after: str, limit: int) -> list[Holding]:
        """Return what the bank holds of a client, in the order of `outer_id`."""
        rows = self._read(
            "SELECT outer_id, bank_id, iif(withdrawn, 'withdrawn',"
            " iif(accepted, 'accepted', 'rejected')), claim_hash FROM claim"
            " WHERE client_id = ?1 AND outer_id > ?2 UNION ALL"
            " SELECT outer_id, bank_id, 'withdrawn', claim_hash FROM withdrawal w"
            " WHERE client_id = ?1 AND outer_id > ?2 AND NOT EXISTS (SELECT 1 FROM claim c"
            " WHERE c.client_id = ?1 AND c.outer_id = w.outer_id)"
            " ORDER BY outer_id LIMIT ?3",
            client_id,
            after,
            limit,
        )
        return [
            Holding(outer_id=row[0], bank_id=row[1], state=row[2], claim_hash=row[3])
            for row in rows
        ]

    def ledger(self, after: int, limit: int) -> list[dict[str, Any]]:
        """Return rows of the ledger, the oldest first."""
        names = ("seq", "at", *_LEDGER, "hash")
        rows = self._read(
            f"SELECT {', '.join(names)} FROM ledger WHERE seq > ? ORDER BY seq LIMIT ?",  # noqa: S608
            after,
            limit,
        )
        return [dict(zip(names, row, strict=True)) for row in rows]

    def newest(self, limit: int, before: int | None = None) -> list[Entry]:
        """Return at most `limit` claims, newest first, of those numbered below `before`."""
        rows = self._read(
            "SELECT seq, client_id, bank_id, payload, reason, received, withdrawn FROM claim"
            " WHERE seq < ? ORDER BY seq DESC LIMIT ?",
            2**63 - 1 if before is None else before,
            limit,
        )
        return [
            Entry(
                seq=seq,
                client_id=client_id,
                bank_id=bank_id,
                claim=msgspec.json.decode(payload, type=ClaimPayload),
                reason=reason,
                received=received,
                withdrawn=bool(withdrawn),
            )
            for seq, client_id, bank_id, payload, reason, received, withdrawn in rows
        ]

    def use_assertion(self, client_id: str, jti: str, expires: int, now: int) -> bool:
        """Remember that an assertion was used; False where it was used before.

        `expires` and `now` are seconds since the epoch; what has expired is forgotten.
        """
        with self._transaction() as connection:
            connection.execute("DELETE FROM assertion WHERE expires < ?", (now,))
            inserted = connection.execute(
                "INSERT OR IGNORE INTO assertion (client_id, jti, expires) VALUES (?, ?, ?)",
                (client_id, jti, expires),
            )
            return inserted.rowcount == 1

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _read(self, sql: str, *values: object) -> list[Any]:
        with self._lock:
            try:
                return self._connection.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise StoreError(f"the bank's file cannot be read: {error}") from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                raise StoreError(f"the bank's file cannot be written: {error}") from error
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")


_LEDGER = ("decision", "client_id", "outer_id", "bank_id", "claim_hash")


def _withdrawal(
    connection: sqlite3.Connection, client_id: str, outer_id: str
) -> tuple[str, str] | None:
    found: tuple[str, str] | None = connection.execute(
        "SELECT claim_hash, receipt FROM withdrawal WHERE client_id = ? AND outer_id = ?",
        (client_id, outer_id),
    ).fetchone()
    return found


def _note(connection: sqlite3.Connection, at: int, entry: tuple[str, ...]) -> None:
    """Write a decision into the ledger, in the transaction that makes it."""
    last = connection.execute("SELECT hash FROM ledger ORDER BY seq DESC LIMIT 1").fetchone()
    content = msgspec.json.encode([last[0] if last else NO_HASH, at, *entry])
    connection.execute(
        f"INSERT INTO ledger (at, {', '.join(_LEDGER)}, hash) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        (at, *entry, hashlib.sha256(content).hexdigest()),
    )
