"""The contract of the store of units and achievements."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from schemas.achievements import Achievement
from schemas.claims import ClaimPayload
from schemas.units import Unit


class UnitTaken(Exception):
    """Another unit is published under the same code and version."""

    def __init__(self, unit: Unit) -> None:
        super().__init__(
            f"unit {unit.code} version {unit.version} is published with other content and a "
            "published version never changes: give the new content the next version"
        )


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


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What an evaluation came to.

    `achievement` is the one to be written, None where there is none or nothing changes;
    `claims` are queued unless their receiver has one of the same achievement. `unknown_at` are
    receivers that the learner has to be looked up at first. `again_at`
    (microseconds) is when to evaluate again without anything new being said.
    """

    due: DueEvaluation
    achievement: Achievement | None = None
    claims: Sequence[NewClaim] = ()
    unknown_at: Sequence[str] = ()
    again_at: int | None = None


class Units(Protocol):
    """Published units, all versions. Safe from many threads."""

    def publish(self, unit: Unit, activities: Collection[str]) -> bool:
        """Publish a unit's version and mark all personas with events of `activities` as due.

        Returns False where the same version is published already. Raises UnitTaken.
        """
        ...

    def all(self) -> list[Unit]:
        """Return every version of every unit, by code and version."""
        ...


class Achievements(Protocol):
    """Achievements and what has to be evaluated. Safe from many threads."""

    def due(self, limit: int) -> list[DueEvaluation]:
        """Return up to `limit` evaluations to be made, the oldest marks first."""
        ...

    def mark_achieved(self) -> None:
        """Mark every verified achievement to be looked at again (a receiver was added)."""
        ...

    def of_unit(self, persona: str, unit: str) -> list[Achievement]:
        """Return a persona's achievements of all versions of a unit, the latest version last."""
        ...

    def settle(self, evaluations: Sequence[Evaluation]) -> None:
        """Write what evaluations came to, whole.

        A revoked achievement's claims are withdrawn, at their receivers too. A mark set since
        the evaluation began stays.
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
