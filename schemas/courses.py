"""The structure of a course, as its publisher packaged it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, get_args

import msgspec

Standard = Literal["cmi5", "SCORM 1.2", "SCORM 2004"]

MoveOn = Literal["Passed", "Completed", "CompletedAndPassed", "CompletedOrPassed", "NotApplicable"]
MOVE_ON: tuple[MoveOn, ...] = get_args(MoveOn)

LaunchMethod = Literal["AnyWindow", "OwnWindow"]
LAUNCH_METHODS: tuple[LaunchMethod, ...] = get_args(LaunchMethod)

Titles = dict[str, str]
"""Text by language (RFC 5646); `und` where the publisher told no language."""


class Objective(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a course is to teach, to which its blocks and units refer by `id`."""

    id: str
    titles: Titles
    descriptions: Titles = {}


class AssignableUnit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="au"):
    """What is launched and tells of itself: an AU of cmi5 (13.1.4), a SCO or asset of SCORM.

    `id` is the publisher's, an IRI in cmi5 and local to the package in SCORM. `mastery_score` is a
    scaled score: 0..1, in SCORM 2004 -1..1. `url` may be relative to the package. `objectives` are
    the ids of those referred to.
    """

    id: str
    titles: Titles = {}
    descriptions: Titles = {}
    url: str
    move_on: MoveOn = "NotApplicable"
    mastery_score: float | None = None
    launch_method: LaunchMethod = "AnyWindow"
    activity_type: str | None = None
    objectives: tuple[str, ...] = ()


class Block(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="block"):
    """A group of units and other blocks: a block of cmi5 (13.1.2), an item of SCORM with others."""

    id: str
    titles: Titles = {}
    descriptions: Titles = {}
    objectives: tuple[str, ...] = ()
    nodes: tuple[Block | AssignableUnit, ...] = ()


class CourseStructure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A course with its blocks and units in the publisher's order; each id of them is unique."""

    standard: Standard
    id: str
    titles: Titles = {}
    descriptions: Titles = {}
    objectives: tuple[Objective, ...] = ()
    nodes: tuple[Block | AssignableUnit, ...] = ()

    def units(self) -> Iterator[AssignableUnit]:
        """Yield all units, in the publisher's order."""
        waiting = [*reversed(self.nodes)]
        while waiting:
            node = waiting.pop()
            if isinstance(node, AssignableUnit):
                yield node
            else:
                waiting += reversed(node.nodes)

    def blocks(self) -> Iterator[Block]:
        """Yield all blocks, in the publisher's order."""
        waiting = [*reversed(self.nodes)]
        while waiting:
            node = waiting.pop()
            if isinstance(node, Block):
                yield node
                waiting += reversed(node.nodes)
