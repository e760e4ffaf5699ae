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
    `authority` of what it posts.
    """

    id: int
    key: str
    name: str
    provenance: Provenance
    scopes: tuple[Scope, ...]

    def may(self, *scopes: Scope) -> bool:
        """Tell whether the source holds `all` or any of `scopes`."""
        return "all" in self.scopes or any(scope in self.scopes for scope in scopes)
