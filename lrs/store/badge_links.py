"""The contract of the store of links to hosts of Open Badges.

What is secret (our account at a host, verifiers, tokens) is sealed before it comes here.
"""

from __future__ import annotations

from typing import Protocol

from schemas.audit import Act
from schemas.badge_links import BadgeLink

HOST = "host:"
"""What the name of an outbox destination begins with that is a link."""


class BadgeLinks(Protocol):
    """Links and what is to be brought over them. Safe from many threads and processes."""

    def account(self, host: str) -> bytes | None:
        """Return our sealed account at a host."""
        ...

    def keep_account(self, host: str, sealed: bytes) -> bytes:
        """Keep our account at a host unless there is one; return the one that stands."""
        ...

    def ask(self, link: BadgeLink, state_hash: bytes, sealed: bytes, act: Act) -> None:
        """Keep a link that was asked for, under the hash of the state that comes back."""
        ...

    def answered(self, state_hash: bytes) -> tuple[BadgeLink, bytes] | None:
        """Return the link asked for under a state and what was sealed with it, once only."""
        ...

    def agree(self, link: str, sealed: bytes, act: Act) -> None:
        """Mark the link as agreed and queue all that the learner has achieved so far."""
        ...

    def secret(self, link: str) -> bytes | None:
        """Return the sealed tokens of an agreed link."""
        ...

    def set_secret(self, link: str, sealed: bytes) -> None:
        """Keep other tokens for an agreed link."""
        ...

    def end(self, link: str, reason: str, act: Act | None = None) -> bool:
        """End a link: its secrets go, nothing more is brought. False where it had ended."""
        ...

    def link(self, link: str) -> BadgeLink | None:
        """Return the link."""
        ...

    def of_persona(self, persona: str) -> list[BadgeLink]:
        """Return a persona's links, the latest first."""
        ...

    def fan_out(self, limit: int) -> bool:
        """Queue what up to `limit` facts say was verified, over each link of the learner, once."""
        ...
