"""Learner records: what a persona did with one activity in one registration."""

from __future__ import annotations

from datetime import datetime

import msgspec

from schemas.events import Attendance, Score

EVIDENCE_LIMIT = 200
"""Statements that a record in a list names at the most; the rest is paged."""


class LearnerRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The fold of all events of one persona, activity and registration.

    `duration` is seconds, `progress` 0..1, `attempts` a count, times are aware UTC
    datetimes. `duration` is measured: time that two events fill counts once. `sessions` maps a
    session's id to its attendance. `events` counts what was folded in; `evidence` holds the ids
    of the statements it was taken from, sorted (where a store returns a record, up to
    `EVIDENCE_LIMIT` of them).
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
    events: int = 0
    evidence: tuple[str, ...] = ()
