"""Learner records: what a persona did with one activity in one registration."""

from __future__ import annotations

from datetime import datetime

import msgspec

from schemas.events import Attendance, Score


class LearnerRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The fold of all events of one persona, activity and registration.

    `duration` is seconds, `progress` 0..1, `attempts` a count, times are aware UTC
    datetimes. `sessions` maps a session's id to its attendance. `evidence` holds the ids of
    all statements folded in, sorted.
    """

    activity: str
    registration: str | None = None
    name: dict[str, str] | None = None
    type: str | None = None
    course: str | None = None
    first: datetime
    last: datetime
    attempts: int = 0
    progress: float | None = None
    best_score: Score | None = None
    last_score: Score | None = None
    success: bool | None = None
    completion: bool | None = None
    completed_at: datetime | None = None
    duration: float = 0.0
    sessions: dict[str, Attendance] = {}
    examiners: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
