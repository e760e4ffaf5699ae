"""The cohort of `lrs serve --demo`: thousands of made-up learners of several employers.

Everything comes from one seed, ids and times included: every run makes the same.
"""

from __future__ import annotations

import csv
import random
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lrs.demo.cohort import AU, CMI5_COURSE, MOODLE
from lrs.demo.shapes import account, cmi5_statement, moodle_statement

NAMESPACE = uuid.UUID("d3a1c7f4-0e0b-5b5e-9d8e-2b6a4c9f7a10")
SEED = 20260302
FIRST_CLASS = datetime(2025, 3, 3, 1, 0, tzinfo=UTC)
EXAMS = "https://exams.example.edu.cn"
PARTS = (("theory", "理论考试"), ("practice", "实操考试"))
EXAMINERS = ("E0012", "E0031")
ADL = "http://adlnet.gov/expapi/verbs"
VIEWED = "http://id.tincanapi.com/verb/viewed"
UNKNOWN_VERB = "https://tools.example.com/verbs/doodled"

CLASS_SIZE = 40
CLASSES = 90
DAYS_BETWEEN_CLASSES = 4
DOUBLES = 24
"""One learner in so many is known to the examination office by e-mail, not by account."""

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧田董潘袁蔡蒋余"
_ONE = "娜强静洋敏伟芳磊军艳勇杰涛明超霞平刚"
_TWO = "桂英秀兰建国文博子涵雨桐浩然思远嘉怡志强丽华晓东海燕国庆春梅立新少华玉兰俊杰一鸣佳琪欣怡"
GIVEN = (*_ONE, *(_TWO[place : place + 2] for place in range(0, len(_TWO), 2)))
EMPLOYERS = {
    "demo-rail": "华北轨道装备集团",
    "demo-food": "滨海食品股份有限公司",
    "demo-care": "云岭康养服务中心",
    "demo-build": "江南建工集团",
}


@dataclass(frozen=True, kw_only=True)
class Course:
    """A course: its number at the LMS, its names, whether it has practice or a cmi5 drill."""

    number: int
    en: str
    zh: str
    practice: str | None = None
    drill: bool = False

    @property
    def activity(self) -> dict[str, Any]:
        """The course as an activity."""
        return {
            "id": f"{MOODLE}/course/view.php?id={self.number}",
            "definition": {
                "name": {"en": self.en, "zh-CN": self.zh},
                "type": "https://w3id.org/xapi/cmi5/activitytype/course",
            },
        }

    @property
    def quiz(self) -> dict[str, Any]:
        """Its quiz as an activity."""
        return {
            "id": f"{MOODLE}/mod/quiz/view.php?id={self.number}1",
            "definition": {
                "name": {"en": f"Quiz: {self.en}", "zh-CN": f"{self.zh}测验"},
                "type": "http://adlnet.gov/expapi/activities/assessment",
            },
        }


COURSES = (
    Course(
        number=101,
        en="Workplace safety",
        zh="企业员工安全生产培训",
        practice=f"{MOODLE}/practice/safety-101",
        drill=True,
    ),
    Course(
        number=201,
        en="Food hygiene for catering staff",
        zh="餐饮从业人员食品安全",
        practice=f"{MOODLE}/practice/course-201",
    ),
    Course(
        number=202,
        en="Forklift operation",
        zh="叉车安全操作",
        practice=f"{MOODLE}/practice/course-202",
    ),
    Course(number=203, en="Quality management on the shop floor", zh="生产现场质量管理"),
    Course(
        number=204,
        en="Care for the elderly, basics",
        zh="养老护理基础",
        practice=f"{MOODLE}/practice/course-204",
    ),
    Course(number=205, en="Running an online shop", zh="网店运营实务"),
    Course(number=206, en="Saving energy in buildings", zh="建筑节能管理"),
    Course(
        number=207,
        en="First aid at work",
        zh="现场应急救护",
        practice=f"{MOODLE}/practice/course-207",
    ),
)
INTENSIVE = Course(number=208, en="Intensive programme for site managers", zh="项目经理综合研修")


@dataclass(frozen=True, kw_only=True)
class Learner:
    """One learner; `employer` is an id, `diligence` (0..1) decides how well everything goes."""

    number: str
    name: str
    employer: str
    diligence: float

    @property
    def actor(self) -> dict[str, Any]:
        """The learner as the LMS knows them."""
        return account(MOODLE, self.number, self.name)


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """A learner in a course, from a day on."""

    learner: Learner
    course: Course
    start: datetime


def learners(classes: int = CLASSES) -> list[Learner]:
    """Return the learners of so many classes, those of fewer classes first."""
    chance = random.Random(SEED)  # noqa: S311 - made-up data
    return [
        Learner(
            number=f"20261{number:05}",
            name=chance.choice(SURNAMES) + chance.choice(GIVEN),
            employer=tuple(EMPLOYERS)[number // CLASS_SIZE % len(EMPLOYERS)],
            diligence=min(1.0, max(0.0, chance.gauss(0.68, 0.2))),
        )
        for number in range(CLASS_SIZE * classes)
    ]


def doubles(learners: list[Learner]) -> list[Learner]:
    """Return those whom the examination office knows by e-mail."""
    return learners[::DOUBLES]


def mailbox(learner: Learner) -> str:
    """Return the address under which the examination office knows a learner (`mailto:…`)."""
    return f"mailto:{learner.number}@mail.example.cn"


def enrolments(classes: int = CLASSES) -> list[Enrolment]:
    """Return who takes which course from when on: each class one, some learners a second."""
    found = []
    for place, learner in enumerate(learners(classes)):
        of_class = place // CLASS_SIZE
        start = FIRST_CLASS + timedelta(days=of_class * DAYS_BETWEEN_CLASSES, minutes=3 * place)
        course = COURSES[of_class % len(COURSES)]
        found.append(Enrolment(learner=learner, course=course, start=start))
        if place % 5 == 0:
            second = INTENSIVE if place % 75 == 0 else COURSES[(of_class + 3) % len(COURSES)]
            later = start + timedelta(days=40)
            found.append(Enrolment(learner=learner, course=second, start=later))
    return found


def lms_statements(classes: int = CLASSES) -> Iterator[dict[str, Any]]:
    """Yield what the LMS posts, enrolment by enrolment."""
    chance = random.Random(SEED + 1)  # noqa: S311 - made-up data
    for enrolment in enrolments(classes):
        course, diligence = enrolment.course, enrolment.learner.diligence
        yield _lms(enrolment, VIEWED, course.activity, 0)
        if chance.random() > diligence + 0.35:
            continue
        score = round(min(1.0, max(0.1, chance.gauss(0.45 + diligence / 2, 0.12))), 2)
        result = {
            "score": {"raw": score * 100, "min": 0, "max": 100, "scaled": score},
            "completion": True,
            "success": score >= 0.6,
            "duration": f"PT{chance.randint(18, 55)}M",
        }
        yield _lms(enrolment, f"{ADL}/completed", course.quiz, 19, result)
        if chance.random() < diligence + 0.3:
            yield _lms(enrolment, f"{ADL}/completed", course.activity, 27, {"completion": True})
        if chance.random() < 0.02:
            yield _lms(enrolment, UNKNOWN_VERB, course.activity, 9)


def drill_statements(classes: int = CLASSES) -> Iterator[dict[str, Any]]:
    """Yield what the emergency drill, a cmi5 unit, posts of those who take the safety course."""
    chance = random.Random(SEED + 2)  # noqa: S311 - made-up data
    for enrolment in enrolments(classes):
        if not enrolment.course.drill:
            continue
        passed = chance.random() < enrolment.learner.diligence + 0.2
        minutes = chance.randint(14, 31)
        told: dict[str, dict[str, Any]] = {
            "initialized": {},
            "passed" if passed else "failed": {
                "score": {"scaled": round(0.75 + minutes / 200 if passed else 0.4, 2)},
                "success": passed,
            },
            **({"completed": {"completion": True}} if passed else {}),
            "terminated": {},
        }
        for place, (verb, result) in enumerate(told.items()):
            after = timedelta(days=20, minutes=minutes if place else 0, seconds=place)
            spent = {"duration": f"PT{minutes}M"} if place else {}
            yield cmi5_statement(
                _id(enrolment, verb),
                actor=enrolment.learner.actor,
                verb=verb,
                activity={
                    "id": AU,
                    "definition": {"name": {"en": "Emergency drill", "zh-CN": "应急演练"}},
                },
                course=CMI5_COURSE,
                registration=_id(enrolment, "registration"),
                session=_id(enrolment, "session"),
                at=enrolment.start + after,
                result={**result, **spent} or None,
            )


def exam_statements(classes: int = CLASSES) -> Iterator[dict[str, Any]]:
    """Yield what the examination office posts: 1+X sittings, each judged by an examiner."""
    chance = random.Random(SEED + 3)  # noqa: S311 - made-up data
    for place, learner in enumerate(learners(classes)):
        if place % 6:
            continue
        grade = 1 + (place // 6) % 2
        actor = learner.actor
        if place % DOUBLES == 0:
            actor = {"objectType": "Agent", "name": learner.name, "mbox": mailbox(learner)}
        at = FIRST_CLASS + timedelta(days=310 + place % 120, hours=1 + place % 6)
        examiner = account(EXAMS, EXAMINERS[place % len(EXAMINERS)], "考官")
        for part, zh in PARTS:
            score = round(min(1.0, max(0.2, chance.gauss(0.5 + learner.diligence / 3, 0.1))), 2)
            yield {
                "id": str(uuid.uuid5(NAMESPACE, f"{learner.number}|exam|{grade}|{part}")),
                "actor": actor,
                "verb": {
                    "id": f"{ADL}/{'passed' if score >= 0.6 else 'failed'}",
                    "display": {"en": "passed" if score >= 0.6 else "failed"},
                },
                "object": {
                    "id": f"{EXAMS}/digital-office/{grade}/{part}",
                    "definition": {
                        "name": {
                            "en": f"Digital office skills, grade {grade}, {part}",
                            "zh-CN": f"数字化办公{'初中'[grade - 1]}级{zh}",
                        },
                        "type": "http://adlnet.gov/expapi/activities/assessment",
                    },
                },
                "result": {"score": {"scaled": score}, "success": score >= 0.6},
                "context": {"instructor": examiner},
                "timestamp": (at + timedelta(hours=part == "practice")).isoformat(),
            }


def voiding_statements(mistaken: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield what the LMS posts to void statements that it posted by mistake."""
    for number in mistaken:
        yield {
            "id": str(uuid.uuid5(NAMESPACE, f"void {number}")),
            "actor": account(MOODLE, "T0007", "周教师"),
            "verb": {"id": f"{ADL}/voided", "display": {"en": "voided"}},
            "object": {"objectType": "StatementRef", "id": number},
            "timestamp": (FIRST_CLASS + timedelta(days=400)).isoformat(),
        }


def write_attendance(path: Path, classes: int = CLASSES) -> None:
    """Write the sheet of all practice that trainers recorded without a network (CSV).

    A few rows have a fault, as sheets that people fill in do.
    """
    chance = random.Random(SEED + 4)  # noqa: S311 - made-up data
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["学号", "姓名", "课程", "课程名称", "课次", "日期", "出勤", "学时", "教师"])
        for enrolment in enrolments(classes):
            course = enrolment.course
            if course.practice is None:
                continue
            for session in range(4):
                there = chance.random() < enrolment.learner.diligence + 0.25
                told = chance.choice(("出勤", "出勤", "出勤", "迟到")) if there else "缺勤"
                if chance.random() < 0.002:
                    told = "大概在"
                day = enrolment.start + timedelta(days=5 + 7 * session)
                rows.writerow(
                    [
                        enrolment.learner.number,
                        enrolment.learner.name,
                        course.practice,
                        f"{course.zh}（实践）",
                        f"第{session + 1}次",
                        day.date().isoformat(),
                        told,
                        4,
                        "T0007",
                    ]
                )


def _lms(
    enrolment: Enrolment,
    verb: str,
    activity: dict[str, Any],
    days: int,
    result: dict[str, Any] | None = None,
) -> dict[str, Any]:
    return moodle_statement(
        _id(enrolment, f"{verb}|{activity['id']}"),
        actor=enrolment.learner.actor,
        verb=verb,
        activity=activity,
        course=enrolment.course.activity,
        lms=MOODLE,
        at=enrolment.start + timedelta(days=days, hours=days % 5),
        result=result,
    )


def _id(enrolment: Enrolment, what: str) -> str:
    name = f"{enrolment.learner.number}|{enrolment.course.number}|{what}"
    return str(uuid.uuid5(NAMESPACE, name))
