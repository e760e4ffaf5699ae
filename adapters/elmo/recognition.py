"""Conversions of credit as recognition reports (elmo-schemas, draft of 2.0; experimental).

The draft names its parts and leaves their meaning to come ("TODO"), and may change. What is
written here is valid against the draft: who recognised what, on which day, on which basis, and
which outcome came of which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from lxml import etree

from adapters.elmo.transcript import (
    GRADING,
    NAMESPACE,
    add,
    add_grading_scheme,
    add_issuer,
    add_learner,
    add_specification,
    add_texts,
    local_id,
    qualified,
)
from schemas.credentials import Issuer, Learner, NotExpressible, Outcome
from schemas.texts import Text
from schemas.units import BANK_ZONE


def build_recognition(
    conversions: Mapping[str, Sequence[Outcome]],
    outcomes: Mapping[str, Outcome],
    learner: Learner,
    issuer: Issuer,
    *,
    generated_at: datetime,
) -> bytes:
    """Return the unsigned document, UTF-8: one result of recognition for each conversion.

    `outcomes` are those that came by a conversion, by the ids of their achievements;
    `conversions` gives for each id what was converted. Raises NotExpressible.
    """
    if generated_at.tzinfo is None:
        raise NotExpressible(Text("the time of generation has no zone"))
    if not outcomes:
        raise NotExpressible(Text("nothing came by a conversion"))
    names: Any = {None: NAMESPACE}
    root = etree.Element(qualified("elmo"), nsmap=names)
    moment = generated_at.astimezone(BANK_ZONE).isoformat(timespec="seconds")
    add(root, "generatedDate", moment)
    # The draft asks for the name in the learner's own script too.
    add(add_learner(root, learner), "alternativeName", learner.name)
    report = add(root, "report")
    add_issuer(report, issuer)
    for achievement, outcome in outcomes.items():
        _add_result(report, outcome, conversions[achievement], issuer, moment)
    add(report, "issueDate", moment)
    add_grading_scheme(report, GRADING)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _add_result(
    report: etree._Element,
    outcome: Outcome,
    basis: Sequence[Outcome],
    issuer: Issuer,
    moment: str,
) -> None:
    """Add what was recognised: the basis is reported by the same institution."""
    if not basis:
        raise NotExpressible(
            Text("the conversion into %(code)s has no basis", code=outcome.unit.code)
        )
    result = add(report, "resultOfRecognition")
    add_texts(result, "title", outcome.unit.title)
    add_texts(result, "description", _description(outcome))
    add(result, "status", "Positive")
    decided = outcome.achievement.achieved_at.astimezone(BANK_ZONE)
    add(result, "decisionDate", decided.date().isoformat())
    reported = add(add(result, "recognitionBasis"), "recognitionReport")
    add_issuer(reported, issuer)
    for one in basis:
        add_specification(reported, one, 1)
    add(reported, "issueDate", moment)
    add_grading_scheme(reported, GRADING)
    add_specification(add(result, "recognitionResult"), outcome, 1)
    mapping = add(add(result, "recognitionMapping"), "mapping")
    source = add(mapping, "fromMapping")
    for one in basis:
        add(source, "ref", local_id(one.unit))
    add(add(mapping, "toMapping"), "ref", local_id(outcome.unit))


def _description(outcome: Outcome) -> dict[str, str]:
    rule = outcome.achievement.conversion
    return {
        "en": f"Recognised by the equivalence {rule} of {outcome.unit.awarding_body}.",
        "zh-CN": f"依据 {outcome.unit.awarding_body} 的转换规则 {rule} 认定。",
    }
