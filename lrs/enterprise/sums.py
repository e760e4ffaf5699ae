"""Sums of what an organisation sees, folded to one word each. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from schemas.organisations import SummaryLine


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """How many achievements there are of each unit, department, month and state."""

    units: Counter[str]
    departments: Counter[str]
    months: Counter[str]
    states: Counter[str]


def folded(lines: Iterable[SummaryLine]) -> Sums:
    """Return the sums of each unit, department, month (`YYYY-MM`) and state by itself."""
    sums = Sums(units=Counter(), departments=Counter(), months=Counter(), states=Counter())
    for line in lines:
        sums.units[line.unit] += line.count
        sums.departments[line.department] += line.count
        sums.months[line.month] += line.count
        sums.states[line.state] += line.count
    return sums


def months_between(months: Iterable[str], most: int) -> list[str]:
    """Return every month from the first to the last of `months`, of them the last `most`."""
    numbers = sorted(int(month[:4]) * 12 + int(month[5:]) - 1 for month in months)
    if not numbers:
        return []
    first = max(numbers[0], numbers[-1] - most + 1)
    return [f"{number // 12:04}-{number % 12 + 1:02}" for number in range(first, numbers[-1] + 1)]
