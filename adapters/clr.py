"""A persona's credentials as one Comprehensive Learner Record (1EdTech CLR 2.0)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, get_args

from adapters.open_badges.achievement_credential import profile, subject_of, unit_id
from adapters.open_badges.document import (
    CREDENTIALS_CONTEXT,
    OPEN_BADGES_CONTEXT,
    Credential,
    time_text,
)
from adapters.open_badges.status_list import status_entry
from schemas.credentials import (
    Association,
    AssociationType,
    Issuer,
    Learner,
    NotExpressible,
    Outcome,
    StatusPlace,
)
from schemas.texts import Text

CLR_CONTEXT: Final = "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json"
_TYPES: Final[tuple[AssociationType, ...]] = get_args(AssociationType)


def build_clr_credential(
    credentials: Sequence[Mapping[str, Any]],
    associations: Iterable[Association],
    learner: Learner,
    issuer: Issuer,
    *,
    credential_id: str,
    issued_at: datetime,
    salt: str,
    language: str = "en",
    partial: bool = False,
    status: StatusPlace | None = None,
) -> Credential:
    """Return the unsigned learner record that holds these credentials.

    `credentials` are AchievementCredentials of this learner, each with a Data Integrity proof;
    `associations` tell how their achievements relate (`associations_of`). `partial` says that
    there are more. The other parameters are those of `build_achievement_credential`. Sign it
    as any credential (`open_badges.add_proof`, `open_badges.sign_jwt`). Raises NotExpressible.
    """
    achievements = [_achievement_id(credential, learner) for credential in credentials]
    if not achievements:
        raise NotExpressible(Text("a learner record must hold at least one credential"))
    if len({credential["id"] for credential in credentials}) < len(credentials):
        raise NotExpressible(Text("a credential stands twice in the learner record"))
    record: Credential = {
        "@context": [CREDENTIALS_CONTEXT, CLR_CONTEXT, OPEN_BADGES_CONTEXT],
        "id": credential_id,
        "type": ["VerifiableCredential", "ClrCredential"],
        "name": "学习成果档案" if language.lower().startswith("zh") else "Learner record",
        "issuer": profile(issuer, language),
        "validFrom": time_text(issued_at),
        "partial": partial,
        "credentialSubject": {
            **subject_of(learner, salt),
            "type": ["ClrSubject"],
            "verifiableCredential": [dict(credential) for credential in credentials],
        },
    }
    related = [_association(association, set(achievements)) for association in associations]
    if related:
        record["credentialSubject"]["association"] = related
    if status is not None:
        record["credentialStatus"] = status_entry(status)
    return record


def associations_of(outcomes: Iterable[Outcome], issuer: Issuer) -> Iterator[Association]:
    """Yield how the units of outcomes relate to those of their parts: each is its parts' parent."""
    for outcome in outcomes:
        for part in outcome.parts:
            yield Association(
                type="isParentOf",
                source=unit_id(issuer, outcome.unit),
                target=unit_id(issuer, part.unit),
            )
        yield from associations_of(outcome.parts, issuer)


def _achievement_id(credential: Mapping[str, Any], learner: Learner) -> str:
    """Return the achievement's id of a credential that may stand in this learner's record."""
    known = credential.get("id")
    if "AchievementCredential" not in credential.get("type", ()):
        raise NotExpressible(Text("%(known)s is not an AchievementCredential", known=known))
    if not isinstance(credential.get("proof"), dict):
        raise NotExpressible(
            Text("%(known)s has no Data Integrity proof: sign it before it is wrapped", known=known)
        )
    subject = credential["credentialSubject"]
    if subject.get("id") != learner.id:
        raise NotExpressible(Text("%(known)s is about somebody else", known=known))
    return str(subject["achievement"]["id"])


def _association(association: Association, achievements: set[str]) -> dict[str, str]:
    if association.type not in _TYPES:
        raise NotExpressible(
            Text("%(type)s is not an association of CLR 2.0", type=association.type)
        )
    for end in (association.source, association.target):
        if end not in achievements:
            raise NotExpressible(
                Text("an association names %(end)s, of which there is no credential", end=end)
            )
    return {
        "type": "Association",
        "associationType": association.type,
        "sourceId": association.source,
        "targetId": association.target,
    }
