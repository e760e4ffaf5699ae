"""Issued credentials in SQLite."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from lrs.store.sqlite.database import Database, Transaction
from schemas.issued import IssuedCredential, Place
from schemas.times import instant_of, moment_of

_COLUMNS = (
    "c.id, c.achievement, c.persona, c.language, c.list, c.place, c.issued_at, "
    "c.evidence_hash, c.token, c.document"
)
# A credential stands as long as its achievement does, with the evidence or renewal that it names.
_STANDS = (
    "EXISTS (SELECT 1 FROM achievement a WHERE a.id = c.achievement AND a.state = 'verified' "
    "AND (json_extract(CAST(a.body AS TEXT), '$.evidence_hash') = c.evidence_hash "
    "OR EXISTS (SELECT 1 FROM json_each(CAST(a.body AS TEXT), '$.renewals') r "
    "WHERE json_extract(r.value, '$.evidence_hash') = c.evidence_hash)))"
)
TRIES = 64
"""Random places tried in the newest list before a new list is begun."""


class SqliteCredentials:
    """Fulfils `lrs.store.credentials.Credentials`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def subject_of(self, persona: str) -> str:
        """Return the random UUID by which credentials name the persona, made on first use."""
        find = "SELECT subject FROM credential_subject WHERE persona = ?"
        known = self._database.read().execute(find, (persona,)).fetchone()
        if known is not None:
            return str(known[0])

        def work(tx: Transaction) -> str:
            tx.execute(
                "INSERT INTO credential_subject (persona, subject) VALUES (?, ?) "
                "ON CONFLICT DO NOTHING",
                (persona, str(uuid.uuid4())),
            )
            return str(tx.execute(find, (persona,)).fetchone()[0])

        return self._database.write(work)

    def reserve_place(self, size: int) -> Place:
        """Return a random place, never given out before, in a status list of `size` places."""

        def work(tx: Transaction) -> Place:
            newest = tx.execute("SELECT max(list) FROM status_place").fetchone()[0] or 1
            for number in (newest, newest + 1):
                for _ in range(TRIES):
                    place = secrets.randbelow(size)
                    taken = tx.execute(
                        "INSERT INTO status_place (list, place) VALUES (?, ?) "
                        "ON CONFLICT DO NOTHING",
                        (number, place),
                    )
                    if taken.rowcount:
                        return Place(list=number, index=place)
            raise AssertionError("a new status list has no free place")

        return self._database.write(work)

    def add(self, credential: IssuedCredential) -> IssuedCredential:
        """Keep a new credential; return it, or the one that stands in its stead."""

        def work(tx: Transaction) -> IssuedCredential:
            tx.execute(
                "INSERT INTO credential (id, achievement, persona, language, list, place, "
                "issued_at, evidence_hash, token, document) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (achievement, language, evidence_hash) DO NOTHING",
                (
                    credential.id,
                    credential.achievement,
                    credential.persona,
                    credential.language,
                    credential.place.list,
                    credential.place.index,
                    instant_of(credential.issued_at),
                    credential.evidence_hash,
                    credential.token,
                    credential.document,
                ),
            )
            row = tx.execute(
                f"SELECT {_COLUMNS}, {_STANDS} FROM credential c "  # noqa: S608
                "WHERE c.achievement = ? AND c.language = ? AND c.evidence_hash = ?",
                (credential.achievement, credential.language, credential.evidence_hash),
            ).fetchone()
            return _credential(row)

        return self._database.write(work)

    def get(self, credential: str) -> IssuedCredential | None:
        """Return the credential with the id."""
        return next(iter(self._find("c.id = ?", credential)), None)

    def standing(
        self, achievement: str, language: str, evidence_hash: str
    ) -> IssuedCredential | None:
        """Return the credential of an achievement in a language, of the evidence or renewal, that
        is not revoked.
        """
        which = f"c.achievement = ? AND c.language = ? AND c.evidence_hash = ? AND {_STANDS}"
        return next(iter(self._find(which, achievement, language, evidence_hash)), None)

    def of_persona(self, persona: str) -> list[IssuedCredential]:
        """Return a persona's credentials, the latest first."""
        return self._find("c.persona = ? ORDER BY c.issued_at DESC", persona)

    def has_list(self, number: int) -> bool:
        """Tell whether a place in the status list was given out."""
        found = self._database.read().execute(
            "SELECT 1 FROM status_place WHERE list = ? LIMIT 1", (number,)
        )
        return found.fetchone() is not None

    def revoked_places(self, number: int) -> list[int]:
        """Return the places of a status list whose credentials are revoked."""
        rows = self._database.read().execute(
            f"SELECT c.place FROM credential c WHERE c.list = ? AND NOT {_STANDS} "  # noqa: S608
            "ORDER BY c.place",
            (number,),
        )
        return [row[0] for row in rows]

    def _find(self, which: str, *values: str) -> list[IssuedCredential]:
        rows = self._database.read().execute(
            f"SELECT {_COLUMNS}, {_STANDS} FROM credential c WHERE {which}",  # noqa: S608
            values,
        )
        return [_credential(row) for row in rows]


def _credential(row: tuple[Any, ...]) -> IssuedCredential:
    return IssuedCredential(
        id=row[0],
        achievement=row[1],
        persona=row[2],
        language=row[3],
        place=Place(list=row[4], index=row[5]),
        issued_at=moment_of(row[6]),
        evidence_hash=row[7],
        token=row[8],
        document=row[9],
        revoked=not row[10],
    )
