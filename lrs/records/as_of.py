"""Records as of an instant: identities and evidence as they were known then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from lrs.records.fold import fold
from lrs.records.identity import persona_of
from lrs.store.identity import Identity
from lrs.store.records import RecordKey, Records
from schemas.identity import IdentityLink
from schemas.records import LearnerRecord
from schemas.times import instant_of

PAGE = 100
"""Keys that are looked at at once."""


class IdentityAsOf:
    """Who was who at an instant (microseconds), by the links that were in force."""

    def __init__(self, links: Iterable[IdentityLink], instant: int) -> None:
        self._into: dict[str, str] = {}
        self._transfers: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        for link in links:
            if not link.in_force(instant) or link.other is None:
                continue
            if link.kind == "merge":
                self._into[link.persona] = link.other
            elif link.kind == "transfer" and link.identifier and link.since is not None:
                self._transfers[link.identifier].append((link.since, link.other))

    def root(self, persona: str) -> str:
        """Return who the persona was merged into at last, or itself."""
        while persona in self._into:
            persona = self._into[persona]
        return persona

    def holder(self, identifier: str, moment: datetime) -> str:
        """Return the persona who held an identifier at a time of events."""
        at = instant_of(moment)
        handed = [one for one in self._transfers.get(identifier, ()) if one[0] <= at]
        return self.root(max(handed)[1] if handed else persona_of(identifier))


def records_as_of(
    records: Records,
    identity: Identity,
    persona: str,
    *,
    instant: int,
    through: int,
    after: RecordKey | None,
    limit: int,
) -> list[tuple[str, LearnerRecord]]:
    """Return a page of a persona's records as they were at an instant (microseconds), when the
    statements up to the seq `through` were stored, with all their evidence.

    What was voided later counts, what we say of courses is not among it.
    """
    links = identity.history(persona)
    as_of = IdentityAsOf(links, instant)
    reached = {persona, *(one for link in links for one in (link.persona, link.other) if one)}
    found: list[tuple[str, LearnerRecord]] = []
    place = (after.activity, after.registration) if after else ("", "")
    while len(found) < limit:
        keys = records.keys_of(sorted(reached), place, PAGE)
        for place in keys:
            told = [
                event
                for event in records.events_through(sorted(reached), *place, through)
                if as_of.holder(event.identifier, event.time) == persona
            ]
            if told:
                found.append((persona, fold(told)))
            if len(found) == limit:
                break
        if len(keys) < PAGE:
            break
    return found
