"""The contract of the store of people, their accounts and their sessions."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol

from schemas.audit import Act
from schemas.people import Account, Person, Session

FREE_ATTEMPTS = 5
"""Attempts to sign in that may fail before the next one has to wait."""

FIRST_WAIT, LONGEST_WAIT = 15_000_000, 900_000_000
"""Microseconds; each further failure doubles the wait."""

FORGOTTEN_AFTER = 86_400_000_000
"""Microseconds after the last failure."""

USE_NOTED_EVERY = 60_000_000
"""Microseconds between two notes that a session is in use: a look at a page costs no write."""

LONGEST_LIFE = 30 * 86_400_000_000
"""Microseconds without use after which nobody asks for a session any more."""


class NameTaken(ValueError):
    """Another person signs in with the name, or is the same one at the identity provider."""


class People(Protocol):
    """People and what they sign in with. Safe from many threads.

    Each act is noted in the same transaction as what it tells of; instants are microseconds
    since the epoch.
    """

    def add(self, person: Person, act: Act) -> Person:
        """Add a person, `created` now. Raises NameTaken."""
        ...

    def person(self, person: str) -> Person | None:
        """Return the person with the id."""
        ...

    def account(self, name: str) -> Account | None:
        """Return the account that is signed in to with the name."""
        ...

    def account_of(self, person: str) -> Account | None:
        """Return the account of the person with the id."""
        ...

    def with_subject(self, subject: str) -> Person | None:
        """Return the person who is `subject` at the identity provider."""
        ...

    def page(self, after: str | None, limit: int) -> list[Person]:
        """Return a page of people in the order of their names, after a name."""
        ...

    def change(self, person: str, work: Callable[[Person], Person], act: Act) -> Person | None:
        """Put `work` of the person in its place; None where there is no such person.

        One who is disabled has no session left. What `work` raises is raised here. Raises
        NameTaken.
        """
        ...

    def set_password(self, person: str, password: str, act: Act) -> None:
        """Put a hash in the place of the password's; ends the person's sessions and links."""
        ...

    def add_link(self, person: str, hashed: bytes, expires: int, act: Act) -> None:
        """Add a one-time link to choose a password with; earlier ones no longer work."""
        ...

    def of_link(self, hashed: bytes) -> Person | None:
        """Return whose link it is, where it still works and the person is not disabled."""
        ...

    def use_link(self, hashed: bytes, password: str, act: Act) -> bool:
        """Use a link up and set the password's hash as `set_password` does; False where gone."""
        ...

    def set_second_factor(
        self, person: str, sealed: bytes | None, recovery: Collection[bytes], act: Act
    ) -> None:
        """Put a second factor and the hashes of its recovery codes in place, or take it away."""
        ...

    def use_totp(self, person: str, step: int) -> bool:
        """Use up the time step of a code; False where this or a later one was used before."""
        ...

    def use_recovery_code(self, person: str, hashed: bytes, act: Act) -> bool:
        """Use up a recovery code; False where there is none."""
        ...

    def attempt(self, name: str) -> int | None:
        """Count an attempt to sign in with the name as failed until `forgive` says otherwise.

        Returns None where it may be made, else the instant from which on the next one may.
        """
        ...

    def forgive(self, name: str) -> None:
        """Forget the failed attempts with the name."""
        ...


class Sessions(Protocol):
    """Browsers that are signed in. Safe from many threads; what ends here is ended everywhere."""

    def start(self, hashed: bytes, principal: str, act: Act) -> None:
        """Start a session under the hash of its token."""
        ...

    def find(self, hashed: bytes, *, idle: int, life: int) -> Session | None:
        """Return the session unless it ended, lay idle for `idle` microseconds or is `life` old.

        That it was used is noted once in a while.
        """
        ...

    def of(self, principal: str) -> list[Session]:
        """Return the sessions of a principal that have not ended, the latest first."""
        ...

    def end(self, hashed: bytes, act: Act) -> None:
        """End a session."""
        ...

    def end_all(self, principal: str, act: Act) -> int:
        """End every session of a principal; return how many there were."""
        ...


def wait_after(failures: int) -> int:
    """Return the microseconds that the next attempt has to wait after so many failed ones."""
    if failures < FREE_ATTEMPTS:
        return 0
    return min(FIRST_WAIT << min(failures - FREE_ATTEMPTS, 10), LONGEST_WAIT)
