"""Sums of credits with minima and caps: the most that counts, exact and in one choice for all.

Each achievement counts between nothing and its credits. That no cap is broken and every sum is
reached is a linear programme whose origin is feasible: a sum is a variable that is neither more
than what is asked nor than what counts for it. The most of all sums is found by the simplex method
with Bland's rule, in fractions. More achievements are more variables, so they never lower it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple

from lrs.achievements.earned import Earned
from schemas.units import BANK_ZONE, CreditCap, CreditMinimum, Credits

Row = dict[int, Fraction]


class Counted(NamedTuple):
    """What counts: `have` of each sum (the whole first, then `of_which`), `earned` before caps."""

    have: tuple[Fraction, ...]
    earned: Fraction
    enough: bool


class _Credit(NamedTuple):
    """What some credits are, as far as minima and caps tell them apart."""

    category: str
    route: str | None
    awarding_body: str
    achieved_at: datetime
    amount: Fraction


def exact(amount: float) -> Fraction:
    """Return the number that a decimal stands for."""
    return Fraction(repr(amount))


def codes_of(condition: Credits) -> set[str]:
    """Return the codes of the units that the sum reads."""
    return {code for units in condition.units.values() for code in units}


def eligible(condition: Credits, earned: Sequence[Earned]) -> list[Earned]:
    """Return the achievements that the sum reads, the earliest first."""
    codes = codes_of(condition)
    return sorted(
        (one for one in earned if one.unit in codes), key=lambda one: (one.achieved_at, one.id)
    )


def count(condition: Credits, earned: Sequence[Earned]) -> Counted:
    """Return what of the `eligible` achievements counts for the sum.

    Of one that was converted and the one that it came from, as much as one of them would bring.
    """
    category_of = {code: name for name, codes in condition.units.items() for code in codes}
    credits = [
        _Credit(
            category_of[one.unit], one.route, one.awarding_body, one.achieved_at, exact(one.credits)
        )
        for one in earned
    ]
    sums = (CreditMinimum(at_least=condition.at_least), *condition.of_which)
    total = sum((one.amount for one in credits), Fraction(0))
    binding = [cap for cap in _groups(condition.caps, credits) if _exceeded(cap, credits)]
    pairs = _pairs(earned)
    if binding or pairs:
        have = _most(sums, binding, pairs, credits)
    else:
        have = tuple(
            min(
                exact(one.at_least), sum((c.amount for c in credits if _is_of(one, c)), Fraction(0))
            )
            for one in sums
        )
    enough = all(got == exact(one.at_least) for got, one in zip(have, sums, strict=True))
    return Counted(have, total, enough)


class _Bound(NamedTuple):
    cap: CreditCap
    members: tuple[int, ...]


def _groups(caps: Sequence[CreditCap], credits: Sequence[_Credit]) -> list[_Bound]:
    """Return each cap's bound on the places of the credits that share it."""
    bounds = []
    for cap in caps:
        groups: defaultdict[Hashable, list[int]] = defaultdict(list)
        for place, credit in enumerate(credits):
            if _is_of(cap, credit):
                groups[_shared(cap, credit)].append(place)
        bounds += [_Bound(cap, tuple(members)) for members in groups.values()]
    return bounds


def _pairs(earned: Sequence[Earned]) -> list[tuple[int, int]]:
    """Return the places of each that was converted and of one that it came from."""
    place_of = {one.id: place for place, one in enumerate(earned)}
    return [
        (place, place_of[basis])
        for place, one in enumerate(earned)
        for basis in one.basis
        if basis in place_of
    ]


def _shared(cap: CreditCap, credit: _Credit) -> Hashable:
    if cap.per == "awarding_body":
        return credit.awarding_body
    if cap.per is None:
        return None
    day = credit.achieved_at.astimezone(BANK_ZONE)
    months = day.year * 12 + day.month - cap.begins
    return months // (12 if cap.per == "year" else 6)


def _is_of(what: CreditCap | CreditMinimum, credit: _Credit) -> bool:
    of_category = not what.category or credit.category in what.category
    return of_category and (not what.route or credit.route in what.route)


def _exceeded(bound: _Bound, credits: Sequence[_Credit]) -> bool:
    amount = sum(credits[place].amount for place in bound.members)
    too_many = bound.cap.units is not None and len(bound.members) > bound.cap.units
    return too_many or (bound.cap.credits is not None and amount > exact(bound.cap.credits))


def _most(
    sums: Sequence[CreditMinimum],
    bounds: Sequence[_Bound],
    pairs: Sequence[tuple[int, int]],
    credits: Sequence[_Credit],
) -> tuple[Fraction, ...]:
    """Return the most of each sum that the bounds leave, all of them together."""
    number = len(credits)
    rows: list[tuple[Row, Fraction]] = [
        ({place: Fraction(1)}, credit.amount) for place, credit in enumerate(credits)
    ]
    for pair in pairs:
        rows.append(({place: 1 / credits[place].amount for place in pair}, Fraction(1)))
    for cap, members in bounds:
        if cap.credits is not None:
            rows.append(({place: Fraction(1) for place in members}, exact(cap.credits)))
        if cap.units is not None:
            shares = {place: 1 / credits[place].amount for place in members}
            rows.append((shares, Fraction(cap.units)))
    for place, one in enumerate(sums):
        counted = {i: Fraction(-1) for i, credit in enumerate(credits) if _is_of(one, credit)}
        rows.append((counted | {number + place: Fraction(1)}, Fraction(0)))
        rows.append(({number + place: Fraction(1)}, exact(one.at_least)))
    values = maximum(rows, {number + place: Fraction(1) for place in range(len(sums))})
    return tuple(values.get(number + place, Fraction(0)) for place in range(len(sums)))


def maximum(
    rows: Sequence[tuple[Mapping[int, Fraction], Fraction]], objective: Mapping[int, Fraction]
) -> dict[int, Fraction]:
    """Return the variables, none below 0, at which `objective` is greatest.

    Each row is a sum of variables and what it must not exceed, which is not below 0; there is
    such a greatest value. Variables that are 0 may be left out of the answer.
    """
    slack = 1 + max(max(row, default=0) for row, _ in rows)
    table = [
        ({**row, slack + place: Fraction(1)}, bound) for place, (row, bound) in enumerate(rows)
    ]
    basic = [slack + place for place in range(len(rows))]
    gain: Row = dict(objective)
    while entering := [variable for variable, value in gain.items() if value > 0]:
        enter = min(entering)
        _, _, leave = min(
            (bound / row[enter], basic[place], place)
            for place, (row, bound) in enumerate(table)
            if row.get(enter, 0) > 0
        )
        row, bound = table[leave]
        pivot = row[enter]
        table[leave] = ({i: value / pivot for i, value in row.items()}, bound / pivot)
        basic[leave] = enter
        for place, (other, limit) in enumerate(table):
            if place != leave and (factor := other.get(enter)):
                table[place] = (
                    _less(other, table[leave][0], factor),
                    limit - factor * table[leave][1],
                )
        gain = _less(gain, table[leave][0], gain[enter])
    return {variable: bound for variable, (_, bound) in zip(basic, table, strict=True)}


def _less(row: Row, other: Row, factor: Fraction) -> Row:
    """Return the row less the other one times the factor, without what becomes 0."""
    result = dict(row)
    for variable, value in other.items():
        left = result.get(variable, Fraction(0)) - factor * value
        if left:
            result[variable] = left
        else:
            result.pop(variable, None)
    return result
