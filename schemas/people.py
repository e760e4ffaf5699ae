"""People: who signs in to the pages, in which roles and for whom."""

from __future__ import annotations

import unicodedata

import msgspec

from schemas.principals import Role
from schemas.texts import Text


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A person with an account.

    `name` is what they sign in with (`sign_in_name`), `subject` who they are at the outside
    identity provider (`ISSUER|SUB`), `persona` the learner that they are, `organisation` the one
    that they act for. Times are microseconds since the epoch.
    """

    id: str
    name: str
    display_name: str
    roles: tuple[Role, ...]
    organisation: str | None = None
    persona: str | None = None
    subject: str | None = None
    disabled: int | None = None
    created: int = 0


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What a person signs in with: never shown, never logged.

    `password` is an argon2id hash, None before one is chosen; `totp` the sealed secret of the
    second factor.
    """

    person: Person
    password: str | None
    totp: bytes | None


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A browser that is signed in as a principal; times are microseconds since the epoch."""

    hash: bytes
    principal: str
    created: int
    used: int


class RoleError(ValueError):
    """Roles that do not go with the rest of the account; the message says what is missing."""


def sign_in_name(text: str) -> str:
    """Return the name in the one form in which names are compared (NFKC, lower case)."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def check_roles(person: Person) -> None:
    """Raise RoleError where a role lacks whom it is held for."""
    if not person.roles:
        raise RoleError(Text("a person needs at least one role"))
    if "learner" in person.roles and person.persona is None:
        raise RoleError(Text("the role learner needs a persona: whose records it may see"))
    if "enterprise" in person.roles and person.organisation is None:
        raise RoleError(
            Text("the role enterprise needs an organisation: whose employees it may see")
        )
