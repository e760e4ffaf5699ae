"""Identity: which personas are one person, decided by people and kept with its history."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

LinkKind = Literal["merge", "transfer", "undo"]
LINK_KINDS: tuple[LinkKind, ...] = get_args(LinkKind)

LinkState = Literal["proposed", "confirmed", "refused"]
LINK_STATES: tuple[LinkState, ...] = get_args(LinkState)


class IdentityLink(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A change of identities that one principal proposes and another decides; times are
    microseconds since the epoch.

    `merge`: `persona` is merged into `other`. `transfer`: `identifier` is `other`'s for events
    from the time `since` on, and was `persona`'s; events of before stay. `undo`: what the link
    `undoes` brought about is taken back. `undone_at` tells when that was done to this one.
    """

    id: str
    kind: LinkKind
    state: LinkState = "proposed"
    persona: str
    other: str | None = None
    identifier: str | None = None
    since: int | None = None
    undoes: str | None = None
    reason: str
    proposed_by: str
    proposed_at: int = 0
    decided_by: str | None = None
    decided_at: int | None = None
    decision: str | None = None
    undone_at: int | None = None

    def in_force(self, instant: int | None = None) -> bool:
        """Tell whether the link was confirmed and not undone, now or at an instant."""
        if self.state != "confirmed" or self.decided_at is None:
            return False
        if instant is None:
            return self.undone_at is None
        return self.decided_at <= instant and (self.undone_at is None or self.undone_at > instant)


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """That two personas may be one person, as they have the same name and employer; never more
    than a suggestion.
    """

    persona: str
    other: str
    name: str
    organisation: str
    organisation_name: str
