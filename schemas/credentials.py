"""What credentials and transcripts are made from: who issues, who earned, what was earned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from schemas.achievements import Achievement
from schemas.texts import Text
from schemas.units import Unit

AssociationType = Literal[
    "exactMatchOf",
    "isChildOf",
    "isParentOf",
    "isPartOf",
    "isPeerOf",
    "isRelatedTo",
    "precedes",
    "replacedBy",
]
"""How two achievements relate (CLR 2.0, AssociationType)."""


class NotExpressible(ValueError):
    """Something cannot be written in the receiver's format; the message says what and why."""


class Issuer(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers for a credential.

    `id` is an https URL or a DID under which the public keys are published, `name` maps language
    tags (BCP 47) to text, `url` is the home page, `country` an ISO 3166-1 alpha-2 code.
    """

    id: str
    name: dict[str, str]
    url: str
    country: str | None = None


class Learner(msgspec.Struct, frozen=True, kw_only=True):
    """Who earned a credential.

    `id` is the URI that credentials name the learner by. It must tell nothing about the person:
    a random `urn:uuid:` or the learner's own DID. `identifiers` are those of
    `schemas.identifiers`.
    """

    id: str
    name: str
    identifiers: tuple[str, ...] = ()


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """An achievement with the unit's version it rests on, and the outcomes it is made of."""

    achievement: Achievement
    unit: Unit
    parts: tuple[Outcome, ...] = ()

    @property
    def credits(self) -> float:
        """The credits that it brought: a conversion may bring others than the unit has."""
        earned = self.achievement.credits
        return self.unit.credits if earned is None else earned


class StatusPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a credential's status stands: the bit `index` of the status list at `url`."""

    url: str
    index: int


class Association(msgspec.Struct, frozen=True, kw_only=True):
    """How one unit relates to another; `source` and `target` are ids of CLR achievements."""

    type: AssociationType
    source: str
    target: str


def text_in(texts: Mapping[str, str], language: str) -> str:
    """Return the text in a language: the tag itself, the same language, English, or the first.

    Raises NotExpressible where there is no text at all.
    """
    primary = language.partition("-")[0].lower()
    same = (tag for tag in texts if tag.partition("-")[0].lower() == primary)
    for tag in (language, *same, "en", *texts):
        if texts.get(tag):
            return texts[tag]
    raise NotExpressible(Text("a title or name must be given in at least one language"))


def check_outcome(outcome: Outcome) -> None:
    """Make sure that this is a verified achievement of this very version of the unit.

    Raises NotExpressible; nothing else may leave as a credential or in a transcript.
    """
    achievement, unit = outcome.achievement, outcome.unit
    if achievement.state != "verified":
        raise NotExpressible(
            Text(
                "the achievement %(id)s is %(state)s: only what is verified is issued",
                id=achievement.id,
                state=achievement.state,
            )
        )
    if (achievement.unit, achievement.version) != (unit.code, unit.version):
        raise NotExpressible(
            Text(
                "the achievement %(id)s rests on version %(version)s of %(unit)s, not on "
                "version %(other)s of %(code)s",
                id=achievement.id,
                version=achievement.version,
                unit=achievement.unit,
                other=unit.version,
                code=unit.code,
            )
        )
    if achievement.achieved_at.tzinfo is None:
        raise NotExpressible(
            Text("the time of the achievement %(id)s has no zone", id=achievement.id)
        )
