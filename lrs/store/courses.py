"""The contract of the store of course structures."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

import msgspec

from schemas.courses import CourseStructure, Standard, Titles


class CourseSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A course in a list: how many units and blocks it has, and when it was stored (microseconds
    since the epoch).
    """

    id: str
    standard: Standard
    titles: Titles
    blocks: int
    units: int
    stored: int


class Courses(Protocol):
    """Course structures as their publishers packaged them. Safe from many threads.

    A course has one structure at a time: one stored later takes the place of the one before, and
    what learners have satisfied is worked out again.
    """

    def put(self, structure: CourseStructure) -> bool:
        """Store a course's structure; False, with nothing written, where it has the same."""
        ...

    def course(self, course: str) -> CourseStructure | None:
        """Return the structure of the course with the publisher's id."""
        ...

    def page(self, after: str | None, limit: int) -> list[CourseSummary]:
        """Return a page of courses in the order of their ids."""
        ...

    def with_units(self, units: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Return, for each of the publisher's ids of units that a course has, the ids of all
        courses that have it, sorted.
        """
        ...
