"""What an organisation sees of an achievement, whatever the store."""

from __future__ import annotations

from typing import NamedTuple

from schemas.achievements import Achievement
from schemas.organisations import SHARED_STATES
from schemas.units import BANK_ZONE


class Shown(NamedTuple):
    """What an organisation sees of an achievement; `achieved` is the day, ISO 8601."""

    persona: str
    unit: str
    version: int
    state: str
    achieved: str
    employee: str
    department: str
    score: float | None


def shown(achievement: Achievement, employee: str, department: str) -> Shown | None:
    """Return what an employer sees of an employee's achievement, None for nothing."""
    if achievement.state not in SHARED_STATES:
        return None
    return Shown(
        persona=achievement.persona,
        unit=achievement.unit,
        version=achievement.version,
        state=achievement.state,
        achieved=achievement.achieved_at.astimezone(BANK_ZONE).date().isoformat(),
        employee=employee,
        department=department,
        score=achievement.score,
    )
