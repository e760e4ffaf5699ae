"""The contract of retention: what is older than a policy allows goes, in pieces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from schemas.audit import Act
from schemas.retention import DataClass, Policy

KEPT_ACTS = ("persona.erase", "backup.restore", "retention.")
"""What the acts begin with that stay: that something is gone, and who let it go."""

WAITING_RECORDS = 2_000
"""No statement goes while so many records wait to be made anew."""


class Expiring(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of what is older than an instant: the ids of what may go, how many stay because
    something rests on them, and the place to look on from, None at the end.
    """

    items: tuple[str, ...]
    kept: int = 0
    place: str | None = None


class Removed(msgspec.Struct, frozen=True, kw_only=True):
    """What a piece came to: whether the run is at its end, and the SHA-2 of what erased personas
    had attached, to be removed where no other statement has it.
    """

    ended: bool
    attachments: tuple[str, ...] = ()


class Retention(Protocol):
    """Policies, and the work of applying them. Safe from many threads and processes.

    Nothing goes that an achievement, a claim or a leaf of the ledger rests on: evidence, and the
    other statements of the records that it is in; statements that void; a persona with an
    achievement, a claim, an account or an employment; acts of erasing, restoring and retention.
    """

    def policies(self) -> Mapping[DataClass, Policy]:
        """Return the policy of each class; one that was never set keeps for good."""
        ...

    def put(self, data_class: DataClass, days: int | None, act: Act) -> None:
        """Set a policy, and note the act. What is applied begins from the beginning."""
        ...

    def look(self, data_class: DataClass, before: int, place: str | None, limit: int) -> Expiring:
        """Return the next piece, of at most about `limit`, of what an application would remove of
        what is older than `before` (microseconds); nothing is changed.
        """
        ...

    def remove(self, data_class: DataClass, before: int, limit: int, act: Act) -> Removed:
        """Remove a piece, going on where the last one ended.

        What came to be rested on since it was looked at stays. A run that removed anything notes
        the act, with how much, when it ends. Raises LookupError where no policy was set.
        """
        ...
