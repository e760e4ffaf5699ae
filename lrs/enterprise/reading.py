"""Reading what an organisation sees, with the names that go with it, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import Any

from lrs.store.organisations import Organisations, SharedQuery
from lrs.store.records import Records
from lrs.store.units import Units
from schemas.organisations import SharedAchievement
from schemas.times import moment_of
from schemas.units import BANK_ZONE, Unit, valid_until

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
        units = {key: self._units.unit(*key) for key in {(one.unit, one.version) for one in found}}
        ends = [_last_day(one, units[one.unit, one.version]) for one in found]
        today = datetime.now(BANK_ZONE).date()
        return [
            {
                "id": one.id,
                "persona": one.persona,
                "name": names.get(one.persona),
                "employee": one.employee,
                "department": one.department,
                "unit": one.unit,
                "version": one.version,
                "title": dict(unit.title) if (unit := units[one.unit, one.version]) else {},
                "state": one.state,
                "achieved": one.achieved,
                "valid_until": end.isoformat() if end else None,
                "expired": end is not None and end < today,
                "score": one.score,
                "changed": moment_of(one.changed),
            }
            for one, end in zip(found, ends, strict=True)
        ]


def _last_day(shared: SharedAchievement, unit: Unit | None) -> date | None:
    """Return the last day of the validity of an achievement, None where it has no end."""
    if unit is None:
        return None
    noon = datetime.combine(
        date.fromisoformat(shared.valid_from or shared.achieved), time(12), BANK_ZONE
    )
    until = valid_until(noon, unit)
    return until.date() if until is not None else None
