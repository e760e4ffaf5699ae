"""Webhooks in SQLite."""

from __future__ import annotations

from typing import Any

import msgspec

from lrs.store.outbox import WEBHOOK
from lrs.store.sqlite.claims import enqueue
from lrs.store.sqlite.database import Database, Transaction
from lrs.store.sqlite.facts import note_act
from lrs.store.sqlite.outbox import put_destination
from schemas.audit import Act
from schemas.facts import Fact
from schemas.webhooks import ORGANISATION_KINDS, Webhook, notification_of

_WEBHOOK = "id, url, kinds, organisation, created, active"
_BEHIND = (
    "SELECT id, kinds, organisation, place FROM webhook WHERE active = 1 "
    "AND place < (SELECT coalesce(max(seq), 0) FROM fact)"
)


class SqliteWebhooks:
    """Fulfils `lrs.store.webhooks.Webhooks`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, webhook: Webhook, sealed_secrets: bytes, act: Act) -> None:
        """Add a subscription, told of what happens from now on."""

        def work(tx: Transaction) -> None:
            tx.execute(
                "INSERT INTO webhook (id, url, kinds, organisation, created, place, secrets) "
                "VALUES (?, ?, ?, ?, ?, (SELECT coalesce(max(seq), 0) FROM fact), ?)",
                (
                    webhook.id,
                    webhook.url,
                    msgspec.json.encode(webhook.kinds),
                    webhook.organisation,
                    webhook.created,
                    sealed_secrets,
                ),
            )
            put_destination(tx, WEBHOOK + webhook.id, 0)
            note_act(tx, act)

        self._database.write(work)

    def page(self, after: str | None, limit: int, organisation: str | None = None) -> list[Webhook]:
        """Return a page, in the order of ids, of all or of an organisation's."""
        where, values = "id > ?", [after or ""]
        if organisation is not None:
            where += " AND organisation = ?"
            values.append(organisation)
        rows = self._database.read().execute(
            f"SELECT {_WEBHOOK} FROM webhook WHERE {where} ORDER BY id LIMIT ?",  # noqa: S608
            (*values, limit),
        )
        return [_webhook(row) for row in rows]

    def webhook(self, webhook: str) -> Webhook | None:
        """Return the subscription."""
        row = (
            self._database.read()
            .execute(f"SELECT {_WEBHOOK} FROM webhook WHERE id = ?", (webhook,))  # noqa: S608
            .fetchone()
        )
        return _webhook(row) if row else None

    def secrets(self, webhook: str) -> bytes | None:
        """Return the sealed secrets of a subscription."""
        row = (
            self._database.read()
            .execute("SELECT secrets FROM webhook WHERE id = ?", (webhook,))
            .fetchone()
        )
        return row[0] if row else None

    def set_secrets(self, webhook: str, sealed_secrets: bytes, act: Act) -> None:
        """Keep other secrets for a subscription."""

        def work(tx: Transaction) -> None:
            tx.execute("UPDATE webhook SET secrets = ? WHERE id = ?", (sealed_secrets, webhook))
            note_act(tx, act)

        self._database.write(work)

    def end(self, webhook: str) -> None:
        """Tell a subscriber nothing any more: it said that it is gone."""

        def work(tx: Transaction) -> None:
            tx.execute("UPDATE webhook SET active = 0 WHERE id = ?", (webhook,))
            tx.execute("DELETE FROM outbox WHERE destination = ?", (WEBHOOK + webhook,))

        self._database.write(work)

    def remove(self, webhook: str, act: Act) -> bool:
        """Forget a subscription and what it was to be told; False where there is none."""

        def work(tx: Transaction) -> bool:
            gone = tx.execute("DELETE FROM webhook WHERE id = ?", (webhook,)).rowcount > 0
            if gone:
                tx.execute("DELETE FROM outbox WHERE destination = ?", (WEBHOOK + webhook,))
                tx.execute("DELETE FROM destination WHERE name = ?", (WEBHOOK + webhook,))
                note_act(tx, act)
            return gone

        return self._database.write(work)

    def fan_out(self, limit: int) -> bool:
        """Put up to `limit` facts for each subscription into the outbox, each fact once."""
        if self._database.read().execute(f"{_BEHIND} LIMIT 1").fetchone() is None:
            return False

        def work(tx: Transaction) -> None:
            for webhook, kinds, organisation, place in tx.execute(_BEHIND).fetchall():
                wanted = set(msgspec.json.decode(kinds))
                if organisation is not None:
                    wanted &= set(ORGANISATION_KINDS)
                facts = tx.execute(
                    "SELECT seq, at, kind, subject, body FROM fact WHERE seq > ? "
                    "ORDER BY seq LIMIT ?",
                    (place, limit),
                ).fetchall()
                for seq, at, kind, subject, body in facts:
                    if kind not in wanted:
                        continue
                    fact = Fact(
                        seq=seq, at=at, kind=kind, subject=subject, body=msgspec.json.decode(body)
                    )
                    if organisation is not None and not _sees(tx, organisation, fact):
                        continue
                    told = msgspec.json.encode(notification_of(fact))
                    enqueue(tx, WEBHOOK + webhook, "notify", subject, line=subject, body=told)
                tx.execute("UPDATE webhook SET place = ? WHERE id = ?", (facts[-1][0], webhook))

        self._database.write(work)
        return True


def _sees(tx: Transaction, organisation: str, fact: Fact) -> bool:
    """Tell whether the organisation may see now whom an achievement's fact is about."""
    row = tx.execute(
        "SELECT 1 FROM visible WHERE persona = ? AND organisation = ?",
        (fact.body.get("persona", ""), organisation),
    ).fetchone()
    return row is not None


def _webhook(row: tuple[Any, ...]) -> Webhook:
    return Webhook(
        id=row[0],
        url=row[1],
        kinds=tuple(msgspec.json.decode(row[2])),
        organisation=row[3],
        created=row[4],
        active=bool(row[5]),
    )
