"""Links of learners to hosts of Open Badges."""

from __future__ import annotations

from typing import Literal

import msgspec

BadgeLinkState = Literal["asked", "agreed", "ended"]
"""Asked for at the host, agreed to by the learner there, ended by either side."""


class BadgeLink(msgspec.Struct, frozen=True, kw_only=True):
    """A learner's consent, at a host, to our bringing their credentials there.

    `host` is its address, `asked_by` the principal who began it, `asked_at` microseconds since
    the epoch, `language` that of the credentials, `reason` why it ended.
    """

    id: str
    persona: str
    host: str
    language: str
    state: BadgeLinkState
    asked_by: str
    asked_at: int
    reason: str | None = None
