"""A row's cells as statements."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import msgspec

from adapters.spreadsheet.cells import (
    Moment,
    Value,
    attendance_of,
    is_blank,
    key_of,
    moment_of,
    number_of,
    result_of,
    text_of,
)
from adapters.spreadsheet.columns import Column, Header
from adapters.spreadsheet.faults import Fault, Language
from adapters.spreadsheet.options import Options
from adapters.spreadsheet.terms import (
    account,
    activity,
    course_iri,
    duration_of,
    email_of,
    plain,
    registration_of,
    required,
    slug,
)
from schemas.events import Attendance
from schemas.identifiers import identifier_of
from schemas.profile import ATTENDANCE_EXTENSION, PRACTICE_TYPE, SESSION_TYPE

COURSE_TYPE: Final = "http://adlnet.gov/expapi/activities/course"
EXAM_TYPE: Final = "http://adlnet.gov/expapi/activities/assessment"
EXAMPLE_LEARNER: Final = "EXAMPLE-0001"
"""The learner id in the template's example row; such a row is refused."""

LONGEST_HOURS: Final = 200.0
HIGHEST_SCORE: Final = 1_000_000.0

_NAMESPACE: Final = uuid.UUID("0c4e4768-b44b-5b90-8445-a631e9dcac2a")
_VERBS: Final = "http://adlnet.gov/expapi/verbs/"
_DISPLAY: Final = {
    "attended": "考勤",
    "experienced": "实训",
    "scored": "得分",
    "passed": "通过",
    "failed": "未通过",
}

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row was not taken: `column` is the column's header as it stands in the sheet, None
    where the row as a whole is at fault.
    """

    row: int
    column: str | None
    fault: Fault

    def text(self, language: Language = "en") -> str:
        """Return row, column, rule and remedy in one line."""
        if language == "en":
            where = f"row {self.row}" + (f", column {self.column}" if self.column else "")
            return f"{where}: {self.fault.text(language)}"
        where = f"第 {self.row} 行" + (f"“{self.column}”列" if self.column else "")
        return f"{where}：{self.fault.text(language)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Facts:
    """What a row says before its result; `session` is the date where none is named."""

    actor: dict[str, Any]
    course: dict[str, Any]
    session: str
    session_title: str
    item: str
    practice: str
    moment: Moment
    context: dict[str, Any]


def statements_of(
    number: int, values: Sequence[Value], header: Header, options: Options
) -> tuple[list[dict[str, Any]], list[Problem]]:
    """Return the statements that a row makes, as plain JSON, or its problems: never both."""
    row = _Reading(number, values, header)
    facts = _facts(row, options)
    result = _result(row)
    alone = {
        "attendance": ("no_result", (Column.ATTENDANCE, Column.SCORE)),
        "practice": ("no_practice", (Column.HOURS, Column.SCORE, Column.RESULT)),
        "examination": ("no_examination", (Column.ATTENDANCE, Column.SCORE, Column.RESULT)),
    }
    key, told = alone[options.kind]
    if all(is_blank(row.value(column)) for column in told):
        row.refuse(None, Fault(key))
    if row.problems or facts is None:
        return [], row.problems
    if options.kind == "practice":
        return [_practised(facts, result)], []
    if options.kind == "examination":
        if not result.missed:
            return _examined(row, facts, result)
        if result.score is not None or result.success is not None:
            row.refuse(None, Fault("absent_with_score"))
            return [], row.problems
        return [_missed(facts, result.attendance or "absent")], []
    statements = []
    if result.attendance is not None:
        statements.append(_attended(facts, result.attendance, result.hours))
    if result.score is not None:
        statements.append(_scored(facts, result))
    return statements, []


@dataclass(frozen=True, kw_only=True, slots=True)
class _Result:
    """What a row says of how the learner did; `full` is the highest score possible."""

    attendance: Attendance | None
    hours: float | None
    score: float | None
    full: float
    pass_mark: float | None
    success: bool | None

    @property
    def missed(self) -> bool:
        return self.attendance in ("absent", "excused")


def _result(row: _Reading) -> _Result:
    attendance = row.read(Column.ATTENDANCE, attendance_of)
    full = row.read(Column.FULL_SCORE, lambda value: number_of(value, 1, HIGHEST_SCORE))
    top = 100.0 if full is None else full
    return _Result(
        attendance=attendance,
        hours=row.read(Column.HOURS, lambda value: number_of(value, 0, LONGEST_HOURS)),
        score=row.read(Column.SCORE, lambda value: number_of(value, 0, top)),
        full=top,
        pass_mark=row.read(Column.PASS_MARK, lambda value: number_of(value, 0, top)),
        success=row.read(Column.RESULT, result_of),
    )


class _Reading:
    """A row while it is read: what is wrong with one cell does not keep from the next."""

    def __init__(self, number: int, values: Sequence[Value], header: Header) -> None:
        self._number = number
        self._values = values
        self._header = header
        self.problems: list[Problem] = []

    def value(self, column: Column) -> Value:
        place = self._header.places.get(column)
        return None if place is None or place >= len(self._values) else self._values[place]

    def read(self, column: Column, meaning: Callable[[Value], Found]) -> Found | None:
        if column not in self._header.places:
            return None  # a column that is needed is always there
        try:
            return meaning(self.value(column))
        except Fault as fault:
            self.refuse(column, fault)
            return None

    def refuse(self, column: Column | None, fault: Fault) -> None:
        text = None if column is None else self._header.texts.get(column)
        self.problems.append(Problem(self._number, text, fault))


def _facts(row: _Reading, options: Options) -> _Facts | None:
    actor = _actor(row, options)
    course = row.read(Column.COURSE, lambda value: course_iri(value, options))
    title = row.read(Column.COURSE_TITLE, text_of) or ""
    session = row.read(Column.SESSION, key_of) or ""
    session_title = row.read(Column.SESSION_TITLE, text_of) or ""
    item = _named(row, Column.ITEM, needed=options.kind == "examination")
    practice = _named(row, Column.PRACTICE, needed=options.kind == "practice")
    moment = row.read(Column.DATE, lambda value: required(moment_of(value, options.zone)))
    trainer = row.read(Column.TRAINER, key_of)
    registration = row.read(Column.REGISTRATION, registration_of)
    if row.problems or actor is None or course is None or moment is None:
        return None
    context: dict[str, Any] = {}
    if registration:
        context["registration"] = registration
    if trainer:
        context["instructor"] = account(trainer, options)
    return _Facts(
        actor=actor,
        course=activity(course, COURSE_TYPE, title),
        session=session or moment.slug,
        session_title=session_title,
        item=item,
        practice=practice,
        moment=moment,
        context=context,
    )


def _named(row: _Reading, column: Column, *, needed: bool) -> str:
    found = row.read(column, lambda value: required(key_of(value)) if needed else key_of(value))
    return found or ""


def _actor(row: _Reading, options: Options) -> dict[str, Any] | None:
    learner = row.read(Column.LEARNER, key_of)
    name = row.read(Column.NAME, text_of)
    if learner == EXAMPLE_LEARNER:
        row.refuse(None, Fault("example"))
    if learner:
        actor = account(learner, options)
    elif email := row.read(Column.EMAIL, email_of):
        actor = {"objectType": "Agent", "mbox": email}
    else:
        if not row.problems:
            row.refuse(None, Fault("no_learner"))
        return None
    return {**actor, "name": name} if name else actor


def _attended(facts: _Facts, attendance: Attendance, hours: float | None) -> dict[str, Any]:
    there = attendance in ("present", "late")
    result: dict[str, Any] = {"extensions": {ATTENDANCE_EXTENSION: attendance}}
    if there:
        result["completion"] = True
        if hours:
            result["duration"] = duration_of(hours)
    session = activity(
        f"{facts.course['id']}/session/{slug(facts.session)}",
        SESSION_TYPE,
        facts.session_title or facts.session,
    )
    return _statement(
        facts,
        verb="attended",
        key=["attended", facts.session],
        about=session,
        result=result,
        parent=[facts.course],
    )


def _scored(facts: _Facts, result: _Result) -> dict[str, Any]:
    """A score, of an exam of the course, or of the course where no exam is named."""
    told = replace(result, hours=result.hours if result.attendance is None else None)
    if facts.item:
        return _examination(facts, told)
    return _judged(facts, told, ["scored", "session", facts.session], facts.course, [])


def _examination(facts: _Facts, result: _Result) -> dict[str, Any]:
    return _judged(facts, result, ["scored", "exam", facts.item], _exam(facts), [facts.course])


def _exam(facts: _Facts) -> dict[str, Any]:
    return activity(f"{facts.course['id']}/exam/{slug(facts.item)}", EXAM_TYPE, facts.item)


def _practised(facts: _Facts, result: _Result) -> dict[str, Any]:
    """One entry of a practice log: time spent on a task, and how it went where that is told."""
    task = activity(
        f"{facts.course['id']}/practice/{slug(facts.practice)}", PRACTICE_TYPE, facts.practice
    )
    key = ["practised", facts.practice, facts.moment.slug]
    return _judged(facts, result, key, task, [facts.course])


def _examined(
    row: _Reading, facts: _Facts, result: _Result
) -> tuple[list[dict[str, Any]], list[Problem]]:
    if result.score is None and result.success is None:
        row.refuse(None, Fault("no_examination"))
        return [], row.problems
    return [_examination(facts, result)], []


def _missed(facts: _Facts, attendance: Attendance) -> dict[str, Any]:
    """A learner who was not there to be examined."""
    return _statement(
        facts,
        verb="attended",
        key=["missed", "exam", facts.item],
        about=_exam(facts),
        result={"extensions": {ATTENDANCE_EXTENSION: attendance}},
        parent=[facts.course],
    )


def _judged(
    facts: _Facts,
    told: _Result,
    key: list[str],
    about: dict[str, Any],
    parent: list[dict[str, Any]],
) -> dict[str, Any]:
    """Return the statement of a score, a result, or time spent; the result written down counts
    before the pass mark.
    """
    result: dict[str, Any] = {}
    success, verb = told.success, "experienced"
    if told.score is not None:
        verb = "scored"
        result["score"] = {
            "raw": plain(told.score),
            "min": 0,
            "max": plain(told.full),
            "scaled": plain(round(told.score / told.full, 6)),
        }
        if success is None and told.pass_mark is not None:
            success = told.score >= told.pass_mark
    if success is not None:
        result["success"] = success
        verb = "passed" if success else "failed"
    if told.hours:
        result["duration"] = duration_of(told.hours)
    return _statement(facts, verb=verb, key=key, about=about, result=result, parent=parent)


def _statement(
    facts: _Facts,
    *,
    verb: str,
    key: list[str],
    about: dict[str, Any],
    result: dict[str, Any],
    parent: list[dict[str, Any]],
) -> dict[str, Any]:
    """Return the statement; its id is made from what tells it apart, not from where it stands.

    The registration belongs to that: a learner may take a course twice.
    """
    context = dict(facts.context)
    natural = [
        facts.course["id"],
        context.get("registration", ""),
        identifier_of(facts.actor),
        *key,
    ]
    if parent:
        context["contextActivities"] = {"parent": parent}
    return {
        "id": str(uuid.uuid5(_NAMESPACE, msgspec.json.encode(natural).decode())),
        "actor": facts.actor,
        "verb": {"id": f"{_VERBS}{verb}", "display": {"en": verb, "zh-CN": _DISPLAY[verb]}},
        "object": about,
        "result": result,
        **({"context": context} if context else {}),
        "timestamp": facts.moment.at.isoformat(),
    }
