"""The geometry of charts: numbers to places in a drawing, which templates draw as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 600, 180
"""The drawing's size in its own units; the page scales it."""

LEFT, BOTTOM, TOP = 44, 22, 8


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar: where it stands, what it says; `mark` is the text below it, empty for most."""

    x: float
    y: float
    width: float
    height: float
    label: str
    value: int
    mark: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line across the drawing at a round number."""

    y: float
    value: int


@dataclass(frozen=True, kw_only=True)
class BarChart:
    """Bars over their lines."""

    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT


def bar_chart(points: Sequence[tuple[str, int]], marks: int = 6) -> BarChart:
    """Return the chart of labelled numbers; about `marks` of the labels are written below."""
    top = ceiling(max((value for _, value in points), default=0))
    room = HEIGHT - TOP - BOTTOM
    step = (WIDTH - LEFT) / max(len(points), 1)
    every = max(1, math.ceil(len(points) / marks))
    bars = [
        Bar(
            x=round(LEFT + number * step + step * 0.12, 2),
            y=round(TOP + room * (1 - value / top), 2),
            width=round(step * 0.76, 2),
            height=round(room * value / top, 2),
            label=label,
            value=value,
            mark=label if number % every == 0 else "",
        )
        for number, (label, value) in enumerate(points)
    ]
    lines = [Line(y=TOP + room * (1 - part / 2), value=top * part // 2) for part in range(3)]
    return BarChart(bars=tuple(bars), lines=tuple(lines))


def ceiling(value: int) -> int:
    """Return the smallest even number of 1, 2, 4, 6, 8 or 10 times a power of ten that is not
    below the value: where a chart's scale ends, at least 2.
    """
    if value <= 2:
        return 2
    power = int(10 ** math.floor(math.log10(value)))
    return next(
        power * digit
        for digit in (1, 2, 4, 6, 8, 10)
        if power * digit >= value and power * digit % 2 == 0
    )


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of a whole in a band: where it begins and how wide it is, in hundredths."""

    key: str
    count: int
    x: float
    width: float


def band(counts: Sequence[tuple[str, int]]) -> tuple[Part, ...]:
    """Return the parts of a band from left to right; those of nothing are left out."""
    total = sum(count for _, count in counts)
    parts: list[Part] = []
    x = 0.0
    for key, count in counts:
        if count > 0:
            width = 100 * count / total
            parts.append(Part(key=key, count=count, x=round(x, 3), width=round(width, 3)))
            x += width
    return tuple(parts)
