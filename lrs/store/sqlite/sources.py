"""Sources and their credentials in SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from lrs.store.sqlite.database import Database, Transaction
from schemas.sources import Provenance, Scope, Source

_COLUMNS = "id, key, name, provenance, scopes"


class SqliteSources:
    """The systems and imports that may post statements."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        *,
        key: str,
        name: str,
        provenance: Provenance,
        scopes: Sequence[Scope],
        secret_hash: bytes | None,
    ) -> Source:
        """Add a source, or return the one that has the key already, unchanged.

        Without a secret's hash no one can sign in as it: a source of imports.
        """

        def work(tx: Transaction) -> None:
            tx.execute(
                "INSERT INTO source (key, secret_hash, name, provenance, scopes, created) "
                "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
                (
                    key,
                    secret_hash,
                    name,
                    provenance,
                    msgspec.json.encode(scopes).decode(),
                    tx.instant,
                ),
            )

        self._database.write(work)
        found = self.with_key(key)
        if found is None:
            raise LookupError(f"the source {key!r} is revoked")
        return found[0]

    def set_secret(self, key: str, secret_hash: bytes) -> None:
        """Give the source with the key another secret."""
        self._database.write(
            lambda tx: tx.execute(
                "UPDATE source SET secret_hash = ? WHERE key = ?", (secret_hash, key)
            )
        )

    def revoke(self, key: str) -> bool:
        """Revoke the source with the key; tell whether there was one to revoke."""
        return self._database.write(
            lambda tx: (
                tx.execute(
                    "UPDATE source SET revoked = ? WHERE key = ? AND revoked IS NULL",
                    (tx.instant, key),
                ).rowcount
                == 1
            )
        )

    def with_key(self, key: str) -> tuple[Source, bytes | None] | None:
        """Return the unrevoked source with the key and its secret's hash."""
        row = (
            self._database.read()
            .execute(
                f"SELECT {_COLUMNS}, secret_hash FROM source "  # noqa: S608
                "WHERE key = ? AND revoked IS NULL",
                (key,),
            )
            .fetchone()
        )
        return (_source(row), row[-1]) if row else None

    def all(self) -> dict[int, Source]:
        """Return every source by id, revoked ones included."""
        rows = self._database.read().execute(f"SELECT {_COLUMNS} FROM source ORDER BY id")  # noqa: S608
        return {row[0]: _source(row) for row in rows}


def _source(row: tuple[Any, ...]) -> Source:
    return Source(
        id=row[0],
        key=row[1],
        name=row[2],
        provenance=row[3],
        scopes=tuple(msgspec.json.decode(row[4])),
    )
