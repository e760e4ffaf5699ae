"""What an organisation sees of an achievement, whatever the store."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from msgspec.structs import replace

from schemas.achievements import Achievement
from schemas.audit import Act
from schemas.organisations import SHARED_STATES, Employment
from schemas.times import moment_of
from schemas.units import BANK_ZONE


class Shown(NamedTuple):
    """What an organisation sees of an achievement; `achieved` and `valid_from` are days, ISO
    8601."""

    persona: str
    unit: str
    version: int
    state: str
    achieved: str
    employee: str
    department: str
    score: float | None
    valid_from: str


def shown(achievement: Achievement, employee: str, department: str) -> Shown | None:
    """Return what an employer sees of an employee's achievement, None for nothing."""
    if achievement.state not in SHARED_STATES:
        return None
    return Shown(
        persona=achievement.persona,
        unit=achievement.unit,
        version=achievement.version,
        state=achievement.state,
        achieved=_day(achievement.achieved_at),
        employee=employee,
        department=department,
        score=achievement.score,
        valid_from=_day(achievement.valid_from),
    )


def _day(moment: datetime) -> str:
    return moment.astimezone(BANK_ZONE).date().isoformat()


def followed(told: Employment, held: Employment | None, *, listed: bool) -> Employment | None:
    """Return the employment that follows from a roster, None where nothing changes.

    `told` is what the roster would give whom it lists from today on (its `since`), `held` what is
    recorded. Whom the roster lists no more has left today; what somebody else recorded stays.
    """
    if held is not None and held.roster != told.roster:
        return None
    if listed:
        return told if held is None or held.until is not None else None
    return replace(held, until=told.since) if held is not None and held.until is None else None


def act_of_following(employment: Employment) -> Act:
    """Return the act of a roster that an employment followed."""
    joined = employment.until is None
    return Act(
        principal=f"roster:{employment.roster}",
        action="organisation.employ" if joined else "organisation.leave",
        subject=employment.organisation,
        persona=employment.persona,
    )


def ended(employment: Employment, until: date) -> Employment | None:
    """Return an employment ended on the day, None where it ends no later as it is."""
    if employment.until is not None and employment.until <= until:
        return None
    return replace(employment, until=until)


def day_of(instant: int) -> date:
    """Return the day of an instant (microseconds) where the bank is."""
    return moment_of(instant).astimezone(BANK_ZONE).date()
