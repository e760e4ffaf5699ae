"""What an evaluation decides, condition by condition, and on which statements."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from schemas.units import Condition, CreditMinimum

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
    "overlapping_hours",
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
    "in_sequence",
    "not_in_sequence",
    "achieved",
    "not_achieved",
    "enough_credits",
    "too_few_credits",
]
"""Why a condition is met or not. Parameters: `at_least` and `have` (share 0..1, hours, credits or a
count; `have` is missing where nothing was said), `of` where so many there are, `earned` the credits
before caps."""

Refused = Literal[
    "provenance",
    "future",
    "before_effective",
    "after_effective",
    "before_within",
    "after_within",
    "out_of_sequence",
    "unsigned",
    "untrusted",
    "invalid",
    "compromised",
    "implausible",
    "too_short",
    "already_counted",
    "withdrawn",
    "waived",
    "no_examiner",
    "other_examiner",
    "own_examiner",
    "expired",
]
"""Why a statement that says what a condition asks for does not count: the provenance class of its
source; its time after the evaluation's, or outside the days of the unit or the condition, or not
after what has to come before it; what its signature came to, where a valid one is asked for; its
source's key in other hands when it came; more hours than a day has; over sooner than it may be; it
earned credit in this unit or an equivalent one before; taken back later (`uncompleted`, or the
session's attendance corrected); the activity waived instead of done; no examiner, none of those
named, or the learner as examiner. An achievement does not count whose validity is over."""


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that would have counted, or an achievement, by its id.

    `detail` is the provenance class, the examiner, the unit that it earned credit in, or the last
    day of its validity.
    """

    statement: str
    time: datetime
    reason: Refused
    detail: str | None = None


class CreditShare(msgspec.Struct, frozen=True, kw_only=True):
    """How many of the credits that one sum asks for there are."""

    minimum: CreditMinimum
    have: float

    @property
    def met(self) -> bool:
        """Tell whether there are enough."""
        return self.have >= self.minimum.at_least


class ConditionResult(msgspec.Struct, frozen=True, kw_only=True):
    """How one condition was judged.

    `achieved_at` is the earliest time at which it was met. `evidence` are the statements that
    the result rests on, sorted: of a condition that is not met, what counts so far; of `any` and
    `count`, those of the conditions met first, as many as are needed. `achievements` are the ids
    of those that it rests on, `shares` the sums within a sum of credits.
    """

    condition: Condition
    met: bool
    reason: Reason
    parameters: dict[str, float] = {}
    achieved_at: datetime | None = None
    score: float | None = None
    evidence: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()
    achievements: tuple[str, ...] = ()
    shares: tuple[CreditShare, ...] = ()
    conditions: tuple[ConditionResult, ...] = ()


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a persona's events meet a unit's rule, as of a time.

    `score` (0..1) is the best share of the conditions that ask for a score and that the decision
    rests on, as of `achieved_at`, else None. `evidence` and `achievements` (ids) are empty where
    the rule is not met; of what they name, none could be left out. `look_again_at` is when the
    first statement from the future will count, None where there is none.
    """

    unit: str
    version: int
    as_of: datetime
    met: bool
    achieved_at: datetime | None = None
    score: float | None = None
    evidence: tuple[str, ...] = ()
    achievements: tuple[str, ...] = ()
    rule: ConditionResult
    look_again_at: datetime | None = None
