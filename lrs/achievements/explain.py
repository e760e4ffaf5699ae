"""A decision in words, for the learner, the officer and the auditor."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import Final, Literal

from lrs.achievements.decision import (
    ConditionResult,
    CreditShare,
    Decision,
    Reason,
    Refusal,
    Refused,
)
from schemas.units import (
    BANK_ZONE,
    Achieved,
    Condition,
    Credits,
    Examined,
    Group,
    Hours,
    Scored,
    Unit,
)

Language = Literal["en", "zh-CN"]

MOST_REFUSED = 5
"""Refused statements that are shown for a condition."""

Words = dict[Language, str]
"""A text in every language."""

_TITLES: Final[dict[bool, Words]] = {
    True: {
        "en": "{title} ({unit}, version {version}): met on {time}",
        "zh-CN": "{title}（{unit}，第 {version} 版）：已于 {time} 达成",
    },
    False: {
        "en": "{title} ({unit}, version {version}): not met as of {time}",
        "zh-CN": "{title}（{unit}，第 {version} 版）：截至 {time} 尚未达成",
    },
}

_REASONS: Final[dict[Reason, Words]] = {
    "completed": {"en": "completed: {about}", "zh-CN": "已完成：{about}"},
    "not_completed": {"en": "not completed: {about}", "zh-CN": "未完成：{about}"},
    "passed": {"en": "passed: {about}", "zh-CN": "已通过：{about}"},
    "not_passed": {"en": "not passed: {about}", "zh-CN": "未通过：{about}"},
    "scored": {
        "en": "scored {have}, at least {at_least} is needed: {about}",
        "zh-CN": "得分 {have}，要求不低于 {at_least}：{about}",
    },
    "scored_too_low": {
        "en": "best score {have}, at least {at_least} is needed: {about}",
        "zh-CN": "最高得分 {have}，要求不低于 {at_least}：{about}",
    },
    "not_scored": {
        "en": "no score, at least {at_least} is needed: {about}",
        "zh-CN": "没有得分，要求不低于 {at_least}：{about}",
    },
    "hours_spent": {
        "en": "{have} hours spent, {at_least} are needed: {about}",
        "zh-CN": "已学习 {have} 小时，要求 {at_least} 小时：{about}",
    },
    "too_few_hours": {
        "en": "{have} of {at_least} hours spent: {about}",
        "zh-CN": "已学习 {have} 小时，要求 {at_least} 小时：{about}",
    },
    "overlapping_hours": {
        "en": "the clock had {have} of the {at_least} hours that the conditions ask for together:"
        " what overlaps counts once",
        "zh-CN": "各项条件合计要求 {at_least} 小时，实际时间只有 {have} 小时：重叠的时间只计一次",
    },
    "attended": {
        "en": "{have} sessions attended, {at_least} are needed: {about}",
        "zh-CN": "已参加 {have} 次，要求 {at_least} 次：{about}",
    },
    "too_few_sessions": {
        "en": "{have} of {at_least} sessions attended: {about}",
        "zh-CN": "已参加 {have} 次，要求 {at_least} 次：{about}",
    },
    "examined": {"en": "examined and passed: {about}", "zh-CN": "考核合格：{about}"},
    "not_examined": {
        "en": "not examined, or not passed: {about}",
        "zh-CN": "未考核或考核不合格：{about}",
    },
    "all_met": {"en": "all {of} conditions", "zh-CN": "全部 {of} 项条件"},
    "not_all_met": {
        "en": "all {of} conditions, {have} of them met",
        "zh-CN": "全部 {of} 项条件，已满足 {have} 项",
    },
    "any_met": {
        "en": "any of {of} conditions, {have} of them met",
        "zh-CN": "{of} 项条件之一，已满足 {have} 项",
    },
    "none_met": {
        "en": "any of {of} conditions, none of them met",
        "zh-CN": "{of} 项条件之一，均未满足",
    },
    "enough_met": {
        "en": "{at_least} of {of} conditions, {have} of them met",
        "zh-CN": "{of} 项条件中的 {at_least} 项，已满足 {have} 项",
    },
    "too_few_met": {
        "en": "{at_least} of {of} conditions, {have} of them met",
        "zh-CN": "{of} 项条件中的 {at_least} 项，已满足 {have} 项",
    },
    "in_sequence": {
        "en": "all {of} conditions, in this order",
        "zh-CN": "依次满足全部 {of} 项条件",
    },
    "not_in_sequence": {
        "en": "all {of} conditions, in this order, {have} of them met",
        "zh-CN": "依次满足全部 {of} 项条件，已满足 {have} 项",
    },
    "achieved": {"en": "achieved: {about}", "zh-CN": "已达成：{about}"},
    "not_achieved": {"en": "not achieved: {about}", "zh-CN": "未达成：{about}"},
    "enough_credits": {
        "en": "{have} credits count, {at_least} are needed ({earned} earned)",
        "zh-CN": "计入 {have} 学分，要求 {at_least} 学分（已获 {earned} 学分）",
    },
    "too_few_credits": {
        "en": "{have} of {at_least} credits count ({earned} earned)",
        "zh-CN": "计入 {have} 学分，要求 {at_least} 学分（已获 {earned} 学分）",
    },
}

_SHARE: Final[Words] = {
    "en": "of which {kinds}: {have} of {at_least}",
    "zh-CN": "其中 {kinds}：{have} / {at_least}",
}
_RESTS_ON: Final[Words] = {
    "en": "The decision rests on: {statements}",
    "zh-CN": "判定依据：{statements}",
}

_EVIDENCE: Final[Words] = {"en": "by {statements}", "zh-CN": "依据：{statements}"}
_REFUSED: Final[Words] = {
    "en": "does not count: {statement} of {time}, {why}",
    "zh-CN": "不予计入：{time} 的 {statement}，{why}",
}
_MORE: Final[Words] = {
    "en": "and {number} more that do not count",
    "zh-CN": "另有 {number} 条不予计入",
}

_WHY: Final[dict[Refused, Words]] = {
    "provenance": {
        "en": "from {detail}, which is not accepted here",
        "zh-CN": "来自{detail}，此处不予采信",
    },
    "future": {"en": "its time has not come yet", "zh-CN": "时间尚未到"},
    "before_effective": {
        "en": "before the unit came into effect",
        "zh-CN": "早于认证单元生效日期",
    },
    "after_effective": {"en": "after the unit's last day", "zh-CN": "晚于认证单元失效日期"},
    "before_within": {
        "en": "before the first day of this condition",
        "zh-CN": "早于本条件的起始日期",
    },
    "after_within": {
        "en": "after the last day of this condition",
        "zh-CN": "晚于本条件的截止日期",
    },
    "out_of_sequence": {
        "en": "not later than what has to come before it",
        "zh-CN": "未晚于须先满足的条件",
    },
    "unsigned": {"en": "not signed", "zh-CN": "未签名"},
    "untrusted": {
        "en": "signed with a certificate that is not trusted",
        "zh-CN": "签名证书不受信任",
    },
    "invalid": {
        "en": "signed with a certificate that was expired or revoked",
        "zh-CN": "签名时证书已过期或已吊销",
    },
    "compromised": {
        "en": "it came while its source's key was in other hands",
        "zh-CN": "收到时其数据来源的密钥已泄露",
    },
    "implausible": {
        "en": "claims more hours than a day has",
        "zh-CN": "所称学时超过一天的小时数",
    },
    "too_short": {"en": "over sooner than it may be", "zh-CN": "用时少于最低要求"},
    "already_counted": {
        "en": "it has earned credit in {detail} already",
        "zh-CN": "已在 {detail} 中计入学分",
    },
    "withdrawn": {"en": "taken back or corrected later", "zh-CN": "之后被撤回或更正"},
    "waived": {"en": "waived, not done", "zh-CN": "属于免修，并未完成"},
    "no_examiner": {"en": "no examiner is named", "zh-CN": "未注明考评员"},
    "other_examiner": {
        "en": "the examiner {detail} is not one of those named",
        "zh-CN": "考评员 {detail} 不在指定名单内",
    },
    "own_examiner": {
        "en": "the learner is the examiner",
        "zh-CN": "考评员为学习者本人",
    },
    "expired": {"en": "expired: valid until {detail}", "zh-CN": "已过期：有效期至 {detail}"},
}

_CLASSES: Final[dict[str, Words]] = {
    "server": {"en": "a learning system's server", "zh-CN": "学习平台服务器"},
    "signed": {"en": "a signed statement", "zh-CN": "签名陈述"},
    "launched": {"en": "a launched activity", "zh-CN": "平台启动的学习活动"},
    "browser": {"en": "a client the learner controls", "zh-CN": "学习者可控制的客户端"},
    "import": {"en": "an imported file", "zh-CN": "导入的文件"},
    "manual": {"en": "an entry by hand", "zh-CN": "手工录入"},
}


def explain(unit: Unit, decision: Decision, language: Language) -> list[str]:
    """Return the decision as lines of text: a tree of ✓ and ✗, indented by two spaces.

    Each condition says by which statements it is met, or what is missing, and which statements
    do not count. Times are of China. `unit` is the one decided on.
    """
    title = _TITLES[decision.met][language].format(
        title=_in_language(unit.title, language),
        unit=unit.code,
        version=unit.version,
        time=time_of(decision.achieved_at or decision.as_of),
    )
    lines = [f"{_mark(decision.met)} {title}", *_lines(decision.rule, language, "  ")]
    if decision.met and set(decision.evidence) != _listed(decision.rule):
        lines.append(_RESTS_ON[language].format(statements=", ".join(decision.evidence)))
    return lines


def _listed(result: ConditionResult) -> set[str]:
    """Return the statements that are listed below the conditions."""
    if result.conditions:
        return {one for inner in result.conditions for one in _listed(inner)}
    return set(result.evidence)


def _lines(result: ConditionResult, language: Language, indent: str) -> Iterator[str]:
    condition = result.condition
    share = isinstance(condition, Scored | Examined)
    shown = {name: number(value, share=share) for name, value in result.parameters.items()}
    about = _about(condition)
    told = _REASONS[result.reason][language].format(about=about, **shown)
    yield f"{indent}{_mark(result.met)} {told}"
    below = f"{indent}  "
    for share_of_credits in result.shares:
        yield below + _share(share_of_credits, language)
    for inner in result.conditions:
        yield from _lines(inner, language, below)
    if result.evidence and not result.conditions:
        yield below + _EVIDENCE[language].format(statements=", ".join(result.evidence))
    for refusal in result.refused[:MOST_REFUSED]:
        yield below + _refusal(refusal, language)
    if len(result.refused) > MOST_REFUSED:
        yield below + _MORE[language].format(number=len(result.refused) - MOST_REFUSED)


def _refusal(refusal: Refusal, language: Language) -> str:
    detail = refusal.detail or ""
    if refusal.reason == "provenance":
        detail = _CLASSES[detail][language]
    return _REFUSED[language].format(
        statement=refusal.statement,
        time=time_of(refusal.time),
        why=_WHY[refusal.reason][language].format(detail=detail),
    )


def _about(condition: Condition) -> str:
    match condition:
        case Achieved():
            return condition.unit
        case Hours(course=str() as course):
            return course
        case Credits() | Group():
            return ""
        case _:
            return condition.activity or ""


def _share(share: CreditShare, language: Language) -> str:
    kinds = ", ".join((*share.minimum.category, *share.minimum.route))
    have, need = (number(one) for one in (share.have, share.minimum.at_least))
    told = _SHARE[language].format(kinds=kinds, have=have, at_least=need)
    return f"{_mark(share.met)} {told}"


def number(value: float, *, share: bool = False) -> str:
    """Return a number with the digits it needs, cut after two: 59.999 % is not 60 %."""
    exact = Decimal(repr(value)) * (100 if share else 1)
    cut = exact.quantize(Decimal("0.01"), ROUND_DOWN).normalize()
    return f"{cut:f} %" if share else f"{cut:f}"


def time_of(moment: datetime) -> str:
    """Return a time in China as text."""
    return moment.astimezone(BANK_ZONE).strftime("%Y-%m-%d %H:%M (UTC+8)")


def _mark(met: bool) -> str:
    return "✓" if met else "✗"


def _in_language(texts: dict[str, str], language: Language) -> str:
    """Return the text in the language, in another of the same primary one, or in any."""
    primary = language.partition("-")[0]
    ranked = sorted(texts, key=lambda tag: (tag != language, tag.partition("-")[0] != primary))
    return texts[ranked[0]]
