"""The background work that links the personas whom a roster lists as one person."""

from __future__ import annotations

from lrs.store.identity import Identity
from lrs.store.rosters import Rosters
from schemas.rosters import RosterPerson

BATCH = 100
"""Changes of rosters a step."""


class RosterLinker:
    """Follows the changes of rosters; what was followed twice changes nothing the second time."""

    def __init__(self, rosters: Rosters, identity: Identity) -> None:
        self._rosters = rosters
        self._identity = identity

    def step(self) -> bool:
        """Follow the next changes; False where there are none."""
        changes = self._rosters.following(self._identity.rosters_followed(), BATCH)
        for change in changes:
            person = change.entry
            if not isinstance(person, RosterPerson):
                continue
            listed = not change.ended
            self._identity.link_by_roster(
                change.roster,
                person.id,
                identifiers=person.identifiers if listed else (),
                name=person.name or None,
                organisations=[(one.id, one.name) for one in person.organisations]
                if listed
                else (),
            )
        if changes:
            self._identity.follow_rosters(changes[-1].seq)
        return bool(changes)
