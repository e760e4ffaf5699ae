"""The bank's file: claims with their receipts, and client assertions that were used."""

from __future__ import annotations

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

from lrs.store.sqlite.database import StoreError
from schemas.claims import ClaimPayload

SCHEMA_VERSION = 1


class Conflict(Exception):
    """The client put another content to the bank under the same `outer_id` before."""


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
            if version == 0:
                schema = files("lrs.bank").joinpath("schema.sql").read_text("utf-8")
                self._connection.executescript(
                    f"BEGIN IMMEDIATE;{schema};PRAGMA user_version={SCHEMA_VERSION};COMMIT;"
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
                    raise Conflict(claim.outer_id)
                return known[1], False
            credited = connection.execute(
                "SELECT 1 FROM claim WHERE learner = ? AND unit = ? AND accepted = 1",
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
            return verdict.receipt, True

    def receipt(self, client_id: str, outer_id: str) -> str | None:
        """Return the receipt of a client's own claim, None where it made none of that id."""
        rows = self._read(
            "SELECT receipt FROM claim WHERE client_id = ? AND outer_id = ?", client_id, outer_id
        )
        return str(rows[0][0]) if rows else None

    def newest(self, limit: int, before: int | None = None) -> list[Entry]:
        """Return at most `limit` claims, newest first, of those numbered below `before`."""
        rows = self._read(
            "SELECT seq, client_id, bank_id, payload, reason, received FROM claim"
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
            )
            for seq, client_id, bank_id, payload, reason, received in rows
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
