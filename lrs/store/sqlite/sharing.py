"""What each organisation sees, kept with every change of what it is made from."""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

from lrs.store.sharing import Shown, act_of_following, day_of, followed, shown
from lrs.store.sqlite.database import Transaction
from lrs.store.sqlite.facts import note_act
from schemas.achievements import Achievement
from schemas.organisations import (
    Consent,
    Employment,
    consent_of,
    employment_of,
    live,
    next_change,
)

_achievement = msgspec.json.Decoder(Achievement).decode
_employment = msgspec.json.Decoder(Employment).decode
_consent = msgspec.json.Decoder(Consent).decode

PARTS = (
    "WITH RECURSIVE part (id) AS (SELECT ? UNION "
    "SELECT p.id FROM persona p JOIN part ON p.merged_into = part.id)"
)
"""A persona and all that are merged into it."""


def share(tx: Transaction, achievement: Achievement) -> None:
    """Show a changed achievement to every organisation that sees the persona."""
    rows = tx.execute(
        "SELECT organisation, employee, department FROM visible WHERE persona = ?",
        (achievement.persona,),
    ).fetchall()
    for organisation, employee, department in rows:
        _show(tx, organisation, achievement, employee, department)


def refresh(tx: Transaction, organisation: str, persona: str, today: date) -> None:
    """Bring what an organisation sees of a persona up to date with employment and consent.

    Of one that is merged into another nothing is seen: it is the other one's.
    """
    root = root_of(tx, persona)
    if root != persona:
        _forget_view(tx, organisation, persona)
    employment = employment_of(
        [_employment(body) for body in recorded(tx, "employee", organisation, root)], today
    )
    consent = consent_of([_consent(body) for body in recorded(tx, "consent", organisation, root)])
    key = (organisation, root)
    tx.execute("DELETE FROM visible_due WHERE organisation = ? AND persona = ?", key)
    day = next_change(employment, consent, today)
    if day is not None:
        tx.execute("INSERT INTO visible_due VALUES (?, ?, ?)", (*key, day.isoformat()))
    if employment is None or consent is None or not live(employment, consent, today):
        _hide(tx, organisation, root)
        return
    tx.execute(
        "INSERT INTO visible (persona, organisation, level, employee, department) "
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET level = excluded.level, "
        "employee = excluded.employee, department = excluded.department",
        (root, organisation, consent.level, employment.employee, employment.department),
    )
    bodies = tx.execute("SELECT body FROM achievement WHERE persona = ?", (root,)).fetchall()
    for (body,) in bodies:
        _show(tx, organisation, _achievement(body), employment.employee, employment.department)


def refresh_everywhere(tx: Transaction, *personas: str) -> None:
    """Bring what every organisation sees of personas up to date, where who is merged into whom
    has changed.
    """
    organisations = set()
    for persona in personas:
        organisations |= {
            row[0]
            for row in tx.execute(
                f"{PARTS} SELECT organisation FROM employee WHERE persona IN part "  # noqa: S608
                "UNION SELECT organisation FROM consent WHERE persona IN part",
                (root_of(tx, persona),),
            )
        }
    for organisation in sorted(organisations):
        for persona in personas:
            refresh(tx, organisation, persona, day_of(tx.instant))


def recorded(
    tx: Transaction, table: Literal["employee", "consent"], organisation: str, persona: str
) -> list[bytes]:
    """Return what was recorded at an organisation for a persona and those merged into it."""
    rows = tx.execute(
        f"{PARTS} SELECT body FROM {table} "  # noqa: S608
        "WHERE organisation = ? AND persona IN part",
        (persona, organisation),
    ).fetchall()
    return [row[0] for row in rows]


def root_of(tx: Transaction, persona: str) -> str:
    """Return who the persona is merged into at last, or itself."""
    while True:
        row = tx.execute("SELECT merged_into FROM persona WHERE id = ?", (persona,)).fetchone()
        if row is None or row[0] is None:
            return persona
        persona = row[0]


def _forget_view(tx: Transaction, organisation: str, persona: str) -> None:
    key = (organisation, persona)
    tx.execute("DELETE FROM visible_due WHERE organisation = ? AND persona = ?", key)
    _hide(tx, organisation, persona)


def employ_by_roster(
    tx: Transaction,
    roster: str,
    person: str,
    before: set[tuple[str, str]],
    now: set[tuple[str, str]],
) -> None:
    """Let employments follow a roster: whom it lists in an organisation with the id of one of ours
    works there from today on, whom it lists no more has left today.

    `before` and `now` are organisations and personas. What somebody recorded stays as it is.
    """
    today = day_of(tx.instant)
    for organisation, persona in sorted(before | now):
        row = tx.execute(
            "SELECT e.body FROM organisation o LEFT JOIN employee e "
            "ON e.organisation = o.id AND e.persona = ? WHERE o.id = ?",
            (persona, organisation),
        ).fetchone()
        if row is None:
            continue
        held = _employment(row[0]) if row[0] is not None else None
        given = Employment(
            organisation=organisation, persona=persona, since=today, employee=person, roster=roster
        )
        told = followed(given, held, listed=(organisation, persona) in now)
        if told is None:
            continue
        tx.execute(
            "INSERT INTO employee (organisation, persona, body) VALUES (?, ?, ?) "
            "ON CONFLICT DO UPDATE SET body = excluded.body",
            (organisation, persona, msgspec.json.encode(told)),
        )
        note_act(tx, act_of_following(told))
        refresh(tx, organisation, persona, today)


def forget(tx: Transaction, persona: str) -> None:
    """Let no organisation see anything of a persona that is erased, nor keep who it was."""
    rows = tx.execute(
        "SELECT organisation FROM employee WHERE persona = ?1 "
        "UNION SELECT organisation FROM consent WHERE persona = ?1 "
        "UNION SELECT organisation FROM visible WHERE persona = ?1",
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
        "INSERT OR REPLACE INTO shared VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
        "achieved = '', employee = '', department = '', score = NULL, valid_from = '' "
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
