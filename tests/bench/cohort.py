"""A seeded cohort: the statements of learners in courses of an LMS and of cmi5 units.

The same seed and count give the same bytes. A statement is about 1.5 kB, as those of Moodle's
plugin and of cmi5 units are; learners, courses and registrations recur as they do in a term.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

LMS = "https://lms.ouchn.example.edu.cn"
CMI5 = "https://w3id.org/xapi/cmi5/context"
START = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华文玉"
SUBJECTS = (
    ("Workplace safety", "安全生产"),
    ("Elderly care", "养老护理"),
    ("Web development", "网页开发"),
    ("Logistics", "物流管理"),
    ("Accounting", "会计实务"),
    ("Electric vehicles", "新能源汽车"),
)
STATEMENTS_A_LEARNER = 40


def size(count: int) -> tuple[int, int]:
    """Return how many learners and courses are in `count` statements."""
    learners = max(10, count // STATEMENTS_A_LEARNER)
    return learners, max(5, learners // 60)


def registration_of(learner: int, course: int) -> str:
    """Return the registration of a learner for the cmi5 units of a course."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{learner}/{course}"))


def statements(count: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Yield `count` statements of a cohort of about `count / 40` learners, in order of time."""
    chance = random.Random(seed)
    learners, courses = size(count)
    step = timedelta(days=120) / count
    for place in range(count):
        learner = min(int(chance.betavariate(1.2, 1.2) * learners), learners - 1)
        course = (learner * 7 + chance.randrange(3)) % courses
        at = START + place * step
        if chance.random() < 0.6:
            yield _moodle(chance, learner, course, at)
        else:
            yield _cmi5(chance, learner, course, at)


def _uuid(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def _actor(learner: int) -> dict[str, Any]:
    name = SURNAMES[learner % len(SURNAMES)] + GIVEN[learner % len(GIVEN)]
    return {
        "objectType": "Agent",
        "name": name,
        "account": {"homePage": LMS, "name": f"2026{learner:08d}"},
    }


def _course(course: int) -> dict[str, Any]:
    english, chinese = SUBJECTS[course % len(SUBJECTS)]
    return {
        "objectType": "Activity",
        "id": f"{LMS}/course/view.php?id={course}",
        "definition": {
            "type": "https://w3id.org/xapi/cmi5/activitytype/course",
            "name": {"en": f"{english} {course}", "zh-CN": f"{chinese}（{course}）"},
            "description": {"en": f"{english}, module {course % 9}, for employees of enterprises"},
        },
    }


def _moodle(chance: random.Random, learner: int, course: int, at: datetime) -> dict[str, Any]:
    module = chance.randrange(24)
    graded = module % 4 == 0
    statement: dict[str, Any] = {
        "id": _uuid(chance),
        "actor": _actor(learner),
        "verb": {
            "id": "http://adlnet.gov/expapi/verbs/completed"
            if graded
            else "http://id.tincanapi.com/verb/viewed",
            "display": {"en": "completed" if graded else "viewed"},
        },
        "object": {
            "objectType": "Activity",
            "id": f"{LMS}/mod/{'quiz' if graded else 'page'}/view.php?id={course * 24 + module}",
            "definition": {
                "type": "http://adlnet.gov/expapi/activities/"
                + ("assessment" if graded else "resource"),
                "name": {"zh-CN": f"第{module}讲", "en": f"Unit {module}"},
            },
        },
        "context": {
            "platform": "Moodle",
            "language": "zh-CN",
            "contextActivities": {
                "grouping": [
                    {
                        "objectType": "Activity",
                        "id": LMS,
                        "definition": {
                            "type": "http://id.tincanapi.com/activitytype/lms",
                            "name": {"en": "Open University training centre"},
                        },
                    }
                ],
                "parent": [_course(course)],
                "category": [
                    {
                        "objectType": "Activity",
                        "id": "http://moodle.org",
                        "definition": {
                            "type": "http://id.tincanapi.com/activitytype/source",
                            "name": {"en": "Moodle"},
                        },
                    }
                ],
            },
            "extensions": {
                "http://lrs.learninglocker.net/define/extensions/info": {
                    "http://moodle.org": "4.5.2 (Build: 20250210)",
                    "https://github.com/xAPI-vle/moodle-logstore_xapi": "5.0.0",
                    "event_name": "\\mod_quiz\\event\\attempt_submitted"
                    if graded
                    else "\\mod_page\\event\\course_module_viewed",
                    "event_function": "\\src\\transformer\\events\\mod\\course_module_viewed",
                }
            },
        },
        "timestamp": at.isoformat(),
    }
    if graded:
        raw = chance.randrange(30, 101)
        statement["result"] = {
            "score": {"raw": raw, "min": 0, "max": 100, "scaled": raw / 100},
            "completion": True,
            "success": raw >= 60,
            "duration": f"PT{chance.randrange(5, 60)}M{chance.randrange(60)}S",
        }
    return statement


def _cmi5(chance: random.Random, learner: int, course: int, at: datetime) -> dict[str, Any]:
    verb = chance.choice(("initialized", "initialized", "terminated", "completed", "passed"))
    unit = chance.randrange(8)
    registration = registration_of(learner, course)
    publisher = f"https://courses.ouchn.example.edu.cn/{course}/au/{unit}"
    categories = [{"id": f"{CMI5}/categories/cmi5"}]
    if verb in ("completed", "passed"):
        categories.append({"id": f"{CMI5}/categories/moveon"})
    statement: dict[str, Any] = {
        "id": _uuid(chance),
        "actor": _actor(learner),
        "verb": {"id": f"http://adlnet.gov/expapi/verbs/{verb}", "display": {"en-US": verb}},
        "object": {
            "objectType": "Activity",
            "id": f"{LMS}/cmi5/{course}/au/{unit}",
            "definition": {
                "type": "http://adlnet.gov/expapi/activities/lesson",
                "name": {"zh-CN": f"单元{unit}", "en-US": f"Assignable unit {unit}"},
                "description": {"en-US": f"Practice of unit {unit} with feedback and a short test"},
            },
        },
        "context": {
            "registration": registration,
            "contextActivities": {
                "grouping": [{"objectType": "Activity", "id": publisher}, _course(course)],
                "category": categories,
            },
            "extensions": {
                f"{CMI5}/extensions/sessionid": _uuid(chance),
                f"{CMI5}/extensions/launchmode": "Normal",
                f"{CMI5}/extensions/launchurl": f"{publisher}/index.html?attempt=1",
                f"{CMI5}/extensions/moveon": "CompletedOrPassed",
                f"{CMI5}/extensions/masteryscore": 0.7,
            },
        },
        "timestamp": at.isoformat(),
    }
    if verb == "passed":
        statement["result"] = {
            "score": {"scaled": chance.randrange(70, 101) / 100},
            "success": True,
            "duration": f"PT{chance.randrange(5, 60)}M",
        }
    elif verb == "completed":
        statement["result"] = {
            "completion": True,
            "duration": f"PT{chance.randrange(5, 60)}M",
        }
    elif verb == "terminated":
        statement["result"] = {"duration": f"PT{chance.randrange(5, 60)}M"}
    return statement
