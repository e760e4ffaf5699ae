"""Organisations, employments and consents in SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from lrs.store.organisations import SharedQuery
from lrs.store.sharing import ended
from lrs.store.sqlite.database import Database, Transaction
from lrs.store.sqlite.facts import note_act
from lrs.store.sqlite.sharing import PARTS, recorded, refresh
from schemas.audit import Act
from schemas.organisations import (
    Consent,
    ConsentLevel,
    Employment,
    Organisation,
    SharedAchievement,
    SummaryLine,
)

_organisation = msgspec.json.Decoder(Organisation).decode
_employment = msgspec.json.Decoder(Employment).decode
_consent = msgspec.json.Decoder(Consent).decode

_SHARED = (
    "seq, changed, achievement, gone, persona, unit, version, state, achieved, employee, "
    "department, score, valid_from"
)


class SqliteOrganisations:
    """Fulfils `lrs.store.organisations.Organisations`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, organisation: Organisation, act: Act) -> Organisation:
        """Add an organisation, or put it in the place of the one with its id."""

        def work(tx: Transaction) -> Organisation:
            row = tx.execute(
                "SELECT body FROM organisation WHERE id = ?", (organisation.id,)
            ).fetchone()
            created = _organisation(row[0]).created if row else tx.instant
            kept = msgspec.structs.replace(organisation, created=created)
            tx.execute(
                "INSERT INTO organisation VALUES (?, ?) "
                "ON CONFLICT DO UPDATE SET body = excluded.body",
                (kept.id, msgspec.json.encode(kept)),
            )
            note_act(tx, act)
            return kept

        return self._database.write(work)

    def organisation(self, organisation: str) -> Organisation | None:
        """Return the organisation."""
        row = (
            self._database.read()
            .execute("SELECT body FROM organisation WHERE id = ?", (organisation,))
            .fetchone()
        )
        return _organisation(row[0]) if row else None

    def page(self, after: str | None, limit: int) -> list[Organisation]:
        """Return a page of organisations in the order of their ids."""
        rows = self._database.read().execute(
            "SELECT body FROM organisation WHERE id > ? ORDER BY id LIMIT ?", (after or "", limit)
        )
        return [_organisation(row[0]) for row in rows]

    def employ(self, employments: Sequence[Employment], today: date, act: Act) -> None:
        """Put employments in the place of those of the same organisations and personas, whole."""

        def work(tx: Transaction) -> None:
            for one in employments:
                _put(tx, "employee", one)
                if one.until is not None:
                    _end_others(tx, one, one.until)
                refresh(tx, one.organisation, one.persona, today)
            note_act(tx, act)

        self._database.write(work)

    def employments(self, organisation: str, after: str | None, limit: int) -> list[Employment]:
        """Return a page of employments in the order of their personas."""
        return [_employment(one) for one in self._of("employee", organisation, after, limit)]

    def consent(self, consents: Sequence[Consent], today: date, act: Act) -> None:
        """Record consents, `given` now, in the place of earlier ones, whole."""

        def work(tx: Transaction) -> None:
            for one in consents:
                _put(tx, "consent", msgspec.structs.replace(one, given=tx.instant))
                refresh(tx, one.organisation, one.persona, today)
            note_act(tx, act)

        self._database.write(work)

    def withdraw(self, organisation: str, persona: str, act: Act) -> bool:
        """Withdraw a consent, of the personas merged into this one too."""

        def work(tx: Transaction) -> bool:
            given = [_consent(body) for body in recorded(tx, "consent", organisation, persona)]
            standing = [one for one in given if one.withdrawn is None]
            if not standing:
                return False
            for one in standing:
                _put(tx, "consent", msgspec.structs.replace(one, withdrawn=tx.instant))
            refresh(tx, organisation, persona, date.max)
            note_act(tx, act)
            return True

        return self._database.write(work)

    def consents(self, organisation: str, after: str | None, limit: int) -> list[Consent]:
        """Return a page of consents, withdrawn ones too, in the order of their personas."""
        return [_consent(one) for one in self._of("consent", organisation, after, limit)]

    def consents_of(self, persona: str) -> list[Consent]:
        """Return the consents of a persona and of those merged into it, withdrawn ones too."""
        rows = self._database.read().execute(
            f"{PARTS} SELECT body FROM consent WHERE persona IN part "  # noqa: S608
            "ORDER BY organisation, persona",
            (persona,),
        )
        return [_consent(row[0]) for row in rows]

    def settle(self, today: date, limit: int) -> bool:
        """Bring up to `limit` views up to date whose day has come; False where there was none."""
        due = "SELECT organisation, persona FROM visible_due WHERE day <= ? ORDER BY day LIMIT ?"
        values = (today.isoformat(), limit)
        if self._database.read().execute(due, values).fetchone() is None:
            return False

        def work(tx: Transaction) -> None:
            for organisation, persona in tx.execute(due, values).fetchall():
                refresh(tx, organisation, persona, today)

        self._database.write(work)
        return True

    def level(self, organisation: str, persona: str) -> ConsentLevel | None:
        """Return what the organisation may see of the persona now, None for nothing."""
        row = (
            self._database.read()
            .execute(
                "SELECT level FROM visible WHERE persona = ? AND organisation = ?",
                (persona, organisation),
            )
            .fetchone()
        )
        return row[0] if row else None

    def changes(self, query: SharedQuery, after: int, limit: int) -> list[SharedAchievement]:
        """Return changes after a seq, oldest first, tombstones included."""
        rows = self._database.read().execute(
            f"SELECT {_SHARED} FROM shared WHERE organisation = ? AND seq > ? "  # noqa: S608
            "ORDER BY seq LIMIT ?",
            (query.organisation, after, limit),
        )
        return [_shared(row) for row in rows]

    def shared(self, query: SharedQuery, after: int, limit: int) -> list[SharedAchievement]:
        """Return what may be seen, after a seq, in the order of seqs."""
        where, values = _where(query, "achieved")
        rows = self._database.read().execute(
            f"SELECT {_SHARED} FROM shared WHERE {where} AND gone = 0 AND seq > ? "  # noqa: S608
            "ORDER BY seq LIMIT ?",
            (*values, after, limit),
        )
        return [_shared(row) for row in rows]

    def summary(
        self, query: SharedQuery, after: tuple[str, str, str, str] | None, limit: int
    ) -> list[SummaryLine]:
        """Return a page of the sums of units, departments, months and states, in their order."""
        where, values = _where(query, "month")
        if after is not None:
            where += " AND (unit, department, month, state) > (?, ?, ?, ?)"
            values += after
        rows = self._database.read().execute(
            "SELECT unit, department, month, state, count FROM shared_sum "  # noqa: S608
            f"WHERE {where} ORDER BY unit, department, month, state LIMIT ?",
            (*values, limit),
        )
        return [
            SummaryLine(unit=row[0], department=row[1], month=row[2], state=row[3], count=row[4])
            for row in rows
        ]

    def _of(self, table: str, organisation: str, after: str | None, limit: int) -> list[bytes]:
        rows = self._database.read().execute(
            f"SELECT body FROM {table} WHERE organisation = ? AND persona > ? "  # noqa: S608
            "ORDER BY persona LIMIT ?",
            (organisation, after or "", limit),
        )
        return [row[0] for row in rows]


def _end_others(tx: Transaction, left: Employment, until: date) -> None:
    """End what was recorded for the personas merged into the one whose employment ended."""
    for body in recorded(tx, "employee", left.organisation, left.persona):
        other = ended(_employment(body), until)
        if other is not None and other.persona != left.persona:
            _put(tx, "employee", other)


def _put(tx: Transaction, table: str, one: Employment | Consent) -> None:
    tx.execute(
        f"INSERT INTO {table} (organisation, persona, body) VALUES (?, ?, ?) "  # noqa: S608
        "ON CONFLICT DO UPDATE SET body = excluded.body",
        (one.organisation, one.persona, msgspec.json.encode(one)),
    )


def _where(query: SharedQuery, time: str) -> tuple[str, tuple[Any, ...]]:
    """The conditions of a query; `time` is the column that its days or months are held against."""
    where, values = ["organisation = ?"], [query.organisation]
    for condition, value in (
        ("unit = ?", query.unit),
        ("department = ?", query.department),
        ("state = ?", query.state),
        ("persona = ?", query.persona),
        (f"{time} >= ?", query.since),
        (f"{time} <= ?", query.until),
    ):
        if value is not None:
            where.append(condition)
            values.append(value)
    return " AND ".join(where), tuple(values)


def _shared(row: tuple[Any, ...]) -> SharedAchievement:
    return SharedAchievement(
        seq=row[0],
        changed=row[1],
        id=row[2],
        gone=bool(row[3]),
        persona=row[4],
        unit=row[5],
        version=row[6],
        state=row[7],
        achieved=row[8],
        employee=row[9],
        department=row[10],
        score=row[11],
        valid_from=row[12],
    )
