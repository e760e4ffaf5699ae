"""Achievements: a persona has met a unit's rule."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args

import msgspec

AchievementState = Literal["candidate", "verified", "refused", "superseded", "revoked"]
"""`candidate`: the rule is met, an officer is awaited. `refused`: by an officer. `superseded`: a
later version of the rule or another achievement took its place. `revoked`: it stands no more."""

ACHIEVEMENT_STATES: tuple[AchievementState, ...] = get_args(AchievementState)

STANDING: tuple[AchievementState, ...] = ("candidate", "verified", "refused")
"""The states of an achievement whose rule is met."""

Verdict = Literal["approve", "refuse", "ask"]
"""What an officer decides; `ask` asks the learner for more."""

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


class Renewal(msgspec.Struct, frozen=True, kw_only=True):
    """A persona has met the rule again, by what was done after the achievement or its last renewal.

    `achieved_at`, `score`, `evidence` and `evidence_hash` are as those of an achievement.
    """

    achieved_at: datetime
    score: float | None = None
    evidence: dict[str, str]
    evidence_hash: str


class Achievement(msgspec.Struct, frozen=True, kw_only=True):
    """A persona has met the rule of a unit's version.

    `evidence` maps the id of each statement that the decision rests on to the lower-case hex
    SHA-256 of its stored JSON; `evidence_hash` binds them to the rule's version. `score` is
    0..1; times are aware UTC datetimes. `credits` are those it brings, the unit's where None.
    `basis` are the ids of achievements that it rests on, `conversion` the equivalence
    (`CODE/VERSION`) that it came by. `asked` tells whether an officer has asked for more before
    deciding, `reason` why it is refused, superseded or revoked. `hours` maps statements to the time
    (begin and end, microseconds since the epoch) that they fill for conditions on hours. `renewals`
    put off the end of its validity, in their order, and bring nothing else.
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
    credits: float | None = None
    basis: tuple[str, ...] = ()
    conversion: str | None = None
    asked: bool = False
    reason: str | None = None
    hours: dict[str, tuple[int, int]] = {}
    renewals: tuple[Renewal, ...] = ()

    @property
    def valid_from(self) -> datetime:
        """From when on its validity is counted: its last renewal, else when it was achieved."""
        return self.renewals[-1].achieved_at if self.renewals else self.achieved_at

    @property
    def all_evidence(self) -> frozenset[str]:
        """The ids of the statements that it and its renewals rest on."""
        return frozenset(self.evidence).union(*(one.evidence for one in self.renewals))

    @property
    def hashes(self) -> tuple[str, ...]:
        """The evidence hashes of it and of its renewals, in their order."""
        return self.evidence_hash, *(one.evidence_hash for one in self.renewals)


class OfficerDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What an officer decided on an achievement, and why.

    It holds for the evidence that `evidence_hash` binds; `at` is microseconds since the epoch.
    """

    achievement: str
    at: int
    principal: str
    verdict: Verdict
    reason: str
    evidence_hash: str
