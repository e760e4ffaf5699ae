"""Signing in with a name and a password, and a second factor where there is one."""

from __future__ import annotations

import time

from lrs.auth.passwords import hash_password, password_matches
from lrs.auth.second_factor import PURPOSE, matching_step, plain_recovery_code
from lrs.auth.secrets import RootSecret, new_api_secret
from lrs.auth.sources import SourceCredentials
from lrs.store.facts import Audit
from lrs.store.people import People
from schemas.audit import Act
from schemas.people import Account, sign_in_name

LINK_LIFE = 86_400
"""Seconds that a one-time link works."""

LONGEST_NAME = 200


class SignInRefused(Exception):
    """Not signed in; `wait` seconds until the next attempt where there were too many."""

    def __init__(self, wait: int | None = None) -> None:
        super().__init__("sign-in refused")
        self.wait = wait


class SecondFactorNeeded(Exception):
    """The password is right; a code of the `person` (an id) is asked for next."""

    def __init__(self, person: str) -> None:
        super().__init__("second factor needed")
        self.person = person


class SignIn:
    """Tells who signs in. Attempts are counted before they are checked, by name, so that many
    at the same time are no way around the wait.
    """

    def __init__(
        self, people: People, audit: Audit, root: RootSecret, credentials: SourceCredentials
    ) -> None:
        self._people = people
        self._audit = audit
        self._root = root
        self._credentials = credentials

    def with_password(self, given_name: str, password: str, address: str) -> str:
        """Return the id of the principal that the name and password are of: a person, or a
        source that may see the pages by its key and secret.

        Raises SignInRefused and SecondFactorNeeded.
        """
        name = sign_in_name(given_name)[:LONGEST_NAME]
        self._count(name)
        account = self._people.account(name)
        if account is None:
            source = self._credentials.check(given_name.strip(), password)
            password_matches(password, None)
            if source is not None and source.may("all/read"):
                self._people.forgive(name)
                return f"source:{source.key}"
        if (
            account is None
            or not password_matches(password, account.password)
            or account.person.disabled is not None
        ):
            raise self._refused(account, address)
        if account.totp is not None:
            raise SecondFactorNeeded(account.person.id)
        self._people.forgive(name)
        return f"person:{account.person.id}"

    def with_code(self, person: str, code: str, address: str) -> str:
        """Return the id of the principal whose password was right and whose code this is.

        Raises SignInRefused.
        """
        account = self._people.account_of(person)
        if account is None or account.person.disabled is not None or account.totp is None:
            raise SignInRefused
        self._count(account.person.name)
        if not self._is_code(account, code):
            raise self._refused(account, address)
        self._people.forgive(account.person.name)
        return f"person:{person}"

    def confirm(self, account: Account, password: str, address: str) -> None:
        """Check once more who it is, before what they sign in with is changed.

        Raises SignInRefused.
        """
        self._count(account.person.name)
        if not password_matches(password, account.password):
            raise self._refused(account, address)
        self._people.forgive(account.person.name)

    def new_link(self, person: str, act: Act) -> str:
        """Return the token of a new one-time link for the person to choose a password with."""
        token = new_api_secret()
        expires = (int(time.time()) + LINK_LIFE) * 1_000_000
        self._people.add_link(person, self.link_hash(token), expires, act)
        return token

    def link_hash(self, token: str) -> bytes:
        """Return the keyed hash under which a one-time link is kept."""
        return self._root.hash_of(f"link {token}")

    def choose_password(self, token: str, password: str, person: str) -> bool:
        """Set a password by a one-time link; False where the link no longer works."""
        act = Act(principal=f"person:{person}", action="person.password", subject=person)
        return self._people.use_link(self.link_hash(token), hash_password(password), act)

    def recovery_hash(self, code: str) -> bytes:
        """Return the keyed hash under which a recovery code is kept."""
        return self._root.hash_of(f"recovery {plain_recovery_code(code)}")

    def _is_code(self, account: Account, code: str) -> bool:
        person = account.person.id
        secret = self._root.open(account.totp or b"", PURPOSE).decode()
        step = matching_step(secret, code)
        if step is not None:
            return self._people.use_totp(person, step)
        act = Act(principal=f"person:{person}", action="second_factor.recovery", subject=person)
        return self._people.use_recovery_code(person, self.recovery_hash(code), act)

    def _count(self, name: str) -> None:
        until = self._people.attempt(name)
        if until is not None:
            raise SignInRefused(wait=max(1, until // 1_000_000 - int(time.time())))

    def _refused(self, account: Account | None, address: str) -> SignInRefused:
        self._audit.note(
            Act(
                principal="stranger",
                action="sign_in.refused",
                subject=account.person.id if account else "",
                detail={"address": address},
            )
        )
        return SignInRefused()
