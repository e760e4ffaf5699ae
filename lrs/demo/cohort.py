"""The class of the demonstration: what its learners did, as tools and a trainer would tell it.

Everything is made from fixed data, ids and times included, so that every run tells the same.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from lrs.demo.shapes import account, cmi5_statement, moodle_statement

MOODLE = "https://lms.example.edu.cn"
COURSE = f"{MOODLE}/course/view.php?id=101"
QUIZ = f"{MOODLE}/mod/quiz/view.php?id=1011"
AU = "https://courses.example.edu.cn/safety/au/emergency-drill"
CMI5_COURSE = "https://courses.example.edu.cn/safety"
PRACTICE = f"{MOODLE}/practice/safety-101"

NAMESPACE = uuid.UUID("6f0a8d5e-2f53-5e0c-b6b5-7d8d1f7f2c11")
TERM = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)

SESSIONS = (
    ("2026-03-07", "灭火器实操"),
    ("2026-03-14", "疏散演练"),
    ("2026-03-21", "急救实操"),
    ("2026-03-28", "隐患排查"),
)
TRAINER = "T0007"


@dataclass(frozen=True, kw_only=True)
class Learner:
    """One learner: the share of the quiz's points, whether the drill was passed, and the
    attendance at each of `SESSIONS`.
    """

    number: str
    name: str
    quiz: float
    drill: bool
    attendance: tuple[str, ...]


LEARNERS = (
    Learner(
        number="2026000101",
        name="李娜",
        quiz=0.92,
        drill=True,
        attendance=("出勤", "出勤", "出勤", "出勤"),
    ),
    Learner(
        number="2026000102",
        name="王强",
        quiz=0.74,
        drill=True,
        attendance=("出勤", "迟到", "请假", "出勤"),
    ),
    Learner(
        number="2026000103",
        name="陈静",
        quiz=0.45,
        drill=True,
        attendance=("出勤", "出勤", "出勤", "出勤"),
    ),
    Learner(
        number="2026000104",
        name="刘洋",
        quiz=0.81,
        drill=True,
        attendance=("出勤", "缺勤", "缺勤", "出勤"),
    ),
    Learner(
        number="2026000105",
        name="赵敏",
        quiz=0.66,
        drill=False,
        attendance=("出勤", "出勤", "迟到", "出勤"),
    ),
)


def moodle_statements() -> Iterator[dict[str, Any]]:
    """Yield what the LMS tells: each learner's views, quiz and course completion."""
    for place, learner in enumerate(LEARNERS):
        start = TERM + timedelta(minutes=7 * place)
        yield _moodle(learner, "http://id.tincanapi.com/verb/viewed", _course(), start)
        yield _moodle(
            learner,
            "http://adlnet.gov/expapi/verbs/completed",
            _quiz(),
            start + timedelta(days=19, hours=2),
            result={
                "score": {
                    "raw": learner.quiz * 100,
                    "min": 0,
                    "max": 100,
                    "scaled": learner.quiz,
                },
                "completion": True,
                "success": learner.quiz >= 0.6,
                "duration": "PT42M",
            },
        )
        yield _moodle(
            learner,
            "http://adlnet.gov/expapi/verbs/completed",
            _course(),
            start + timedelta(days=27),
            result={"completion": True},
        )


def cmi5_statements() -> Iterator[dict[str, Any]]:
    """Yield what the emergency drill, a cmi5 assignable unit, tells of each learner."""
    for place, learner in enumerate(LEARNERS):
        start = TERM + timedelta(days=20, minutes=11 * place)
        yield _cmi5(learner, "initialized", start)
        yield _cmi5(
            learner,
            "passed" if learner.drill else "failed",
            start + timedelta(minutes=25),
            result={
                "score": {"scaled": 0.9 if learner.drill else 0.5},
                "success": learner.drill,
                "duration": "PT25M",
            },
        )
        if learner.drill:
            yield _cmi5(
                learner,
                "completed",
                start + timedelta(minutes=25, seconds=1),
                result={"completion": True, "duration": "PT25M"},
            )
        yield _cmi5(
            learner, "terminated", start + timedelta(minutes=26), result={"duration": "PT26M"}
        )


def write_attendance(path: Path) -> None:
    """Write the sheet that the trainer kept in a room without a network (XLSX)."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None  # noqa: S101 - a new workbook has one
    sheet.title = "考勤"
    sheet.append(["学号", "姓名", "课程", "课程名称", "课次", "日期", "出勤", "学时", "教师"])
    for number, (day, title) in enumerate(SESSIONS):
        for learner in LEARNERS:
            sheet.append(
                [
                    learner.number,
                    learner.name,
                    PRACTICE,
                    "企业员工安全生产培训（实践）",
                    title,
                    day,
                    learner.attendance[number],
                    4,
                    TRAINER,
                ]
            )
    book.save(path)


def _moodle(
    learner: Learner,
    verb: str,
    activity: dict[str, Any],
    at: datetime,
    result: dict[str, Any] | None = None,
) -> dict[str, Any]:
    return moodle_statement(
        _id(learner, verb, activity["id"]),
        actor=_actor(learner),
        verb=verb,
        activity=activity,
        course=_course(),
        lms=MOODLE,
        at=at,
        result=result,
    )


def _cmi5(
    learner: Learner, verb: str, at: datetime, result: dict[str, Any] | None = None
) -> dict[str, Any]:
    return cmi5_statement(
        _id(learner, f"http://adlnet.gov/expapi/verbs/{verb}", AU),
        actor=_actor(learner),
        verb=verb,
        activity={
            "id": AU,
            "definition": {"name": {"en": "Emergency drill", "zh-CN": "应急演练"}},
        },
        course=CMI5_COURSE,
        registration=_id(learner, "registration", CMI5_COURSE),
        session=_id(learner, "session", AU),
        at=at,
        result=result,
    )


def _actor(learner: Learner) -> dict[str, Any]:
    return account(MOODLE, learner.number, learner.name)


def _course() -> dict[str, Any]:
    return {
        "id": COURSE,
        "definition": {
            "name": {"en": "Workplace safety", "zh-CN": "企业员工安全生产培训"},
            "type": "https://w3id.org/xapi/cmi5/activitytype/course",
        },
    }


def _quiz() -> dict[str, Any]:
    return {
        "id": QUIZ,
        "definition": {
            "name": {"en": "Safety quiz", "zh-CN": "安全知识测验"},
            "type": "http://adlnet.gov/expapi/activities/assessment",
        },
    }


def _id(learner: Learner, verb: str, activity: str) -> str:
    return str(uuid.uuid5(NAMESPACE, f"{learner.number}|{verb}|{activity}"))
