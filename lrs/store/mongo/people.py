"""People and their accounts in MongoDB. What a person signs in with is in their document."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from typing import Any

import msgspec
from pymongo import IndexModel

from lrs.store.mongo.database import MongoDatabase, Transaction, reported
from lrs.store.mongo.facts import note_act
from lrs.store.mongo.sessions import end_sessions
from lrs.store.people import FORGOTTEN_AFTER, NameTaken, wait_after
from schemas.audit import Act
from schemas.people import Account, Person
from schemas.texts import Text
from schemas.times import moment_of

INDEXES = {
    "person": [
        IndexModel([("name", 1)], unique=True),
        IndexModel(
            [("subject", 1)],
            unique=True,
            partialFilterExpression={"subject": {"$type": "string"}},
        ),
        IndexModel([("persona", 1)], partialFilterExpression={"persona": {"$type": "string"}}),
        IndexModel([("link.hash", 1)], partialFilterExpression={"link.hash": {"$exists": True}}),
    ],
    "sign_in_attempt": [
        IndexModel(
            [("last_moment", 1)],
            expireAfterSeconds=int(timedelta(microseconds=FORGOTTEN_AFTER).total_seconds()),
        )
    ],
}


class MongoPeople:
    """Fulfils `lrs.store.people.People`."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    def add(self, person: Person, act: Act) -> Person:
        """Add a person, `created` now. Raises NameTaken."""

        def work(tx: Transaction) -> Person:
            added = msgspec.structs.replace(person, created=tx.instant)
            _check_free(tx, added, {"_id": added.id})
            tx["person"].insert_one(
                {
                    "_id": added.id,
                    **_fields(added),
                    "password": None,
                    "totp": None,
                    "totp_step": 0,
                    "recovery": [],
                }
            )
            note_act(tx, act)
            return added

        return self._database.write(work)

    def person(self, person: str) -> Person | None:
        """Return the person with the id."""
        return self._one({"_id": person})

    def account(self, name: str) -> Account | None:
        """Return the account that is signed in to with the name."""
        return self._account({"name": name})

    def account_of(self, person: str) -> Account | None:
        """Return the account of the person with the id."""
        return self._account({"_id": person})

    def with_subject(self, subject: str) -> Person | None:
        """Return the person who is `subject` at the identity provider."""
        return self._one({"subject": subject})

    def page(self, after: str | None, limit: int) -> list[Person]:
        """Return a page of people in the order of their names, after a name."""
        with reported():
            found = self._database["person"].find({"name": {"$gt": after or ""}})
            return [_person(one) for one in found.sort("name").limit(limit)]

    def change(self, person: str, work: Callable[[Person], Person], act: Act) -> Person | None:
        """Put `work` of the person in its place; None where there is no such person."""

        def write(tx: Transaction) -> Person | None:
            found = tx["person"].find_one({"_id": person})
            if found is None:
                return None
            changed = work(_person(found))
            _check_free(tx, changed)
            tx["person"].update_one({"_id": person}, {"$set": _fields(changed)})
            if changed.disabled is not None:
                end_sessions(tx, f"person:{person}")
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
            link = {"hash": hashed, "expires": expires}
            tx["person"].update_one({"_id": person}, {"$set": {"link": link}})
            note_act(tx, act)

        self._database.write(work)

    def of_link(self, hashed: bytes) -> Person | None:
        """Return whose link it is, where it still works and the person is not disabled."""
        return self._one({**_works(hashed, self._database.now()), "disabled": None})

    def use_link(self, hashed: bytes, password: str, act: Act) -> bool:
        """Use a link up and set the password's hash as `set_password` does; False where gone."""

        def work(tx: Transaction) -> bool:
            found = tx["person"].find_one(_works(hashed, tx.instant), {"_id": 1})
            if found is None:
                return False
            _set_password(tx, found["_id"], password)
            note_act(tx, act)
            return True

        return self._database.write(work)

    def set_second_factor(
        self, person: str, sealed: bytes | None, recovery: Collection[bytes], act: Act
    ) -> None:
        """Put a second factor and the hashes of its recovery codes in place, or take it away."""

        def work(tx: Transaction) -> None:
            tx["person"].update_one(
                {"_id": person}, {"$set": {"totp": sealed, "recovery": list(recovery)}}
            )
            note_act(tx, act)

        self._database.write(work)

    def use_totp(self, person: str, step: int) -> bool:
        """Use up the time step of a code; False where this or a later one was used before."""

        def work(tx: Transaction) -> bool:
            used = tx["person"].update_one(
                {"_id": person, "totp_step": {"$lt": step}}, {"$set": {"totp_step": step}}
            )
            return bool(used.matched_count)

        return self._database.write(work)

    def use_recovery_code(self, person: str, hashed: bytes, act: Act) -> bool:
        """Use up a recovery code; False where there is none."""

        def work(tx: Transaction) -> bool:
            used = tx["person"].update_one(
                {"_id": person, "recovery": hashed}, {"$pull": {"recovery": hashed}}
            )
            if not used.matched_count:
                return False
            note_act(tx, act)
            return True

        return self._database.write(work)

    def attempt(self, name: str) -> int | None:
        """Count an attempt to sign in as failed until `forgive` says otherwise."""

        def work(tx: Transaction) -> int | None:
            found = tx["sign_in_attempt"].find_one({"_id": name})
            failures = 0
            if found is not None and found["last"] >= tx.instant - FORGOTTEN_AFTER:
                failures = found["failures"]
                until: int = found["last"] + wait_after(failures)
                if until > tx.instant:
                    return until
            tx["sign_in_attempt"].replace_one(
                {"_id": name},
                {
                    "failures": failures + 1,
                    "last": tx.instant,
                    "last_moment": moment_of(tx.instant),
                },
                upsert=True,
            )
            return None

        return self._database.write(work)

    def forgive(self, name: str) -> None:
        """Forget the failed attempts with the name."""
        self._database.write(lambda tx: tx["sign_in_attempt"].delete_one({"_id": name}))

    def _one(self, where: Mapping[str, Any]) -> Person | None:
        with reported():
            found = self._database["person"].find_one(where)
        return _person(found) if found else None

    def _account(self, where: Mapping[str, Any]) -> Account | None:
        with reported():
            found = self._database["person"].find_one(where)
        if found is None:
            return None
        return Account(person=_person(found), password=found["password"], totp=found["totp"])


def _works(hashed: bytes, now: int) -> dict[str, Any]:
    return {"link.hash": hashed, "link.expires": {"$gt": now}}


def _check_free(tx: Transaction, person: Person, *also: Mapping[str, Any]) -> None:
    """Raise NameTaken where the name or the subject is another person's, or what is said also is
    anybody's. That no two take it at the same time is for the unique indexes.
    """
    taken: list[Mapping[str, Any]] = [{"name": person.name}]
    if person.subject is not None:
        taken.append({"subject": person.subject})
    others = {"$or": taken, "_id": {"$ne": person.id}}
    if tx["person"].find_one({"$or": [others, *also]}, {"_id": 1}) is not None:
        raise NameTaken(Text("somebody signs in as %(name)r already", name=person.name))


def _set_password(tx: Transaction, person: str, password: str) -> None:
    tx["person"].update_one(
        {"_id": person}, {"$set": {"password": password}, "$unset": {"link": ""}}
    )
    end_sessions(tx, f"person:{person}")


def _fields(person: Person) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(person)
    del fields["id"]
    return fields


def _person(found: Mapping[str, Any]) -> Person:
    return msgspec.convert({**found, "id": found["_id"]}, Person)
