"""The decision whether what a persona achieved converts into a unit: pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Literal

import msgspec

from lrs.achievements.credit_sum import exact
from lrs.achievements.earned import Earned
from schemas.achievements import Achievement
from schemas.equivalences import Conversion, Equivalence

ConversionReason = Literal[
    "converted", "not_achieved", "expired", "used", "out_of_effect", "cap_reached"
]
"""Why a conversion was made or not: one of its units was not achieved by a rule of its own, or
was converted already; the validity of one is over; the last of them was achieved outside the
equivalence's days; its category has brought all the credits that it may."""


class ConversionResult(msgspec.Struct, frozen=True, kw_only=True):
    """What an equivalence came to for a persona; `basis` are the achievements that it converts."""

    equivalence: str
    sources: tuple[str, ...]
    reason: ConversionReason
    credits: float = 0.0
    achieved_at: datetime | None = None
    basis: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()

    @property
    def met(self) -> bool:
        """Tell whether it converts."""
        return self.reason == "converted"


def convert(
    conversion: Conversion,
    worth: float,
    earned: Sequence[Earned],
    converted: Sequence[tuple[Equivalence, Achievement]],
) -> ConversionResult:
    """Decide whether achievements convert into the unit of `conversion`, which is worth `worth`.

    `earned` is what the persona has verified, `converted` what stands that came by conversion,
    other than into this unit. What came by conversion is not converted on, and nothing is
    converted twice.
    """
    equivalence = conversion.equivalence
    name = f"{equivalence.code}/{equivalence.version}"
    own = {one.unit: one for one in earned if not one.converted}
    basis = [own[code] for code in conversion.sources if code in own]

    def result(reason: ConversionReason) -> ConversionResult:
        return ConversionResult(equivalence=name, sources=conversion.sources, reason=reason)

    if len(basis) < len(conversion.sources):
        return result("not_achieved")
    if any(one.expired for one in basis):
        return result("expired")
    used = {one for _, achievement in converted for one in achievement.basis}
    if used.intersection(one.id for one in basis):
        return result("used")
    achieved_at = max(one.achieved_at for one in basis)
    if equivalence.effective.place(achieved_at) != "within":
        return result("out_of_effect")
    credits = exact(worth if equivalence.credits is None else equivalence.credits)
    if equivalence.cap is not None:
        credits = min(credits, exact(equivalence.cap.credits) - _brought(equivalence, converted))
    if credits <= 0:
        return result("cap_reached")
    return ConversionResult(
        equivalence=name,
        sources=conversion.sources,
        reason="converted",
        credits=float(credits),
        achieved_at=achieved_at,
        basis=tuple(sorted(one.id for one in basis)),
        evidence=tuple(sorted({statement for one in basis for statement in one.evidence})),
    )


def _brought(
    equivalence: Equivalence, converted: Iterable[tuple[Equivalence, Achievement]]
) -> Fraction:
    category = equivalence.cap.category if equivalence.cap else None
    return sum(
        (
            exact(achievement.credits or 0.0)
            for other, achievement in converted
            if other.cap is not None and other.cap.category == category
        ),
        Fraction(0),
    )
