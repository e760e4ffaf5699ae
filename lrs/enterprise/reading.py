"""Reading what an organisation sees, with the names that go with it, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lrs.store.organisations import Organisations, SharedQuery
from lrs.store.records import Records
from lrs.store.units import Units
from schemas.organisations import SharedAchievement
from schemas.times import moment_of

PAGE = 500


class Reading:
    """Gives what organisations see as plain values. Keeps no more than a page in memory."""

    def __init__(self, organisations: Organisations, records: Records, units: Units) -> None:
        self._organisations = organisations
        self._records = records
        self._units = units

    def everything(self, query: SharedQuery) -> Iterator[dict[str, Any]]:
        """Yield all that may be seen, in the order of what changed, read a page at a time.

        What is taken away while it is read may still be in it, or not; it is in the changes.
        """
        after = 0
        while page := self._organisations.shared(query, after, PAGE):
            yield from self.named(page)
            after = page[-1].seq

    def named(self, found: Sequence[SharedAchievement]) -> list[dict[str, Any]]:
        """Return achievements with the names of personas and the titles of units."""
        names = self._records.names({one.persona for one in found})
        titles = {key: self._title(*key) for key in {(one.unit, one.version) for one in found}}
        return [
            {
                "id": one.id,
                "persona": one.persona,
                "name": names.get(one.persona),
                "employee": one.employee,
                "department": one.department,
                "unit": one.unit,
                "version": one.version,
                "title": titles[one.unit, one.version],
                "state": one.state,
                "achieved": one.achieved,
                "score": one.score,
                "changed": moment_of(one.changed),
            }
            for one in found
        ]

    def _title(self, code: str, version: int) -> dict[str, str]:
        unit = self._units.unit(code, version)
        return dict(unit.title) if unit else {}
