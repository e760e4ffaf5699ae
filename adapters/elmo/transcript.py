"""Outcomes as an EMREX ELMO document (elmo-schemas 1.7, schema.xsd)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit

from lxml import etree

from adapters.elmo.attachment import readable_transcript
from schemas.credentials import Issuer, Learner, NotExpressible, Outcome, check_outcome
from schemas.texts import Text
from schemas.units import BANK_ZONE, Unit

NAMESPACE: Final = "https://github.com/emrex-eu/elmo-schemas/tree/v1"
CREDIT_SCHEME: Final = "credit-bank"
"""Credits of a Credit Bank, which are not ECTS and are not converted here."""

LEVEL_TYPE: Final = "credit-bank"
"""Levels 1..10 of the Credit Bank's framework of outcomes, which are not those of the EQF."""

GRADING: Final = "percent"
_LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_COUNTRY: Final = re.compile("[A-Z]{2}")
_XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_DEEPEST: Final = 16


def build_elmo(
    outcomes: Sequence[Outcome],
    learner: Learner,
    issuer: Issuer,
    *,
    generated_at: datetime,
) -> bytes:
    """Return the unsigned document, UTF-8: one learner, one report of the issuer.

    Each outcome is a learning opportunity specification with its parts below it, and carries
    its own credits: no evidence earns twice. A name whose parts are not known is a
    family name alone, as in travel documents (ICAO 9303). A plain-text attachment says the same
    for people. Raises NotExpressible.
    """
    if generated_at.tzinfo is None:
        raise NotExpressible(Text("the time of generation has no zone"))
    if not outcomes:
        raise NotExpressible(Text("a transcript must hold at least one outcome"))
    names: Any = {None: NAMESPACE}
    root = etree.Element(qualified("elmo"), nsmap=names)
    moment = generated_at.astimezone(BANK_ZONE).isoformat(timespec="seconds")
    add(root, "generatedDate", moment)
    add_learner(root, learner)
    report = add(root, "report")
    add_issuer(report, issuer)
    for outcome in outcomes:
        add_specification(report, outcome, 1)
    add(report, "issueDate", moment)
    add_grading_scheme(report, GRADING)
    _add_attachment(root, readable_transcript(outcomes, learner, issuer, generated_at))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


_GRADING_TEXTS: Final = {
    "en": "The score as a share of the highest possible, in per cent from 0 to 100.",
    "zh-CN": "成绩占满分的百分比,0 至 100。",
}


def local_id(unit: Unit) -> str:
    """Return by what a unit's version is named within a document."""
    return f"{unit.code}/{unit.version}"


def add_grading_scheme(report: etree._Element, name: str) -> None:
    """Say in a report what scores mean."""
    scheme = add(report, "gradingScheme", localId=name)
    add_texts(scheme, "description", _GRADING_TEXTS)


def add_learner(root: etree._Element, learner: Learner) -> etree._Element:
    """Add who it is about, and return it."""
    element = add(root, "learner")
    for identifier in learner.identifiers:
        kind, _, value = identifier.partition(":")
        add(element, "identifier", value, type=kind)
    add(element, "givenNames", "")
    add(element, "familyName", learner.name)
    return element


def add_issuer(report: etree._Element, issuer: Issuer) -> None:
    """Add who answers for a report. Raises NotExpressible."""
    element = add(report, "issuer")
    if issuer.country is not None:
        if not _COUNTRY.fullmatch(issuer.country):
            raise NotExpressible(
                Text("the issuer's country %(country)r is no ISO 3166 code", country=issuer.country)
            )
        add(element, "country", issuer.country)
    host = urlsplit(issuer.url).hostname
    if not host:
        raise NotExpressible(Text("the issuer's address %(url)r has no host", url=issuer.url))
    add(element, "identifier", host.removeprefix("www."), type="schac")
    add(element, "identifier", issuer.id, type="uri")
    add_texts(element, "title", issuer.name)
    add(element, "url", issuer.url)


def add_specification(parent: etree._Element, outcome: Outcome, depth: int) -> None:
    """Add an outcome and its parts. Raises NotExpressible."""
    check_outcome(outcome)
    if depth > _DEEPEST:
        raise NotExpressible(
            Text("outcomes are nested more than %(deepest)s deep", deepest=_DEEPEST)
        )
    unit = outcome.unit
    element = add(parent, "learningOpportunitySpecification")
    add(element, "identifier", local_id(unit), type="local")
    add_texts(element, "title", unit.title)
    kind = _type(outcome, depth)
    if kind is not None:
        add(element, "type", kind)
    add_texts(element, "description", _description(outcome))
    _add_instance(add(element, "specifies"), outcome)
    for part in outcome.parts:
        add_specification(add(element, "hasPart"), part, depth + 1)


def _type(outcome: Outcome, depth: int) -> str | None:
    """Return ELMO's type of node where one is meant: Course is the smallest that has credits."""
    if outcome.unit.kind == "certificate":
        return None
    if not outcome.parts:
        return "Course"
    return "Module" if depth == 1 else None


def _description(outcome: Outcome) -> dict[str, str]:
    unit = outcome.unit
    hours = _decimal(unit.hours, "hours")
    return {
        "en": f"{unit.field}. Recognised by {unit.awarding_body}. Study hours: {hours}.",
        "zh-CN": f"{unit.field}。认定机构:{unit.awarding_body}。学时:{hours}。",
    }


def _add_instance(specifies: etree._Element, outcome: Outcome) -> None:
    achievement, unit = outcome.achievement, outcome.unit
    element = add(specifies, "learningOpportunityInstance")
    add(element, "identifier", achievement.id, type="achievement")
    add(element, "date", achievement.achieved_at.astimezone(BANK_ZONE).date().isoformat())
    add(element, "status", "passed")
    if achievement.score is not None:
        add(element, "gradingSchemeLocalId", GRADING)
        add(element, "resultLabel", percent(achievement.score))
    credit = add(element, "credit")
    add(credit, "scheme", CREDIT_SCHEME)
    add(credit, "value", _decimal(outcome.credits, "credits"))
    _add_level(element, LEVEL_TYPE, str(unit.level))
    if unit.grade is not None:
        _add_level(element, "1+X", unit.grade)


def _add_level(instance: etree._Element, kind: str, value: str) -> None:
    level = add(instance, "level")
    add(level, "type", kind)
    add(level, "value", value)


def _add_attachment(root: etree._Element, content: str) -> None:
    element = add(root, "attachment")
    add_texts(element, "title", {"en": "Transcript of records", "zh-CN": "学习成绩单"})
    add(element, "type", "EMREX transcript")
    add(element, "content", content)


def percent(score: float) -> str:
    """Return a score of 0..1 in per cent, to a hundredth at most."""
    return _decimal(round(score * 100, 2), "score")


def _decimal(value: float, name: str) -> str:
    """Return a number as xs:decimal, which knows no exponent."""
    if not math.isfinite(value) or value < 0:
        raise NotExpressible(
            Text("%(name)s must be a number from 0 on, is %(value)s", name=name, value=value)
        )
    text = f"{Decimal(str(value)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def add_texts(parent: etree._Element, tag: str, texts: Mapping[str, str]) -> None:
    """Add an element for each language. Raises NotExpressible."""
    if not texts:
        raise NotExpressible(Text("%(tag)s must be given in at least one language", tag=tag))
    for language, text in texts.items():
        if not _LANGUAGE.fullmatch(language):
            raise NotExpressible(Text("%(language)r is not a language tag", language=language))
        add(parent, tag, text).set(_XML_LANG, language)


def add(parent: etree._Element, tag: str, text: str | None = None, **more: str) -> etree._Element:
    """Add an element and return it. Raises NotExpressible."""
    try:
        element = etree.SubElement(parent, qualified(tag), more)
        element.text = text
    except ValueError as error:
        raise NotExpressible(
            Text("%(tag)s has characters that XML does not allow", tag=tag)
        ) from error
    return element


def qualified(tag: str) -> str:
    """Return a tag with ELMO's namespace."""
    return f"{{{NAMESPACE}}}{tag}"
