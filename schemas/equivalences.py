"""Equivalences: effective-dated rules that convert what was achieved into other units."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from schemas.units import Period


class ConversionCap(msgspec.Struct, frozen=True, kw_only=True):
    """All conversions of a `category` together bring a persona no more than `credits`."""

    category: str
    credits: float


class Equivalence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who has achieved all of `sources` has achieved `target`, at one version of the rule.

    Units are named by their codes; a degree course is a unit too. `both_ways` converts back as
    well, the target into each of the sources, where it has one only. `credits` is what a
    conversion brings, those of the unit it leads to where None. `effective` are the days on which
    it converts: that on which the last of the sources was achieved. A published version never
    changes.
    """

    code: str
    version: int
    title: dict[str, str]
    sources: tuple[str, ...] = msgspec.field(name="from")
    target: str = msgspec.field(name="to")
    both_ways: bool = False
    awarding_body: str
    credits: float | None = None
    cap: ConversionCap | None = None
    effective: Period = Period()


class Conversion(NamedTuple):
    """One direction of an equivalence: `sources` into `target`."""

    equivalence: Equivalence
    sources: tuple[str, ...]
    target: str


def conversions_of(equivalence: Equivalence) -> tuple[Conversion, ...]:
    """Return the directions in which an equivalence converts."""
    there = Conversion(equivalence, equivalence.sources, equivalence.target)
    if not equivalence.both_ways:
        return (there,)
    return there, Conversion(equivalence, (equivalence.target,), equivalence.sources[0])
