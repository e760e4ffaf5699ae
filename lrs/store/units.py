"""The contract of the store of units, their drafts and equivalences."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from schemas.audit import Act
from schemas.equivalences import Equivalence
from schemas.texts import Text
from schemas.units import Unit


class UnitTaken(Exception):
    """Another unit or equivalence is published under the same code and version."""

    def __init__(self, unit: Unit | Equivalence) -> None:
        super().__init__(
            Text(
                "%(kind)s %(code)s version %(version)s is published with other content and a "
                "published version never changes: give the new content the next version",
                kind=Text("equivalence") if isinstance(unit, Equivalence) else Text("unit"),
                code=unit.code,
                version=unit.version,
            )
        )


class Units(Protocol):
    """Published units, all versions, and drafts. Safe from many threads."""

    def publish(
        self,
        unit: Unit,
        activities: Collection[str],
        units: Collection[str] = (),
        act: Act | None = None,
    ) -> bool:
        """Publish a unit's version, whose draft goes, and mark everybody due whom it may concern:
        personas with events of `activities`, with achievements of `units`, or with an achievement
        of a version that it supersedes.

        Returns False where the same version is published already. Raises UnitTaken.
        """
        ...

    def last_published(self) -> int:
        """Return when (microseconds) the last version was published, 0 where there is none."""
        ...

    def all(self) -> list[Unit]:
        """Return every version of every unit, by code and version."""
        ...

    def page(self, after: tuple[str, int] | None, limit: int) -> list[Unit]:
        """Return a page of the published versions, by code and version."""
        ...

    def unit(self, code: str, version: int) -> Unit | None:
        """Return the published version."""
        ...

    def put_draft(self, unit: Unit) -> None:
        """Keep a draft, in the place of another of the same code and version."""
        ...

    def draft(self, code: str, version: int) -> Unit | None:
        """Return the draft."""
        ...

    def drafts(self, after: tuple[str, int] | None, limit: int) -> list[Unit]:
        """Return a page of drafts, by code and version."""
        ...

    def drop_draft(self, code: str, version: int) -> bool:
        """Drop the draft; tell whether there was one."""
        ...


class Equivalences(Protocol):
    """Published equivalences, all versions. Safe from many threads."""

    def publish(self, equivalence: Equivalence, act: Act | None = None) -> bool:
        """Publish a version and mark those due who have an achievement of one of its units.

        Returns False where the same version is published already. Raises UnitTaken.
        """
        ...

    def last_published(self) -> int:
        """Return when (microseconds) the last version was published, 0 where there is none."""
        ...

    def all(self) -> list[Equivalence]:
        """Return every version of every equivalence, by code and version."""
        ...
