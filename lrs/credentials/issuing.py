"""Giving out credentials, learner records and transcripts of verified achievements."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import json

from adapters.clr import associations_of, build_clr_credential
from adapters.elmo import build_elmo, build_recognition, sign_elmo
from adapters.open_badges import (
    Credential,
    add_proof,
    build_achievement_credential,
    build_status_list,
    canonical,
    issuer_document,
    sign_jwt,
)
from adapters.open_badges.status_list import SMALLEST
from lrs.credentials.keys import CredentialKeys
from lrs.store.achievements import Achievements
from lrs.store.credentials import Credentials
from lrs.store.records import Persona, Records
from lrs.store.units import Units
from schemas.achievements import Achievement
from schemas.credentials import Issuer, Learner, NotExpressible, Outcome, StatusPlace
from schemas.issued import IssuedCredential
from schemas.texts import Text

LIST_VALID = timedelta(hours=24)
"""A verifier has to fetch a newer status list after this long: how long a revocation can hide."""

CLOCKS_APART = timedelta(minutes=5)
"""How far the clock of a verifier may be behind ours."""

PAGE = 100


class Issuing:
    """Makes and keeps credentials. Issuing again gives what was issued."""

    def __init__(
        self,
        issuer: Issuer,
        *,
        keys: CredentialKeys,
        credentials: Credentials,
        achievements: Achievements,
        units: Units,
        records: Records,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.issuer = issuer
        self._keys = keys
        self._credentials = credentials
        self._achievements = achievements
        self._units = units
        self._records = records
        self._clock = clock

    def issue(self, achievement: Achievement, language: str) -> IssuedCredential:
        """Return the credential of a verified achievement, made and kept on first use.

        Raises NotExpressible where the achievement is not verified or has no persona any more.
        """
        standing = self._credentials.standing(achievement.id, language, achievement.hashes[-1])
        if standing is not None:
            return standing
        outcome = self._outcome(achievement)
        learner = self._learner(self._persona(achievement.persona))
        place = self._credentials.reserve_place(SMALLEST)
        credential_id, now = str(uuid.uuid4()), self._clock()
        document = build_achievement_credential(
            outcome,
            learner,
            self.issuer,
            credential_id=f"urn:uuid:{credential_id}",
            issued_at=now,
            salt=secrets.token_urlsafe(24),
            language=language,
            status=StatusPlace(url=self._list_url(place.list), index=place.index),
        )
        keys = self._keys.newest()
        return self._credentials.add(
            IssuedCredential(
                id=credential_id,
                achievement=achievement.id,
                persona=achievement.persona,
                language=language,
                place=place,
                issued_at=now,
                evidence_hash=achievement.hashes[-1],
                token=sign_jwt(document, keys.token_key(self.issuer)),
                document=canonical(add_proof(document, keys.proof_key(self.issuer), now)),
            )
        )

    def learner_record(self, persona: str, language: str) -> bytes:
        """Return the persona's verified achievements as a signed CLR 2.0 (canonical JSON).

        Raises NotExpressible where nothing is verified, LookupError for an unknown persona.
        """
        learner = self._learner(self._persona(persona))
        outcomes = self._outcomes(persona)
        held = [self.issue(one.achievement, language) for one in outcomes]
        now = self._clock()
        record = build_clr_credential(
            [json.decode(one.document) for one in held],
            associations_of(outcomes, self.issuer),
            learner,
            self.issuer,
            credential_id=f"urn:uuid:{uuid.uuid4()}",
            issued_at=now,
            salt=secrets.token_urlsafe(24),
            language=language,
        )
        return canonical(add_proof(record, self._keys.newest().proof_key(self.issuer), now))

    def transcript(self, persona: str) -> bytes:
        """Return the persona's verified achievements as a signed EMREX ELMO document (XML).

        The name and the identifiers are in the clear. Raises NotExpressible where nothing is
        verified, LookupError for an unknown persona.
        """
        learner = self._learner(self._persona(persona))
        keys = self._keys.newest()
        document = build_elmo(
            self._outcomes(persona), learner, self.issuer, generated_at=self._clock()
        )
        return sign_elmo(document, keys.transcript_key, keys.certificate)

    def recognition(self, persona: str) -> bytes:
        """Return what the persona gained by conversions as a signed recognition report (XML).

        By the draft of ELMO 2.0, which may change. Raises NotExpressible where nothing was
        converted, LookupError for an unknown persona.
        """
        learner = self._learner(self._persona(persona))
        held = {one.achievement.id: one for one in self._outcomes(persona)}
        converted = {key: one for key, one in held.items() if one.achievement.conversion}
        basis = {
            key: [held[source] for source in one.achievement.basis if source in held]
            for key, one in converted.items()
        }
        keys = self._keys.newest()
        document = build_recognition(
            basis, converted, learner, self.issuer, generated_at=self._clock()
        )
        return sign_elmo(document, keys.transcript_key, keys.certificate)

    def status_list(self, number: int) -> Credential | None:
        """Return a status list as a signed credential, None where there is no such list."""
        if not self._credentials.has_list(number):
            return None
        # A verifier whose clock is a little behind asks for it in the very second it is made.
        now = self._clock() - CLOCKS_APART
        unsigned = build_status_list(
            url=self._list_url(number),
            issuer=self.issuer,
            revoked=self._credentials.revoked_places(number),
            issued_at=now,
            valid_until=now + LIST_VALID,
        )
        return add_proof(unsigned, self._keys.newest().proof_key(self.issuer), now)

    def published(self) -> Credential:
        """Return what is published under the issuer's id: the profile and all public keys."""
        pairs = self._keys.all()
        signing = [
            key
            for pair in pairs
            for key in (pair.token_key(self.issuer), pair.proof_key(self.issuer))
        ]
        return issuer_document(
            self.issuer, [one.key for one in signing], [one.id for one in signing]
        )

    def rotate_keys(self) -> int:
        """Make new keys, which sign from now on; return their number."""
        return self._keys.rotate().number

    def certificates(self) -> bytes:
        """Return the certificates that transcripts are signed with, PEM, the newest first."""
        return b"".join(
            pair.certificate.public_bytes(Encoding.PEM) for pair in reversed(self._keys.all())
        )

    def _list_url(self, number: int) -> str:
        return f"{self.issuer.url}/status/{number}"

    def _persona(self, persona: str) -> Persona:
        found = self._records.persona(persona)
        if found is None:
            raise LookupError(f"there is no persona {persona}")
        return found

    def _learner(self, persona: Persona) -> Learner:
        return Learner(
            id=f"urn:uuid:{self._credentials.subject_of(persona.id)}",
            name=persona.name or persona.identifiers[0],
            identifiers=persona.identifiers,
        )

    def _outcome(self, achievement: Achievement) -> Outcome:
        unit = self._units.unit(achievement.unit, achievement.version)
        if unit is None:
            raise NotExpressible(
                Text(
                    "unit %(unit)s %(version)s is not published",
                    unit=achievement.unit,
                    version=achievement.version,
                )
            )
        return Outcome(achievement=achievement, unit=unit)

    def _verified(self, persona: str) -> Iterator[Achievement]:
        after: tuple[int, str] | None = None
        while page := self._achievements.page(after, PAGE, persona):
            yield from (one for _, one in page if one.state == "verified")
            after = (page[-1][0], page[-1][1].id)

    def _outcomes(self, persona: str) -> list[Outcome]:
        return [self._outcome(one) for one in self._verified(persona)]
