"""What each organisation sees, kept with every change of what it is made from."""

from __future__ import annotations

from datetime import date

import msgspec

from lrs.store.sharing import Shown, shown
from lrs.store.sqlite.database import Transaction
from schemas.achievements import Achievement
from schemas.organisations import Consent, Employment, live, next_change

_achievement = msgspec.json.Decoder(Achievement).decode
_employment = msgspec.json.Decoder(Employment).decode
_consent = msgspec.json.Decoder(Consent).decode


def share(tx: Transaction, achievement: Achievement) -> None:
    """Show a changed achievement to every organisation that sees the persona."""
    rows = tx.execute(
        "SELECT organisation, employee, department FROM visible WHERE persona = ?",
        (achievement.persona,),
    ).fetchall()
    for organisation, employee, department in rows:
        _show(tx, organisation, achievement, employee, department)


def refresh(tx: Transaction, organisation: str, persona: str, today: date) -> None:
    """Bring what an organisation sees of a persona up to date with employment and consent."""
    key = (organisation, persona)
    which = "WHERE organisation = ? AND persona = ?"
    row = tx.execute(f"SELECT body FROM employee {which}", key).fetchone()  # noqa: S608
    employment = _employment(row[0]) if row else None
    row = tx.execute(f"SELECT body FROM consent {which}", key).fetchone()  # noqa: S608
    consent = _consent(row[0]) if row else None
    tx.execute(f"DELETE FROM visible_due {which}", key)  # noqa: S608
    day = next_change(employment, consent, today)
    if day is not None:
        tx.execute("INSERT INTO visible_due VALUES (?, ?, ?)", (*key, day.isoformat()))
    if employment is None or consent is None or not live(employment, consent, today):
        _hide(tx, organisation, persona)
        return
    tx.execute(
        "INSERT INTO visible (persona, organisation, level, employee, department) "
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET level = excluded.level, "
        "employee = excluded.employee, department = excluded.department",
        (persona, organisation, consent.level, employment.employee, employment.department),
    )
    bodies = tx.execute("SELECT body FROM achievement WHERE persona = ?", (persona,)).fetchall()
    for (body,) in bodies:
        _show(tx, organisation, _achievement(body), employment.employee, employment.department)


def forget(tx: Transaction, persona: str) -> None:
    """Let no organisation see anything of a persona that is erased, nor keep who it was."""
    rows = tx.execute(
        "SELECT organisation FROM employee WHERE persona = ?1 "
        "UNION SELECT organisation FROM consent WHERE persona = ?1",
        (persona,),
    ).fetchall()
    for (organisation,) in rows:
        _hide(tx, organisation, persona)
        key = (organisation, persona)
        tx.execute("DELETE FROM visible_due WHERE organisation = ? AND persona = ?", key)
        tx.execute("UPDATE shared SET persona = '' WHERE organisation = ? AND persona = ?", key)
    tx.execute("DELETE FROM employee WHERE persona = ?", (persona,))
    tx.execute("DELETE FROM consent WHERE persona = ?", (persona,))


def _hide(tx: Transaction, organisation: str, persona: str) -> None:
    tx.execute(
        "DELETE FROM visible WHERE persona = ? AND organisation = ?", (persona, organisation)
    )
    rows = tx.execute(
        "SELECT achievement FROM shared WHERE organisation = ? AND persona = ? AND gone = 0",
        (organisation, persona),
    ).fetchall()
    for (achievement,) in rows:
        _take_away(tx, organisation, achievement)


def _show(
    tx: Transaction, organisation: str, achievement: Achievement, employee: str, department: str
) -> None:
    new = shown(achievement, employee, department)
    if new is None:
        _take_away(tx, organisation, achievement.id)
        return
    old = _shown(tx, organisation, achievement.id)
    if old == new:
        return
    if old is not None:
        _count(tx, organisation, old, -1)
    _count(tx, organisation, new, 1)
    tx.execute(
        "INSERT OR REPLACE INTO shared VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?)",
        (organisation, achievement.id, _next(tx), tx.instant, *new),
    )


def _take_away(tx: Transaction, organisation: str, achievement: str) -> None:
    """Leave a tombstone, with nothing in it but what was there before has gone."""
    old = _shown(tx, organisation, achievement)
    if old is None:
        return
    _count(tx, organisation, old, -1)
    tx.execute(
        "UPDATE shared SET gone = 1, seq = ?, changed = ?, unit = '', version = 0, state = '', "
        "achieved = '', employee = '', department = '', score = NULL "
        "WHERE organisation = ? AND achievement = ?",
        (_next(tx), tx.instant, organisation, achievement),
    )


def _shown(tx: Transaction, organisation: str, achievement: str) -> Shown | None:
    row = tx.execute(
        f"SELECT {', '.join(Shown._fields)} FROM shared "  # noqa: S608
        "WHERE organisation = ? AND achievement = ? AND gone = 0",
        (organisation, achievement),
    ).fetchone()
    return Shown(*row) if row else None


def _count(tx: Transaction, organisation: str, row: Shown, by: int) -> None:
    key = (organisation, row.unit, row.department, row.achieved[:7], row.state)
    tx.execute(
        "INSERT INTO shared_sum VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET count = count + excluded.count",
        (*key, by),
    )
    tx.execute(
        "DELETE FROM shared_sum WHERE organisation = ? AND unit = ? AND department = ? "
        "AND month = ? AND state = ? AND count = 0",
        key,
    )


def _next(tx: Transaction) -> int:
    row = tx.execute("UPDATE shared_seq SET last = last + 1 RETURNING last").fetchone()
    return int(row[0])
