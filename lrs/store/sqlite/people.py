"""People and their accounts in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection

import msgspec

from lrs.store.people import FORGOTTEN_AFTER, NameTaken, wait_after
from lrs.store.sqlite.database import Database, Transaction
from lrs.store.sqlite.facts import note_act
from schemas.audit import Act
from schemas.people import Account, Person
from schemas.texts import Text

_person = msgspec.json.Decoder(Person).decode


class SqlitePeople:
    """Fulfils `lrs.store.people.People`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, person: Person, act: Act) -> Person:
        """Add a person, `created` now. Raises NameTaken."""

        def work(tx: Transaction) -> Person:
            added = msgspec.structs.replace(person, created=tx.instant)
            try:
                tx.execute(
                    "INSERT INTO person (id, name, subject, body) VALUES (?, ?, ?, ?)",
                    (added.id, added.name, added.subject, msgspec.json.encode(added)),
                )
            except sqlite3.IntegrityError:
                raise NameTaken(
                    Text("somebody signs in as %(name)r already", name=person.name)
                ) from None
            note_act(tx, act)
            return added

        return self._database.write(work)

    def person(self, person: str) -> Person | None:
        """Return the person with the id."""
        return self._one("id", person)

    def account(self, name: str) -> Account | None:
        """Return the account that is signed in to with the name."""
        return self._account("name", name)

    def account_of(self, person: str) -> Account | None:
        """Return the account of the person with the id."""
        return self._account("id", person)

    def with_subject(self, subject: str) -> Person | None:
        """Return the person who is `subject` at the identity provider."""
        return self._one("subject", subject)

    def page(self, after: str | None, limit: int) -> list[Person]:
        """Return a page of people in the order of their names, after a name."""
        rows = self._database.read().execute(
            "SELECT body FROM person WHERE name > ? ORDER BY name LIMIT ?", (after or "", limit)
        )
        return [_person(row[0]) for row in rows]

    def change(self, person: str, work: Callable[[Person], Person], act: Act) -> Person | None:
        """Put `work` of the person in its place; None where there is no such person."""

        def write(tx: Transaction) -> Person | None:
            row = tx.execute("SELECT body FROM person WHERE id = ?", (person,)).fetchone()
            if row is None:
                return None
            changed = work(_person(row[0]))
            try:
                tx.execute(
                    "UPDATE person SET name = ?, subject = ?, body = ? WHERE id = ?",
                    (changed.name, changed.subject, msgspec.json.encode(changed), person),
                )
            except sqlite3.IntegrityError:
                raise NameTaken(
                    Text("somebody signs in as %(name)r already", name=changed.name)
                ) from None
            if changed.disabled is not None:
                _end_all(tx, person)
            note_act(tx, act)
            return changed

        return self._database.write(write)

    def set_password(self, person: str, password: str, act: Act) -> None:
        """Put a hash in the place of the password's; ends the person's sessions and links."""

        def work(tx: Transaction) -> None:
            _set_password(tx, person, password)
            note_act(tx, act)

        self._database.write(work)

    def add_link(self, person: str, hashed: bytes, expires: int, act: Act) -> None:
        """Add a one-time link to choose a password with; earlier ones no longer work."""

        def work(tx: Transaction) -> None:
            tx.execute(
                "DELETE FROM sign_in_link WHERE person = ? OR expires < ?", (person, tx.instant)
            )
            tx.execute("INSERT INTO sign_in_link VALUES (?, ?, ?)", (hashed, person, expires))
            note_act(tx, act)

        self._database.write(work)

    def of_link(self, hashed: bytes) -> Person | None:
        """Return whose link it is, where it still works and the person is not disabled."""
        row = (
            self._database.read()
            .execute(
                "SELECT body FROM sign_in_link JOIN person ON person.id = sign_in_link.person "
                "WHERE hash = ? AND expires > ?",
                (hashed, self._database.now()),
            )
            .fetchone()
        )
        found = _person(row[0]) if row else None
        return found if found and found.disabled is None else None

    def use_link(self, hashed: bytes, password: str, act: Act) -> bool:
        """Use a link up and set the password's hash as `set_password` does; False where gone."""

        def work(tx: Transaction) -> bool:
            row = tx.execute(
                "DELETE FROM sign_in_link WHERE hash = ? AND expires > ? RETURNING person",
                (hashed, tx.instant),
            ).fetchone()
            if row is None:
                return False
            _set_password(tx, row[0], password)
            note_act(tx, act)
            return True

        return self._database.write(work)

    def set_second_factor(
        self, person: str, sealed: bytes | None, recovery: Collection[bytes], act: Act
    ) -> None:
        """Put a second factor and the hashes of its recovery codes in place, or take it away."""

        def work(tx: Transaction) -> None:
            tx.execute("UPDATE person SET totp = ? WHERE id = ?", (sealed, person))
            tx.execute("DELETE FROM recovery_code WHERE person = ?", (person,))
            tx.executemany(
                "INSERT INTO recovery_code VALUES (?, ?)", [(person, one) for one in recovery]
            )
            note_act(tx, act)

        self._database.write(work)

    def use_totp(self, person: str, step: int) -> bool:
        """Use up the time step of a code; False where this or a later one was used before."""
        return self._database.write(
            lambda tx: (
                tx.execute(
                    "UPDATE person SET totp_step = ?1 WHERE id = ?2 AND totp_step < ?1",
                    (step, person),
                ).rowcount
                == 1
            )
        )

    def use_recovery_code(self, person: str, hashed: bytes, act: Act) -> bool:
        """Use up a recovery code; False where there is none."""

        def work(tx: Transaction) -> bool:
            gone = tx.execute(
                "DELETE FROM recovery_code WHERE person = ? AND hash = ?", (person, hashed)
            )
            if gone.rowcount != 1:
                return False
            note_act(tx, act)
            return True

        return self._database.write(work)

    def attempt(self, name: str) -> int | None:
        """Count an attempt to sign in as failed until `forgive` says otherwise."""

        def work(tx: Transaction) -> int | None:
            tx.execute(
                "DELETE FROM sign_in_attempt WHERE last < ?", (tx.instant - FORGOTTEN_AFTER,)
            )
            row = tx.execute(
                "SELECT failures, last FROM sign_in_attempt WHERE name = ?", (name,)
            ).fetchone()
            until: int = row[1] + wait_after(row[0]) if row is not None else 0
            if until > tx.instant:
                return until
            tx.execute(
                "INSERT INTO sign_in_attempt VALUES (?1, 1, ?2) "
                "ON CONFLICT DO UPDATE SET failures = failures + 1, last = ?2",
                (name, tx.instant),
            )
            return None

        return self._database.write(work)

    def forgive(self, name: str) -> None:
        """Forget the failed attempts with the name."""
        self._database.write(
            lambda tx: tx.execute("DELETE FROM sign_in_attempt WHERE name = ?", (name,))
        )

    def _one(self, column: str, value: str) -> Person | None:
        row = (
            self._database.read()
            .execute(f"SELECT body FROM person WHERE {column} = ?", (value,))  # noqa: S608
            .fetchone()
        )
        return _person(row[0]) if row else None

    def _account(self, column: str, value: str) -> Account | None:
        row = (
            self._database.read()
            .execute(
                f"SELECT body, password, totp FROM person WHERE {column} = ?",  # noqa: S608
                (value,),
            )
            .fetchone()
        )
        return Account(person=_person(row[0]), password=row[1], totp=row[2]) if row else None


def _set_password(tx: Transaction, person: str, password: str) -> None:
    tx.execute("UPDATE person SET password = ? WHERE id = ?", (password, person))
    tx.execute("DELETE FROM sign_in_link WHERE person = ?", (person,))
    _end_all(tx, person)


def _end_all(tx: Transaction, person: str) -> None:
    tx.execute("DELETE FROM session WHERE principal = ?", (f"person:{person}",))
