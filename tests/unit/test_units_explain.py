from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest

from lrs.achievements import explain as words
from lrs.achievements.decision import Reason, Refused
from lrs.achievements.evaluate import evaluate
from lrs.achievements.explain import explain
from lrs.achievements.units_file import read_units
from schemas.events import Event, Score
from schemas.sources import PROVENANCES
from schemas.units import AllOf, AnyOf, Count, Examined, Hours, Passed, Scored, Unit

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "units" / "enterprise-safety.yaml"
COURSE = "https://lms.example.edu.cn/course/view.php?id=101"
QUIZ = "https://lms.example.edu.cn/mod/quiz/view.php?id=1011"
DRILL = "https://courses.example.edu.cn/safety/au/emergency-drill"
PRACTICE = "https://lms.example.edu.cn/practice/safety-101"
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
AS_OF = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def unit():
    [unit] = read_units(EXAMPLE.read_text("utf-8"), EXAMPLE.name)
    return unit


def of_rule(rule):
    return Unit(
        code="U",
        version=2,
        title={"fr": "Titre", "zh": "标题"},
        field="f",
        level=1,
        credits=1,
        hours=1,
        awarding_body="b",
        kind="training",
        rule=rule,
    )


def event(statement, kind, activity, day, **more):
    return Event(
        **{
            "statement": statement,
            "kind": kind,
            "identifier": "account:https://lms.example.edu.cn|2026000101",
            "activity": activity,
            "time": START + timedelta(days=day),
            "source": 1,
            "provenance": "server",
            **more,
        }
    )


def session(statement, day, attendance="present"):
    return event(statement, "attended", PRACTICE, day, session=statement, attendance=attendance)


DONE = [
    event("quiz", "completed", QUIZ, 1, score=Score(scaled=0.74)),
    event("drill", "passed", DRILL, 2),
    session("s1", 3),
    session("s2", 4),
    event("course", "completed", COURSE, 6),
]


def test_a_unit_that_is_met(unit):
    decision = evaluate(unit, [*DONE, session("s3", 5)], AS_OF)
    assert explain(unit, decision, "en") == [
        "✓ Workplace safety for enterprise employees (OUC-SAFE-101, version 1): "
        "met on 2026-03-08 09:00 (UTC+8)",
        "  ✓ all 4 conditions",
        f"    ✓ completed: {COURSE}",
        "      by course",
        f"    ✓ scored 74 %, at least 60 % is needed: {QUIZ}",
        "      by quiz",
        f"    ✓ passed: {DRILL}",
        "      by drill",
        f"    ✓ 3 sessions attended, 3 are needed: {PRACTICE}",
        "      by s1, s2, s3",
    ]


def test_what_is_missing_and_what_does_not_count(unit):
    low = event("low", "completed", QUIZ, 1, score=Score(scaled=0.59999))
    browser = event("made-up", "completed", QUIZ, 1, score=Score(scaled=1.0), provenance="browser")
    decision = evaluate(unit, [low, browser, *DONE[1:]], AS_OF)
    assert explain(unit, decision, "zh-CN") == [
        "✗ 企业员工安全生产培训（OUC-SAFE-101，第 1 版）：截至 2026-06-01 08:00 (UTC+8) 尚未达成",
        "  ✗ 全部 4 项条件，已满足 2 项",
        f"    ✓ 已完成：{COURSE}",
        "      依据：course",
        f"    ✗ 最高得分 59.99 %，要求不低于 60 %：{QUIZ}",
        "      依据：low",
        "      不予计入：2026-03-03 09:00 (UTC+8) 的 made-up，"
        "来自学习者可控制的客户端，此处不予采信",
        f"    ✓ 已通过：{DRILL}",
        "      依据：drill",
        f"    ✗ 已参加 2 次，要求 3 次：{PRACTICE}",
        "      依据：s1, s2",
    ]
    assert f"    ✗ 2 of 3 sessions attended: {PRACTICE}" in explain(unit, decision, "en")


def test_groups_within_groups_and_hours():
    rule = AnyOf(
        of=(
            Count(at_least=2, of=(Passed(activity="urn:a"), Passed(activity="urn:b"))),
            Hours(course="urn:c", at_least=20),
            Examined(activity="urn:d"),
        )
    )
    events = [
        event("p", "passed", "urn:a", 1),
        event("t", "terminated", "urn:c", 1, duration=4500.0),
    ]
    unit = of_rule(rule)
    lines = explain(unit, evaluate(unit, events, AS_OF), "en")
    assert lines == [
        "✗ Titre (U, version 2): not met as of 2026-06-01 08:00 (UTC+8)",
        "  ✗ any of 3 conditions, none of them met",
        "    ✗ 2 of 2 conditions, 1 of them met",
        "      ✓ passed: urn:a",
        "        by p",
        "      ✗ not passed: urn:b",
        "    ✗ 1.25 of 20 hours spent: urn:c",
        "      by t",
        "    ✗ not examined, or not passed: urn:d",
    ]
    assert explain(unit, evaluate(unit, events, AS_OF), "zh-CN")[0].startswith("✗ 标题（U")


def test_only_the_first_refused_statements_are_shown():
    unit = of_rule(AllOf(of=(Scored(activity=QUIZ, at_least=0.6),)))
    many = [
        event(f"s{day}", "scored", QUIZ, day, score=Score(scaled=1.0), provenance="manual")
        for day in range(8)
    ]
    lines = explain(unit, evaluate(unit, many, AS_OF), "en")
    assert lines[2] == f"    ✗ no score, at least 60 % is needed: {QUIZ}"
    assert sum("does not count" in line for line in lines) == words.MOST_REFUSED
    assert lines[-1] == "      and 3 more that do not count"


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_everything_has_words_in_every_language(language):
    assert set(words._REASONS) == set(get_args(Reason))
    assert set(words._WHY) == set(get_args(Refused))
    assert set(words._CLASSES) == set(PROVENANCES)
    for table in (words._REASONS, words._WHY, words._CLASSES, words._TITLES):
        for texts in table.values():
            assert texts[language].strip()
