"""`/api/v1/personas/{persona}/units/{unit}/explanation`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from msgspec.structs import asdict

from lrs.achievements.checks import checks
from lrs.achievements.decision import ConditionResult
from lrs.achievements.explain import Language
from lrs.achievements.explanation import explain_judgement
from lrs.achievements.panel import judge_of
from lrs.achievements.written import written_condition
from lrs.api.blueprint import ApiBlueprint
from lrs.console.language import chosen_language
from lrs.problems import Problem
from lrs.service import Service
from schemas.resources.explanations import ExplanationSchema
from schemas.times import moment_of


def blueprint(service: Service) -> ApiBlueprint:
    """Return the route of explanations."""
    routes = ApiBlueprint(
        "explanations", service, "Why a unit is achieved or not.", "reader", "officer"
    )
    store = service.store

    @routes.get("/personas/<persona>/units/<unit>/explanation")
    @routes.response(200, ExplanationSchema)
    def explanation(persona: str, unit: str) -> dict[str, Any]:
        """Say condition by condition whether a persona meets a unit's rule, and by what."""
        found = store.records.persona(persona)
        if found is None:
            raise Problem(404, "There is no such persona.")
        judgement = judge_of(store).judge(found, unit, datetime.now(UTC))
        if judgement is None:
            raise Problem(404, "There is no such unit in force.")
        held = judgement.held
        decisions = store.achievements.decisions(held.id) if held is not None else []
        decided = judgement.converted or judgement.decision
        language: Language = "zh-CN" if chosen_language() == "zh_CN" else "en"
        return {
            "persona": found.id,
            "unit": judgement.unit.code,
            "version": judgement.unit.version,
            "as_of": judgement.decision.as_of,
            "met": judgement.met,
            "achieved_at": decided.achieved_at,
            "score": judgement.decision.score,
            "evidence": decided.evidence,
            "rule": _result(judgement.decision.rule),
            "conversions": [{**asdict(one), "met": one.met} for one in judgement.conversions],
            "checks": checks(judgement),
            "achievement": held,
            "valid_until": judgement.valid_until,
            "expired": judgement.expired,
            "decisions": [{**asdict(one), "at": moment_of(one.at)} for one in decisions],
            "text": explain_judgement(judgement, decisions, language),
        }

    return routes


def _result(result: ConditionResult) -> dict[str, Any]:
    return {
        **asdict(result),
        "condition": written_condition(result.condition),
        "shares": [
            {
                "category": one.minimum.category,
                "route": one.minimum.route,
                "at_least": one.minimum.at_least,
                "have": one.have,
                "met": one.met,
            }
            for one in result.shares
        ],
        "conditions": [_result(inner) for inner in result.conditions],
    }
