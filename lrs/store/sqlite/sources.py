"""Sources and their credentials in SQLite."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from lrs.store.sources import USE_NOTED_EVERY
from lrs.store.sqlite.achievements import mark_of_source
from lrs.store.sqlite.database import Database, Transaction
from lrs.store.sqlite.facts import note_act
from schemas.audit import Act
from schemas.sources import Provenance, Scope, Source, SourceSecret

_COLUMNS = (
    "id, key, name, provenance, scopes, activities, home_pages, sets_authority, organisation, "
    "expires, created, revoked, compromised"
)
_texts = msgspec.json.Decoder(tuple[str, ...]).decode


class SqliteSources:
    """Fulfils `lrs.store.sources.Sources`."""

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
        limits: Source | None = None,
        act: Act | None = None,
    ) -> Source:
        """Add a source, or return the one that has the key already, unchanged."""

        def work(tx: Transaction) -> None:
            added = tx.execute(
                "INSERT INTO source (key, name, provenance, scopes, created) "
                "VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING RETURNING id",
                (key, name, provenance, _json(scopes), tx.instant),
            ).fetchone()
            if added is None:
                return
            if secret_hash is not None:
                _add_secret(tx, added[0], secret_hash)
            if limits is not None:
                _put_limits(tx, added[0], limits)
            if act is not None:
                note_act(tx, act)

        self._database.write(work)
        found = self.with_key(key)
        if found is None:
            raise LookupError(f"the source {key!r} is revoked")
        return found[0]

    def set_secret(self, key: str, secret_hash: bytes) -> None:
        """Make this the only secret of the source with the key; nothing where it is already."""

        def work(tx: Transaction) -> None:
            source = tx.execute("SELECT id FROM source WHERE key = ?", (key,)).fetchone()[0]
            tx.execute(
                "DELETE FROM source_secret WHERE source = ? AND hash <> ?", (source, secret_hash)
            )
            _add_secret(tx, source, secret_hash)

        self._database.write(work)

    def rotate(self, key: str, secret_hash: bytes, overlap: int, act: Act) -> bool:
        """Add a secret; those before it work for `overlap` microseconds more. False: no source."""

        def work(tx: Transaction) -> bool:
            source = _unrevoked(tx, key)
            if source is None:
                return False
            tx.execute(
                "UPDATE source_secret SET expires = min(coalesce(expires, ?1), ?1) "
                "WHERE source = ?2",
                (tx.instant + overlap, source.id),
            )
            _add_secret(tx, source.id, secret_hash)
            note_act(tx, act)
            return True

        return self._database.write(work)

    def change(self, key: str, work: Callable[[Source], Source], act: Act) -> Source | None:
        """Put `work` of the unrevoked source in its place; None where there is none."""

        def write(tx: Transaction) -> Source | None:
            source = _unrevoked(tx, key)
            if source is None:
                return None
            changed = work(source)
            tx.execute(
                "UPDATE source SET name = ?, provenance = ?, scopes = ? WHERE id = ?",
                (changed.name, changed.provenance, _json(changed.scopes), source.id),
            )
            _put_limits(tx, source.id, changed)
            note_act(tx, act)
            return changed

        return self._database.write(write)

    def revoke(self, key: str, act: Act, compromised: int | None = None) -> bool:
        """Revoke the source with the key; tell whether there was one to revoke."""

        def work(tx: Transaction) -> bool:
            revoked = tx.execute(
                "UPDATE source SET revoked = ?, compromised = ? "
                "WHERE key = ? AND revoked IS NULL RETURNING id",
                (tx.instant, compromised, key),
            ).fetchone()
            if revoked is None:
                return False
            if compromised is not None:
                mark_of_source(tx, revoked[0])
            note_act(tx, act)
            return True

        return self._database.write(work)

    def with_key(self, key: str) -> tuple[Source, tuple[bytes, ...]] | None:
        """Return the source with the key, neither revoked nor expired, and the hashes of the
        secrets that work now.
        """
        now = self._database.now()
        reader = self._database.read()
        row = reader.execute(
            f"SELECT {_COLUMNS} FROM source "  # noqa: S608
            "WHERE key = ? AND revoked IS NULL AND (expires IS NULL OR expires > ?)",
            (key, now),
        ).fetchone()
        if row is None:
            return None
        hashes = reader.execute(
            "SELECT hash FROM source_secret WHERE source = ? AND (expires IS NULL OR expires > ?)",
            (row[0], now),
        )
        return _source(row), tuple(one[0] for one in hashes)

    def used(self, key: str, secret_hash: bytes) -> None:
        """Note that a secret was used, unless that was noted a minute ago."""
        now = self._database.now()
        row = (
            self._database.read()
            .execute(
                "SELECT source, used FROM source_secret JOIN source ON source.id = source "
                "WHERE key = ? AND hash = ?",
                (key, secret_hash),
            )
            .fetchone()
        )
        if row is not None and (row[1] is None or now - row[1] >= USE_NOTED_EVERY):
            self._database.write(
                lambda tx: tx.execute(
                    "UPDATE source_secret SET used = ? WHERE source = ? AND hash = ?",
                    (tx.instant, row[0], secret_hash),
                )
            )

    def find(self, key: str) -> Source | None:
        """Return the source with the key, also one that is revoked or expired."""
        row = (
            self._database.read()
            .execute(f"SELECT {_COLUMNS} FROM source WHERE key = ?", (key,))  # noqa: S608
            .fetchone()
        )
        return _source(row) if row else None

    def secrets(self, key: str) -> list[SourceSecret]:
        """Return what is known of the secrets of a source, the latest first."""
        rows = self._database.read().execute(
            "SELECT s.created, s.expires, s.used FROM source_secret s "
            "JOIN source ON source.id = s.source WHERE key = ? ORDER BY s.created DESC",
            (key,),
        )
        return [SourceSecret(created=row[0], expires=row[1], used=row[2]) for row in rows]

    def page(self, after: str | None, limit: int) -> list[Source]:
        """Return a page of sources in the order of their keys, revoked ones included."""
        rows = self._database.read().execute(
            f"SELECT {_COLUMNS} FROM source WHERE key > ? ORDER BY key LIMIT ?",  # noqa: S608
            (after or "", limit),
        )
        return [_source(row) for row in rows]

    def all(self) -> dict[int, Source]:
        """Return every source by id, revoked ones included."""
        rows = self._database.read().execute(f"SELECT {_COLUMNS} FROM source ORDER BY id")  # noqa: S608
        return {row[0]: _source(row) for row in rows}


def _add_secret(tx: Transaction, source: int, secret_hash: bytes) -> None:
    tx.execute(
        "INSERT INTO source_secret (source, hash, created) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (source, secret_hash, tx.instant),
    )


def _put_limits(tx: Transaction, source: int, limits: Source) -> None:
    tx.execute(
        "UPDATE source SET activities = ?, home_pages = ?, sets_authority = ?, "
        "organisation = ?, expires = ? WHERE id = ?",
        (
            _json(limits.activities),
            _json(limits.home_pages),
            limits.sets_authority,
            limits.organisation,
            limits.expires,
            source,
        ),
    )


def _unrevoked(tx: Transaction, key: str) -> Source | None:
    row = tx.execute(
        f"SELECT {_COLUMNS} FROM source WHERE key = ? AND revoked IS NULL",  # noqa: S608
        (key,),
    ).fetchone()
    return _source(row) if row else None


def _json(texts: Sequence[str]) -> str:
    return msgspec.json.encode(texts).decode()


def _source(row: tuple[Any, ...]) -> Source:
    return Source(
        id=row[0],
        key=row[1],
        name=row[2],
        provenance=row[3],
        scopes=tuple(msgspec.json.decode(row[4])),
        activities=_texts(row[5]),
        home_pages=_texts(row[6]),
        sets_authority=bool(row[7]),
        organisation=row[8],
        expires=row[9],
        created=row[10],
        revoked=row[11],
        compromised=row[12],
    )
