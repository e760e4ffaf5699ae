"""What an ELMO document says, for people: the attachment that the schema asks for."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime

from schemas.credentials import Issuer, Learner, Outcome, text_in
from schemas.units import BANK_ZONE


def readable_transcript(
    outcomes: Sequence[Outcome], learner: Learner, issuer: Issuer, generated_at: datetime
) -> str:
    """Return the transcript in English and Chinese as a data URI of plain text."""
    lines = [
        "Transcript of records / 学习成绩单",
        f"Learner / 学习者: {learner.name}",
        f"Issuer / 颁发机构: {text_in(issuer.name, 'en')} / {text_in(issuer.name, 'zh-CN')}",
        f"Date / 日期: {generated_at.astimezone(BANK_ZONE).date().isoformat()}",
        "",
    ]
    for outcome in outcomes:
        lines.extend(_lines(outcome, ""))
    content = base64.b64encode("\n".join(lines).encode()).decode()
    return f"data:text/plain;charset=utf-8;base64,{content}"


def _lines(outcome: Outcome, indent: str) -> list[str]:
    achievement, unit = outcome.achievement, outcome.unit
    english, chinese = text_in(unit.title, "en"), text_in(unit.title, "zh-CN")
    title = english if english == chinese else f"{english} / {chinese}"
    score = "-" if achievement.score is None else f"{achievement.score * 100:.4g} %"
    grade = f", {unit.grade}" if unit.grade else ""
    lines = [
        f"{indent}{unit.code}: {title}{grade}",
        f"{indent}  level / 等级 {unit.level}, credits / 学分 {outcome.credits:g}, "
        f"score / 成绩 {score}, "
        f"achieved / 取得日期 {achievement.achieved_at.astimezone(BANK_ZONE).date().isoformat()}, "
        f"recognised by / 认定机构 {unit.awarding_body}",
    ]
    for part in outcome.parts:
        lines.extend(_lines(part, f"{indent}  "))
    return lines
