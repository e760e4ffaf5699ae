"""The contract of the store of achievements."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import msgspec

from schemas.achievements import Achievement, AchievementState, OfficerDecision
from schemas.audit import Act
from schemas.claims import ClaimPayload
from schemas.facts import FactKind


class DueEvaluation(NamedTuple):
    """A persona to be evaluated for a unit; `marked` tells one mark from a later one."""

    persona: str
    unit: str
    marked: int


@dataclass(frozen=True, kw_only=True)
class NewClaim:
    """A claim to be put to a receiver."""

    achievement: str
    receiver: str
    payload: ClaimPayload


EVIDENCE_REPLACED = "evidence_replaced"
"""Why a claim is withdrawn whose achievement stands on other evidence than it names."""


def bound_alike(payload: bytes, claim: NewClaim) -> bool:
    """Tell whether a claim's payload (JSON) names the evidence that a new claim does."""
    bound = msgspec.json.decode(payload, type=ClaimPayload).evidence_hash
    return bound == claim.payload.evidence_hash


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What an evaluation came to.

    `achievement` is the one to be written, None where there is none or nothing changes, and
    `superseded` the one whose place it took; `sources` are those of its evidence, None where they
    are as they were; `claims` are queued unless their receiver has one of
    the same achievement. Where one of them changes, the persona is due for the units of
    `dependents`. `again_at` (microseconds) is when to evaluate again without anything new being
    said.
    """

    due: DueEvaluation
    achievement: Achievement | None = None
    superseded: Achievement | None = None
    sources: Collection[int] | None = None
    claims: Sequence[NewClaim] = ()
    dependents: Collection[str] = ()
    again_at: int | None = None


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """An officer's decision to be written: on which candidate, what it becomes, what follows."""

    candidate: Achievement
    becomes: Achievement
    decision: OfficerDecision
    act: Act
    claims: Sequence[NewClaim] = ()
    dependents: Collection[str] = ()


def fact_of(
    achievement: Achievement, before: AchievementState | None
) -> tuple[FactKind, dict[str, Any]] | None:
    """Return the kind and body of the fact that a changed achievement brings; None where nothing
    is told: it is a candidate and was not verified. `before` is its state, None of a new one.
    """
    told: dict[str, Any] = msgspec.to_builtins(achievement)
    del told["hours"]  # when somebody studied is nobody's but the record's
    if achievement.state != "candidate":
        return achievement.state, told
    return ("revoked", {**told, "state": "revoked"}) if before == "verified" else None


class Achievements(Protocol):
    """Achievements and what has to be evaluated. Safe from many threads."""

    def due(self, limit: int) -> list[DueEvaluation]:
        """Return up to `limit` evaluations to be made, the oldest marks first; what else is due of
        a persona may come with its oldest, so that it is read once.
        """
        ...

    def mark_achieved(self) -> None:
        """Mark every verified achievement to be looked at again (a receiver was added)."""
        ...

    def mark_of_source(self, source: int) -> int:
        """Mark everything due whose evidence rests on the source, and return how much that is."""
        ...

    def mark_of_persona(self, persona: str) -> None:
        """Mark a persona due for every unit that it has an achievement of: it was merged or not."""
        ...

    def of_persona(self, persona: str, units: Collection[str] | None = None) -> list[Achievement]:
        """Return the achievements of a persona, of all units or of some, by unit and version."""
        ...

    def of_unit(self, persona: str, unit: str) -> list[Achievement]:
        """Return a persona's achievements of all versions of a unit, the latest version last."""
        ...

    def settle(self, evaluations: Sequence[Evaluation], epoch: int | None = None) -> bool:
        """Write what evaluations came to, whole; False, with nothing written, where persons were
        erased, or identities or courses have changed, since `epoch`
        (`lrs.store.projections.Checkpoint`).

        The claims of an achievement that stands no more are withdrawn. A mark set since the
        evaluation began stays.
        """
        ...

    def achievement(self, achievement: str) -> Achievement | None:
        """Return the achievement."""
        ...

    def page(
        self, after: tuple[int, str] | None, limit: int, persona: str | None = None
    ) -> list[tuple[int, Achievement]]:
        """Return a page with the instant (microseconds) of each one's last change, newest first."""
        ...

    def officer_queue(
        self, after: tuple[int, str] | None, limit: int, units: Collection[str] | None = None
    ) -> list[tuple[int, Achievement]]:
        """Return a page of those that wait for an officer, each with the instant since when, the
        longest first; of all units or of some.
        """
        ...

    def rule_on(self, ruling: Ruling) -> bool:
        """Write an officer's decision with the act; False, with nothing written, where the
        candidate is no longer what the officer saw.
        """
        ...

    def decisions(self, achievement: str) -> list[OfficerDecision]:
        """Return what officers decided on an achievement, the earliest first."""
        ...

    def personas_concerned(
        self, unit: str, activities: Collection[str], units: Collection[str], after: str, limit: int
    ) -> list[str]:
        """Return up to `limit` ids of personas after `after`, in order, who have events of
        `activities`, achievements of `units` or one of the unit that stands.
        """
        ...
