"""The contract of the store of identities: who is one person, by whose decision, since when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from schemas.identity import IdentityLink, LinkState, Suggestion


class NotPossible(ValueError):
    """The change of identities cannot be made; the message tells why and what to do."""


class Identity(Protocol):
    """Links between personas. Safe from many threads and processes.

    Each change is written with its facts and audit events. From then on events go to whom it says;
    those of before follow in the background (`lrs.records.rework`), record by record.
    """

    def propose(self, link: IdentityLink) -> IdentityLink:
        """Propose a link; returns it with its time. Raises NotPossible."""
        ...

    def decide(
        self, link: str, principal: str, state: LinkState, reason: str
    ) -> IdentityLink | None:
        """Confirm or refuse what another principal proposed; None where there is no such link.

        Raises NotPossible: by who proposed it, or once decided, or where it no longer fits.
        """
        ...

    def link_by_roster(
        self,
        roster: str,
        person: str,
        *,
        identifiers: Sequence[str],
        name: str | None,
        organisations: Sequence[tuple[str, str]] = (),
    ) -> list[IdentityLink]:
        """Merge those who hold the identifiers into who holds the first: a roster says that they
        are its person's. Returns the links that this made.

        Identifiers that were not met yet are known from then on. One that the roster gives to
        several persons links nobody, and what people took back is not done again. `organisations`
        (id and name) are the person's employers: at those that are organisations here, the persona
        is employed from today on, or has left today. Identifiers and employers that the roster
        gave the person before are its no more; without any it has left the roster.
        """
        ...

    def rosters_followed(self) -> int:
        """Return the seq of the last change of rosters that was followed."""
        ...

    def follow_rosters(self, seq: int) -> None:
        """Note that the changes of rosters up to the seq were followed."""
        ...

    def link(self, link: str) -> IdentityLink | None:
        """Return the link."""
        ...

    def links(
        self, after: tuple[int, str] | None, limit: int, state: LinkState | None = None
    ) -> list[IdentityLink]:
        """Return a page of links, those proposed last first, after a time and id."""
        ...

    def history(self, persona: str) -> list[IdentityLink]:
        """Return every confirmed link that reaches the persona, directly or through others, in
        the order in which they were confirmed.
        """
        ...

    def employers(self, persona: str) -> list[tuple[str, str]]:
        """Return the organisations (id and name) that rosters say the persona belongs to."""
        ...

    def suggestions(self, after: tuple[str, str, str, str] | None, limit: int) -> list[Suggestion]:
        """Return a page of personas that may be one person, after an organisation, a name and
        both personas; those of whom a merge was ever proposed are left out.
        """
        ...
