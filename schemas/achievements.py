"""Achievements: a persona has met a unit's rule."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

import msgspec

AchievementState = Literal["candidate", "verified", "superseded", "revoked"]
ACHIEVEMENT_STATES: tuple[AchievementState, ...] = get_args(AchievementState)


class Achievement(msgspec.Struct, frozen=True, kw_only=True):
    """A persona has met the rule of a unit's version.

    `evidence` maps the id of each statement that the decision rests on to the lower-case hex
    SHA-256 of its stored JSON; `evidence_hash` binds them to the rule's version. `score` is
    0..1; times are aware UTC datetimes.
    """

    id: str
    persona: str
    unit: str
    version: int
    state: AchievementState
    achieved_at: datetime
    score: float | None = None
    evidence: dict[str, str] = {}
    evidence_hash: str
