"""Sources: the systems and imports that may post statements."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

Provenance = Literal["server", "signed", "launched", "browser", "import", "manual"]
"""How far a source can be relied on; a unit's rule names the classes it accepts."""

PROVENANCES: tuple[Provenance, ...] = get_args(Provenance)

SignatureResult = Literal["unsigned", "valid", "untrusted", "invalid"]
"""What verifying a statement's signature came to. `valid`: made with a certificate that leads to
a trusted root and was good at the time of signing. `untrusted`: well formed, but nothing trusted
says whose it is. `invalid`: of a trusted root, but the certificate was out of its time or revoked.
"""

Scope = Literal[
    "statements/write",
    "statements/read/mine",
    "statements/read",
    "state",
    "define",
    "profile",
    "all/read",
    "all",
]
"""xAPI's scopes (xAPI 1.0.3 part three, 4.2.1; kept by 2.0.0)."""

SCOPES: tuple[Scope, ...] = get_args(Scope)


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A source without its secret.

    `key` is the user name of HTTP Basic authentication and the source's name in the
    `authority` of what it posts, unless it `sets_authority` itself. `activities` are prefixes of
    the IRIs that its statements may be about, `home_pages` whom they may be about: home pages of
    accounts, or `mailto:@DOMAIN`; where either is empty, any. Instants are microseconds since
    the epoch; `compromised` is since when its key may have been in other hands.
    """

    id: int
    key: str
    name: str
    provenance: Provenance
    scopes: tuple[Scope, ...]
    activities: tuple[str, ...] = ()
    home_pages: tuple[str, ...] = ()
    sets_authority: bool = False
    organisation: str | None = None
    expires: int | None = None
    created: int = 0
    revoked: int | None = None
    compromised: int | None = None

    def may(self, *scopes: Scope) -> bool:
        """Tell whether the source holds `all` or any of `scopes`."""
        return "all" in self.scopes or any(scope in self.scopes for scope in scopes)


class SourceSecret(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a secret, which itself is kept nowhere; instants in microseconds."""

    created: int
    expires: int | None
    used: int | None
