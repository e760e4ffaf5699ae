"""Audit events: privileged acts, with who, when, what and why."""

from __future__ import annotations

from typing import Any

import msgspec


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """A privileged act about to be done.

    `principal` is the id of who does it (`schemas.principals`), `action` a dotted verb such as
    `achievement.approve`, `subject` the id of what it is done to, `persona` whose personal data
    it touches, `reason` the person's own words.
    """

    principal: str
    action: str
    subject: str
    persona: str | None = None
    reason: str = ""
    detail: dict[str, Any] = {}


class AuditEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A privileged act that was done; `at` is microseconds since the epoch."""

    seq: int
    at: int
    act: Act
