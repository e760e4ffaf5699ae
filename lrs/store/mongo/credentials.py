"""Issued credentials in MongoDB."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from typing import Any

import msgspec
from pymongo import DESCENDING, IndexModel

from lrs.store.mongo.database import MongoDatabase, Transaction, reported
from schemas.achievements import Achievement
from schemas.issued import IssuedCredential, Place
from schemas.times import instant_of, moment_of

_achievement = msgspec.json.Decoder(Achievement).decode

INDEXES = {
    "credential_subject": [IndexModel([("subject", 1)], unique=True)],
    "status_place": [IndexModel([("list", 1)])],
    "credential": [
        IndexModel([("achievement", 1), ("language", 1), ("evidence_hash", 1)], unique=True),
        IndexModel([("list", 1), ("place", 1)], unique=True),
        IndexModel([("list", 1), ("stands", 1), ("place", 1)]),
        IndexModel([("persona", 1), ("issued_at", 1)]),
    ],
}

TRIES = 64
"""Random places tried in the newest list before a new list is begun."""


class MongoCredentials:
    """Fulfils `lrs.store.credentials.Credentials`."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    def subject_of(self, persona: str) -> str:
        """Return the random UUID by which credentials name the persona, made on first use."""
        with reported():
            known = self._database["credential_subject"].find_one({"_id": persona})
        if known is not None:
            return str(known["subject"])

        def work(tx: Transaction) -> str:
            known = tx["credential_subject"].find_one({"_id": persona})
            if known is None:
                known = {"_id": persona, "subject": str(uuid.uuid4())}
                tx["credential_subject"].insert_one(known)
            return str(known["subject"])

        return self._database.write(work)

    def reserve_place(self, size: int) -> Place:
        """Return a random place, never given out before, in a status list of `size` places."""

        def work(tx: Transaction) -> Place:
            last = tx["status_place"].find_one({}, sort=[("list", DESCENDING)])
            newest = last["list"] if last else 1
            for number in (newest, newest + 1):
                for _ in range(TRIES):
                    place = secrets.randbelow(size)
                    name = f"{number}/{place}"
                    if tx["status_place"].find_one({"_id": name}) is None:
                        given = {"_id": name, "list": number, "place": place}
                        tx["status_place"].insert_one(given)
                        return Place(list=number, index=place)
            raise AssertionError("a new status list has no free place")

        return self._database.write(work)

    def add(self, credential: IssuedCredential) -> IssuedCredential:
        """Keep a new credential; return it, or the one that stands in its stead."""
        which = {
            "achievement": credential.achievement,
            "language": credential.language,
            "evidence_hash": credential.evidence_hash,
        }

        def work(tx: Transaction) -> IssuedCredential:
            kept = tx["credential"].find_one(which)
            if kept is not None:
                return _credential(kept)
            # Written so that it cannot be revoked meanwhile without the credential's being told.
            achievement = tx["achievement"].find_one_and_update(
                {"_id": credential.achievement}, {"$inc": {"turn": 1}}, {"state": 1, "body": 1}
            )
            added = {
                "_id": credential.id,
                **which,
                "persona": credential.persona,
                "list": credential.place.list,
                "place": credential.place.index,
                "issued_at": instant_of(credential.issued_at),
                "token": credential.token,
                "document": credential.document,
                "stands": achievement is not None
                and achievement["state"] == "verified"
                and credential.evidence_hash in _achievement(achievement["body"]).hashes,
            }
            tx["credential"].insert_one(added)
            return _credential(added)

        return self._database.write(work)

    def get(self, credential: str) -> IssuedCredential | None:
        """Return the credential with the id."""
        return self._one({"_id": credential})

    def standing(
        self, achievement: str, language: str, evidence_hash: str
    ) -> IssuedCredential | None:
        """Return the credential of an achievement in a language, of the evidence or renewal, that
        is not revoked.
        """
        which = {"achievement": achievement, "language": language, "evidence_hash": evidence_hash}
        return self._one({**which, "stands": True})

    def of_persona(self, persona: str) -> list[IssuedCredential]:
        """Return a persona's credentials, the latest first."""
        with reported():
            found = self._database["credential"].find({"persona": persona})
            return [_credential(one) for one in found.sort("issued_at", DESCENDING)]

    def has_list(self, number: int) -> bool:
        """Tell whether a place in the status list was given out."""
        with reported():
            return self._database["status_place"].find_one({"list": number}) is not None

    def revoked_places(self, number: int) -> list[int]:
        """Return the places of a status list whose credentials are revoked."""
        with reported():
            found = self._database["credential"].find(
                {"list": number, "stands": False}, {"_id": 0, "place": 1}
            )
            return [one["place"] for one in found.sort("place")]

    def _one(self, which: Mapping[str, Any]) -> IssuedCredential | None:
        with reported():
            found = self._database["credential"].find_one(which)
        return _credential(found) if found else None


def say_which_stand(tx: Transaction, achievement: Achievement) -> None:
    """Let each credential of a changed achievement say whether it stands: as long as that does,
    with the evidence or renewal that it names.
    """
    verified = achievement.state == "verified"
    names = {"$in": ["$evidence_hash", list(achievement.hashes)]}
    tx["credential"].update_many(
        {"achievement": achievement.id}, [{"$set": {"stands": names if verified else False}}]
    )


def _credential(found: Mapping[str, Any]) -> IssuedCredential:
    return IssuedCredential(
        id=found["_id"],
        achievement=found["achievement"],
        persona=found["persona"],
        language=found["language"],
        place=Place(list=found["list"], index=found["place"]),
        issued_at=moment_of(found["issued_at"]),
        evidence_hash=found["evidence_hash"],
        token=found["token"],
        document=found["document"],
        revoked=not found["stands"],
    )
