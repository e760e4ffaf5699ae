"""A judgement in words: the rule condition by condition, conversions, checks, officers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from lrs.achievements.checks import Check, CheckResult, Outcome, checks
from lrs.achievements.conversion import ConversionReason, ConversionResult
from lrs.achievements.explain import Language, Words, explain, number, time_of
from lrs.achievements.judge import Judgement
from schemas.achievements import AchievementState, OfficerDecision, Verdict
from schemas.times import moment_of

CONVERSIONS: Final[dict[ConversionReason, Words]] = {
    "converted": {
        "en": "converted from {sources} by {equivalence}: {credits} credits",
        "zh-CN": "依据 {equivalence} 由 {sources} 转换：{credits} 学分",
    },
    "not_achieved": {
        "en": "can be converted from {sources} by {equivalence}, not all of it is achieved",
        "zh-CN": "可依据 {equivalence} 由 {sources} 转换，尚未全部达成",
    },
    "expired": {
        "en": "not converted from {sources} by {equivalence}: its validity is over",
        "zh-CN": "未依据 {equivalence} 由 {sources} 转换：有效期已过",
    },
    "used": {
        "en": "not converted from {sources} by {equivalence}: converted into another unit already",
        "zh-CN": "未依据 {equivalence} 由 {sources} 转换：已转换为其他认证单元",
    },
    "out_of_effect": {
        "en": "not converted from {sources} by {equivalence}: achieved outside its days",
        "zh-CN": "未依据 {equivalence} 由 {sources} 转换：达成日期不在规则有效期内",
    },
    "cap_reached": {
        "en": "not converted from {sources} by {equivalence}: its category has reached its cap",
        "zh-CN": "未依据 {equivalence} 由 {sources} 转换：该类别已达学分上限",
    },
}

CHECKS: Final[dict[Check, Words]] = {
    "rule": {"en": "rule", "zh-CN": "规则"},
    "provenance": {"en": "provenance", "zh-CN": "来源类别"},
    "signature": {"en": "signature", "zh-CN": "签名"},
    "plausible_time": {"en": "plausible time", "zh-CN": "时间合理"},
    "double_counting": {"en": "no double counting", "zh-CN": "不重复计算"},
    "officer": {"en": "officer", "zh-CN": "认证员"},
}

OUTCOMES: Final[dict[Outcome, Words]] = {
    "passed": {"en": "passed", "zh-CN": "通过"},
    "failed": {"en": "failed", "zh-CN": "未通过"},
    "waiting": {"en": "waiting", "zh-CN": "等待中"},
    "not_needed": {"en": "not needed", "zh-CN": "不需要"},
}

STATES: Final[dict[AchievementState, Words]] = {
    "candidate": {"en": "candidate, an officer is awaited", "zh-CN": "候选，等待认证员"},
    "verified": {"en": "verified", "zh-CN": "已认证"},
    "refused": {"en": "refused by an officer", "zh-CN": "认证员未予认证"},
    "superseded": {"en": "superseded", "zh-CN": "已被取代"},
    "revoked": {"en": "revoked", "zh-CN": "已撤销"},
}

VERDICTS: Final[dict[Verdict, Words]] = {
    "approve": {"en": "approved on {time}: {reason}", "zh-CN": "{time} 认证员批准：{reason}"},
    "refuse": {"en": "refused on {time}: {reason}", "zh-CN": "{time} 认证员拒绝：{reason}"},
    "ask": {"en": "asked for more on {time}: {reason}", "zh-CN": "{time} 认证员要求补充：{reason}"},
}

_CHECKS: Final[Words] = {"en": "Checks: {checks}", "zh-CN": "检查：{checks}"}
_VALID: Final[Words] = {"en": ", valid until {day}", "zh-CN": "，有效期至 {day}"}
_EXPIRED: Final[Words] = {
    "en": ", expired: it was valid until {day}",
    "zh-CN": "，已过期：有效期至 {day}",
}
_STATE: Final[Words] = {"en": "State: {state}", "zh-CN": "状态：{state}"}


def explain_judgement(
    judgement: Judgement, decisions: Sequence[OfficerDecision], language: Language
) -> list[str]:
    """Return a judgement as lines of text: the rule as `explain` says it, what conversions came
    to, the six checks, the state that stands, and what officers decided.
    """
    lines = explain(judgement.unit, judgement.decision, language)
    lines += [_conversion(one, language) for one in judgement.conversions]
    told = ", ".join(_check(one, language) for one in checks(judgement))
    lines.append(_CHECKS[language].format(checks=told))
    if judgement.held is not None:
        state = STATES[judgement.held.state][language]
        if judgement.valid_until is not None:
            words = _EXPIRED if judgement.expired else _VALID
            day = judgement.valid_until.date().isoformat()
            state += words[language].format(day=day)
        lines.append(_STATE[language].format(state=state))
    return [*lines, *_decisions(decisions, language)]


def _conversion(result: ConversionResult, language: Language) -> str:
    told = CONVERSIONS[result.reason][language].format(
        sources=", ".join(result.sources),
        equivalence=result.equivalence,
        credits=number(result.credits),
    )
    return f"{'✓' if result.met else '✗'} {told}"


def _check(result: CheckResult, language: Language) -> str:
    return f"{CHECKS[result.check][language]} {OUTCOMES[result.outcome][language]}"


def _decisions(decisions: Sequence[OfficerDecision], language: Language) -> Iterator[str]:
    for decision in decisions:
        yield VERDICTS[decision.verdict][language].format(
            time=time_of(moment_of(decision.at)), reason=decision.reason
        )
