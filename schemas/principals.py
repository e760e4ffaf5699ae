"""Principals: who asks, a person or a machine, and in which roles."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

Role = Literal[
    "administrator",
    "officer",
    "registrar",
    "trainer",
    "auditor",
    "enterprise",
    "learner",
    "reader",
]
"""`administrator` may do everything; `reader` reads everything and changes nothing (what the
xAPI scope `all/read` grants beyond xAPI)."""

ROLES: tuple[Role, ...] = get_args(Role)


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks. `id` is `source:KEY`, `person:ID` or `client:ID`; `persona` is set where the
    principal is a learner we know, `organisation` where it acts for one.
    """

    id: str
    name: str
    roles: tuple[Role, ...]
    organisation: str | None = None
    persona: str | None = None

    def holds(self, *roles: Role) -> bool:
        """Tell whether the principal is an administrator or holds any of `roles`."""
        return "administrator" in self.roles or any(role in self.roles for role in roles)
