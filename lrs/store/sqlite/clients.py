"""OAuth clients in SQLite."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

from lrs.store.sqlite.database import Database, Transaction
from lrs.store.sqlite.facts import note_act
from schemas.audit import Act
from schemas.clients import Client, SigningKey

_client = msgspec.json.Decoder(Client).decode


class SqliteClients:
    """Fulfils `lrs.store.clients.Clients`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, client: Client, secret_hash: bytes | None, act: Act) -> bool:
        """Add a client, `created` now; False where the id is taken."""

        def work(tx: Transaction) -> bool:
            body = msgspec.json.encode(msgspec.structs.replace(client, created=tx.instant))
            added = tx.execute(
                "INSERT INTO client VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (client.id, body, secret_hash),
            )
            if added.rowcount != 1:
                return False
            note_act(tx, act)
            return True

        return self._database.write(work)

    def client(self, client: str) -> Client | None:
        """Return the client with the id, also one that is revoked."""
        row = (
            self._database.read()
            .execute("SELECT body FROM client WHERE id = ?", (client,))
            .fetchone()
        )
        return _client(row[0]) if row else None

    def secret_hash(self, client: str) -> bytes | None:
        """Return the hash of the client's secret."""
        row = (
            self._database.read()
            .execute("SELECT secret_hash FROM client WHERE id = ?", (client,))
            .fetchone()
        )
        return row[0] if row else None

    def set_secret(self, client: str, secret_hash: bytes, act: Act) -> None:
        """Put another secret's hash in the place of the one before."""

        def work(tx: Transaction) -> None:
            tx.execute("UPDATE client SET secret_hash = ? WHERE id = ?", (secret_hash, client))
            note_act(tx, act)

        self._database.write(work)

    def change(self, client: str, work: Callable[[Client], Client], act: Act) -> Client | None:
        """Put `work` of the client in its place; None where there is none."""

        def write(tx: Transaction) -> Client | None:
            row = tx.execute("SELECT body FROM client WHERE id = ?", (client,)).fetchone()
            if row is None:
                return None
            changed = work(_client(row[0]))
            tx.execute(
                "UPDATE client SET body = ? WHERE id = ?", (msgspec.json.encode(changed), client)
            )
            note_act(tx, act)
            return changed

        return self._database.write(write)

    def page(self, after: str | None, limit: int) -> list[Client]:
        """Return a page of clients in the order of their ids."""
        rows = self._database.read().execute(
            "SELECT body FROM client WHERE id > ? ORDER BY id LIMIT ?", (after or "", limit)
        )
        return [_client(row[0]) for row in rows]

    def use_assertion(self, client: str, jti: str, forget_at: int, now: int) -> bool:
        """Use up a client assertion until `forget_at` (seconds); False where it was used."""

        def work(tx: Transaction) -> bool:
            tx.execute("DELETE FROM used_assertion WHERE forget_at < ?", (now,))
            used = tx.execute(
                "INSERT INTO used_assertion VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (client, jti, forget_at),
            )
            return used.rowcount == 1

        return self._database.write(work)

    def revoke_token(self, jti: str, expires: int, act: Act) -> None:
        """Take an access token back that would work until `expires` (seconds)."""

        def work(tx: Transaction) -> None:
            tx.execute("DELETE FROM revoked_token WHERE expires < ?", (int(time.time()) - 3600,))
            tx.execute(
                "INSERT INTO revoked_token VALUES (?, ?) ON CONFLICT DO NOTHING", (jti, expires)
            )
            note_act(tx, act)

        self._database.write(work)

    def is_revoked(self, jti: str) -> bool:
        """Tell whether an access token was taken back."""
        found = self._database.read().execute("SELECT 1 FROM revoked_token WHERE jti = ?", (jti,))
        return found.fetchone() is not None

    def signing_keys(self) -> list[SigningKey]:
        """Return the keys, the latest first."""
        rows = self._database.read().execute(
            "SELECT sealed, created FROM signing_key ORDER BY created DESC"
        )
        return [SigningKey(sealed=row[0], created=row[1]) for row in rows]

    def add_signing_key(self, sealed: bytes, after: int, drop_before: int) -> list[SigningKey]:
        """Add a key unless one was made after `after`; forget those that a later one replaced
        before `drop_before`. Returns the keys, the latest first.
        """

        def work(tx: Transaction) -> None:
            latest = tx.execute("SELECT max(created) FROM signing_key").fetchone()[0]
            if latest is None or latest <= after:
                tx.execute(
                    "DELETE FROM signing_key WHERE created < "
                    "(SELECT max(created) FROM signing_key WHERE created < ?)",
                    (drop_before,),
                )
                tx.execute("INSERT INTO signing_key VALUES (?, ?)", (tx.instant, sealed))

        self._database.write(work)
        return self.signing_keys()
