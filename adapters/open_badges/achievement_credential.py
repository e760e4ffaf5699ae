"""A verified achievement as an AchievementCredential (Open Badges 3.0, B.1.1)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from adapters.open_badges.document import (
    CREDENTIALS_CONTEXT,
    OPEN_BADGES_CONTEXT,
    Credential,
    time_text,
)
from adapters.open_badges.status_list import status_entry
from schemas.claims import OutcomeKind
from schemas.credentials import (
    Issuer,
    Learner,
    NotExpressible,
    Outcome,
    StatusPlace,
    check_outcome,
    text_in,
)
from schemas.texts import Text
from schemas.units import Unit, valid_until

_ACHIEVEMENT_TYPES: Final[dict[OutcomeKind, str]] = {
    "academic": "Course",
    "certificate": "Certificate",
    "training": "CertificateOfCompletion",
}
_IDENTITY_TYPES: Final = {
    "mbox": "emailAddress",
    "mbox_sha1sum": "ext:mbox_sha1sum",
    "openid": "ext:openid",
    "account": "ext:account",
}
_SHORTEST_SALT: Final = 16


def build_achievement_credential(
    outcome: Outcome,
    learner: Learner,
    issuer: Issuer,
    *,
    credential_id: str,
    issued_at: datetime,
    salt: str,
    language: str = "en",
    status: StatusPlace | None = None,
) -> Credential:
    """Return the unsigned credential of a verified achievement.

    `credential_id` is a URI and `salt` random text, both new for every credential; `language`
    (BCP 47) chooses among titles, and Chinese or English for our own words. The learner's name and
    identifiers are in it as salted hashes only. The outcome's parts are credentials of their
    own. Raises NotExpressible.
    """
    check_outcome(outcome)
    achievement, unit = outcome.achievement, outcome.unit
    title = text_in(unit.title, language)
    achievement_id = unit_id(issuer, unit)
    subject: Credential = {
        **subject_of(learner, salt),
        "type": ["AchievementSubject"],
        "activityEndDate": time_text(achievement.achieved_at),
        "creditsEarned": _number(outcome.credits, "credits"),
        "achievement": _described(unit, achievement_id, title, language),
    }
    if achievement.score is not None:
        percent = _number(achievement.score * 100, "score")
        subject["result"] = [
            {
                "type": ["Result"],
                "resultDescription": f"{achievement_id}#score",
                "value": f"{percent:.10g}",
            }
        ]
    credential: Credential = {
        "@context": [CREDENTIALS_CONTEXT, OPEN_BADGES_CONTEXT],
        "id": credential_id,
        "type": ["VerifiableCredential", "AchievementCredential"],
        "name": title,
        "issuer": profile(issuer, language),
        "validFrom": time_text(issued_at),
        "awardedDate": time_text(achievement.achieved_at),
        "credentialSubject": subject,
        "evidence": [_evidence(one) for one in achievement.hashes],
    }
    until = valid_until(achievement.valid_from, unit)
    if until is None and unit.validity is not None:
        raise NotExpressible(
            Text("%(validity)s months reach beyond the year 9999", validity=unit.validity)
        )
    if until is not None:
        credential["validUntil"] = time_text(until)
    if status is not None:
        credential["credentialStatus"] = status_entry(status)
    return credential


def unit_id(issuer: Issuer, unit: Unit) -> str:
    """Return the URI of a unit's version as this issuer's achievement; nothing need be there."""
    return f"{issuer.id.rstrip('/')}/units/{quote(unit.code, safe='')}/{unit.version}"


def profile(issuer: Issuer, language: str) -> dict[str, Any]:
    """Return an issuer as an Open Badges profile."""
    name = text_in(issuer.name, language)
    return {"id": issuer.id, "type": ["Profile"], "name": name, "url": issuer.url}


def subject_of(learner: Learner, salt: str) -> dict[str, Any]:
    """Return how a credential names the learner: the id, and everything personal hashed.

    A short salt makes the same hash wherever the learner goes; raises NotExpressible.
    """
    if len(salt) < _SHORTEST_SALT:
        raise NotExpressible(
            Text(
                "the salt must have at least %(shortest_salt)s characters",
                shortest_salt=_SHORTEST_SALT,
            )
        )
    known = [("ext:name", learner.name)]
    for identifier in learner.identifiers:
        kind, _, value = identifier.partition(":")
        if kind not in _IDENTITY_TYPES or not value:
            raise NotExpressible(Text("an identifier of the learner is not one that can be hashed"))
        known.append((_IDENTITY_TYPES[kind], value.removeprefix("mailto:")))
    return {
        "id": learner.id,
        "identifier": [
            {
                "type": "IdentityObject",
                "hashed": True,
                "identityHash": identity_hash(value, salt),
                "identityType": kind,
                "salt": salt,
            }
            for kind, value in known
        ],
    }


def identity_hash(value: str, salt: str) -> str:
    """Return an IdentityHash: SHA-256 of the value followed by the salt (Open Badges 3.0)."""
    return "sha256$" + hashlib.sha256((value + salt).encode()).hexdigest()


def is_about(credential: Mapping[str, Any], identity_type: str, value: str) -> bool:
    """Tell whether a verified credential is about whom is known by this (Open Badges 3.0, 9.3).

    `identity_type` is of Open Badges (`emailAddress`, or `ext:name` and the like of ours).
    """
    subject = credential.get("credentialSubject")
    identifiers = subject.get("identifier", []) if isinstance(subject, dict) else []
    found = False
    for identifier in identifiers if isinstance(identifiers, list) else []:
        if isinstance(identifier, dict) and identifier.get("identityType") == identity_type:
            salt = identifier.get("salt", "")
            expected = identity_hash(value, str(salt)) if identifier.get("hashed") else value
            told = str(identifier.get("identityHash"))
            found |= hmac.compare_digest(told.encode(), expected.encode())
    return found


def _described(unit: Unit, achievement_id: str, title: str, language: str) -> dict[str, Any]:
    credits, hours = _number(unit.credits, "credits"), _number(unit.hours, "hours")
    if language.lower().startswith("zh"):
        description = (
            f"认证单元 {unit.code}(第 {unit.version} 版),{unit.awarding_body}认定:"
            f"{unit.level} 级,{credits:g} 学分,{hours:g} 学时。"
        )
        criteria = "学习者的学习经历陈述满足该认证单元这一版本的证据规则。"
        score = "成绩(百分制)"
    else:
        description = (
            f"Unit {unit.code}, version {unit.version}, recognised by {unit.awarding_body}: "
            f"level {unit.level}, {credits:g} credits, {hours:g} study hours."
        )
        criteria = "The learner's statements meet the evidence rule of this version of the unit."
        score = "Score in per cent"
    tags = [tag for tag in (f"level {unit.level}", unit.grade) if tag]
    return {
        "id": achievement_id,
        "type": ["Achievement"],
        "achievementType": _ACHIEVEMENT_TYPES[unit.kind],
        "name": title,
        "description": description,
        "criteria": {"narrative": criteria},
        "humanCode": unit.code,
        "version": str(unit.version),
        "fieldOfStudy": unit.field,
        "creditsAvailable": credits,
        "inLanguage": language,
        "tag": tags,
        "resultDescription": [
            {
                "id": f"{achievement_id}#score",
                "type": ["ResultDescription"],
                "name": score,
                "resultType": "Percent",
                "valueMin": "0",
                "valueMax": "100",
            }
        ],
    }


def _evidence(evidence_hash: str) -> dict[str, Any]:
    """Return the hash that binds the achievement to its evidence, named as RFC 6920 does."""
    digest = base64.urlsafe_b64encode(bytes.fromhex(evidence_hash)).decode().rstrip("=")
    return {
        "id": f"ni:///sha-256;{digest}",
        "type": ["Evidence"],
        "name": "Evidence",
        "description": f"SHA-256 {evidence_hash}",
    }


def _number(value: float, name: str) -> float:
    if not math.isfinite(value) or value < 0:
        raise NotExpressible(
            Text("%(name)s must be a number from 0 on, is %(value)s", name=name, value=value)
        )
    return value
