"""An explanation's lines as a page shows them: how deep each stands, and whether it is met."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

Mark = Literal["met", "unmet", ""]

MARKS: dict[str, Mark] = {"✓": "met", "✗": "unmet"}


class Told(NamedTuple):
    """A line: its depth from 0, its mark, its text."""

    depth: int
    mark: Mark
    text: str


def told(lines: Iterable[str]) -> tuple[Told, ...]:
    """Return the lines of `lrs.achievements.explanation` with what their beginnings say."""
    found = []
    for line in lines:
        text = line.lstrip(" ")
        depth = (len(line) - len(text)) // 2
        mark: Mark = MARKS.get(text[:1], "")
        found.append(Told(depth, mark, text[1:].lstrip() if mark else text))
    return tuple(found)
