"""What an evaluation decides, condition by condition, and on which statements."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from schemas.units import Condition

Reason = Literal[
    "completed",
    "not_completed",
    "passed",
    "not_passed",
    "scored",
    "scored_too_low",
    "not_scored",
    "hours_spent",
    "too_few_hours",
    "attended",
    "too_few_sessions",
    "examined",
    "not_examined",
    "all_met",
    "not_all_met",
    "any_met",
    "none_met",
    "enough_met",
    "too_few_met",
]
"""Why a condition is met or not. Parameters: `at_least` and `have` (share 0..1, hours or a
count; `have` is missing where nothing was said), `of` where so many there are."""

Refused = Literal[
    "provenance",
    "future",
    "before_effective",
    "after_effective",
    "before_within",
    "after_within",
    "withdrawn",
    "waived",
    "no_examiner",
    "other_examiner",
    "own_examiner",
]
"""Why a statement that says what a condition asks for does not count: the provenance class of its
source; its time after the evaluation's, or outside the days of the unit or the condition; taken
back later (`uncompleted`, or the session's attendance corrected); the activity waived instead of
done; no examiner, none of those named, or the learner as examiner."""


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that would have counted; `detail` is the provenance class or the examiner."""

    statement: str
    time: datetime
    reason: Refused
    detail: str | None = None


class ConditionResult(msgspec.Struct, frozen=True, kw_only=True):
    """How one condition was judged.

    `achieved_at` is the earliest time at which it was met. `evidence` are the statements that
    the result rests on, sorted: of a condition that is not met, what counts so far; of `any` and
    `count`, those of the conditions met first, as many as are needed.
    """

    condition: Condition
    met: bool
    reason: Reason
    parameters: dict[str, float] = {}
    achieved_at: datetime | None = None
    score: float | None = None
    evidence: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()
    conditions: tuple[ConditionResult, ...] = ()


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a persona's events meet a unit's rule, as of a time.

    `score` (0..1) is the best share of the conditions that ask for a score and that the decision
    rests on, as of `achieved_at`, else None. `evidence` is empty where the rule is not met.
    `look_again_at` is when the first statement from the future will count, None where there is
    none.
    """

    unit: str
    version: int
    as_of: datetime
    met: bool
    achieved_at: datetime | None = None
    score: float | None = None
    evidence: tuple[str, ...] = ()
    rule: ConditionResult
    look_again_at: datetime | None = None
