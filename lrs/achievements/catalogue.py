"""The published units and equivalences as a whole: what is in force, and what depends on what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

import msgspec

from lrs.achievements.evaluate import activities_of, leaves, units_of
from schemas.equivalences import Conversion, Equivalence, conversions_of
from schemas.units import Hours, Period, Unit


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """Units by code and version, equivalences by name, and the conversions into each unit.

    `reads` maps a unit to those that the rules of its versions read. `readers` maps a unit to
    those whose decision may change with its achievement: programmes, what it converts into, and
    what is equivalent. `equivalents` maps it to those that it converts into or from. `activities`
    maps it to those that the rules of any of its versions read. `timed` are the units whose rules
    ask for hours.
    """

    versions: Mapping[str, Mapping[int, Unit]]
    equivalences: Mapping[str, Equivalence]
    conversions: Mapping[str, Sequence[Conversion]]
    reads: Mapping[str, frozenset[str]]
    readers: Mapping[str, frozenset[str]]
    equivalents: Mapping[str, frozenset[str]]
    activities: Mapping[str, frozenset[str]]
    timed: frozenset[str]

    def unit(self, code: str, version: int) -> Unit:
        """Return the published version. Raises KeyError."""
        return self.versions[code][version]

    def concerns(self, code: str) -> frozenset[str] | None:
        """Return the units whose achievements have a say in a unit's decision; None: any."""
        if code in self.conversions:
            return None
        own = self.reads.get(code, frozenset()) | self.equivalents.get(code, frozenset()) | {code}
        return own | self.timed if code in self.timed else own

    def superseded(self, code: str) -> frozenset[int]:
        """Return the versions of a unit that a later one says were wrong."""
        return frozenset(
            version for unit in self.versions.get(code, {}).values() for version in unit.supersedes
        )

    def in_force(self, code: str) -> Iterator[Unit]:
        """Yield the versions of a unit that can be achieved, the latest first.

        Each counts evidence of the days on which it is the latest one: a version ends on the day
        before a later one begins.
        """
        wrong = self.superseded(code)
        for version in sorted(self.versions.get(code, ()), reverse=True):
            if version in wrong:
                continue
            unit = self.versions[code][version]
            others = [one for one in self.versions[code].values() if one.version not in wrong]
            if (period := _period_in_force(unit, others)) is not None:
                yield msgspec.structs.replace(unit, effective=period)


def catalogue_of(units: Iterable[Unit], equivalences: Iterable[Equivalence]) -> Catalogue:
    """Return the catalogue of all published versions."""
    versions: dict[str, dict[int, Unit]] = {}
    reads: defaultdict[str, set[str]] = defaultdict(set)
    readers: defaultdict[str, set[str]] = defaultdict(set)
    activities: defaultdict[str, set[str]] = defaultdict(set)
    for unit in units:
        versions.setdefault(unit.code, {})[unit.version] = unit
        activities[unit.code] |= activities_of(unit)
        for code in units_of(unit):
            readers[code].add(unit.code)
            reads[unit.code].add(code)
    known = {f"{one.code}/{one.version}": one for one in equivalences}
    conversions: defaultdict[str, list[Conversion]] = defaultdict(list)
    equivalents: defaultdict[str, set[str]] = defaultdict(set)
    for equivalence in known.values():
        others = [one for one in known.values() if one.code == equivalence.code]
        period = _period_in_force(equivalence, others)
        for conversion in conversions_of(equivalence):
            if period is not None:
                in_force = msgspec.structs.replace(equivalence, effective=period)
                conversions[conversion.target].append(conversion._replace(equivalence=in_force))
            for source in conversion.sources:
                for one, other in ((source, conversion.target), (conversion.target, source)):
                    equivalents[one].add(other)
                    readers[one].add(other)
    timed = {
        code
        for code, of_code in versions.items()
        if any(isinstance(leaf, Hours) for one in of_code.values() for leaf in leaves(one.rule))
    }
    return Catalogue(
        versions=versions,
        equivalences=known,
        conversions=conversions,
        reads={code: frozenset(found) for code, found in reads.items()},
        readers={code: frozenset(found) for code, found in readers.items()},
        equivalents={code: frozenset(found) for code, found in equivalents.items()},
        activities={code: frozenset(found) for code, found in activities.items()},
        timed=frozenset(timed),
    )


def _period_in_force(
    one: Unit | Equivalence, versions: Sequence[Unit | Equivalence]
) -> Period | None:
    """Return the days of a version: it ends on the day before a later one begins; None, none."""
    until = one.effective.until
    for later in versions:
        if later.version <= one.version:
            continue
        if later.effective.since is None:
            return None
        last = later.effective.since - timedelta(days=1)
        until = last if until is None else min(until, last)
    since = one.effective.since
    if since is not None and until is not None and until < since:
        return None
    return Period(since=since, until=until)


def units_by_activity(units: Iterable[Unit]) -> dict[str, set[str]]:
    """Return, for each activity that a unit's rule reads, the codes of those units."""
    found: dict[str, set[str]] = {}
    for unit in units:
        for activity in activities_of(unit):
            found.setdefault(activity, set()).add(unit.code)
    return found


def cycle(units: Iterable[Unit]) -> list[str] | None:
    """Return codes of units that need each other in a circle, None where there is none."""
    needs: defaultdict[str, set[str]] = defaultdict(set)
    for unit in units:
        needs[unit.code] |= units_of(unit)
    done: set[str] = set()

    def visit(code: str, way: list[str]) -> list[str] | None:
        if code in way:
            return [*way[way.index(code) :], code]
        if code in done:
            return None
        for needed in sorted(needs.get(code, ())):
            if found := visit(needed, [*way, code]):
                return found
        done.add(code)
        return None

    for code in sorted(needs):
        if found := visit(code, []):
            return found
    return None
