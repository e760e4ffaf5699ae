"""A row's cells as statements."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import quote

import msgspec

from adapters.spreadsheet.cells import (
    Moment,
    Value,
    attendance_of,
    is_blank,
    key_of,
    moment_of,
    number_of,
    text_of,
)
from adapters.spreadsheet.columns import Column, Header
from adapters.spreadsheet.faults import Fault, Language, shown
from adapters.spreadsheet.options import Options
from schemas.events import Attendance
from schemas.identifiers import identifier_of
from schemas.profile import ATTENDANCE_EXTENSION, SESSION_TYPE
from schemas.xapi.syntax import IRI, MAILTO, UUID

COURSE_TYPE: Final = "http://adlnet.gov/expapi/activities/course"
EXAM_TYPE: Final = "http://adlnet.gov/expapi/activities/assessment"
EXAMPLE_LEARNER: Final = "EXAMPLE-0001"
"""The learner id in the template's example row; such a row is refused."""

LONGEST_HOURS: Final = 200.0
HIGHEST_SCORE: Final = 1_000_000.0

_NAMESPACE: Final = uuid.UUID("0c4e4768-b44b-5b90-8445-a631e9dcac2a")
_VERBS: Final = "http://adlnet.gov/expapi/verbs/"
_DISPLAY: Final = {"attended": "考勤", "scored": "得分", "passed": "通过", "failed": "未通过"}

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
    moment: Moment
    context: dict[str, Any]


def statements_of(
    number: int, values: Sequence[Value], header: Header, options: Options
) -> tuple[list[dict[str, Any]], list[Problem]]:
    """Return the statements that a row makes, as plain JSON, or its problems: never both."""
    row = _Reading(number, values, header)
    facts = _facts(row, options)
    attendance = row.read(Column.ATTENDANCE, attendance_of)
    hours = row.read(Column.HOURS, lambda value: number_of(value, 0, LONGEST_HOURS))
    full = row.read(Column.FULL_SCORE, lambda value: number_of(value, 1, HIGHEST_SCORE))
    top = 100.0 if full is None else full
    score = row.read(Column.SCORE, lambda value: number_of(value, 0, top))
    pass_mark = row.read(Column.PASS_MARK, lambda value: number_of(value, 0, top))
    told = [Column.ATTENDANCE, Column.SCORE]
    if all(is_blank(row.value(column)) for column in told):
        row.refuse(None, Fault("no_result"))
    if row.problems or facts is None:
        return [], row.problems
    statements = []
    if attendance is not None:
        statements.append(_attended(facts, attendance, hours))
    if score is not None:
        statements.append(
            _scored(facts, score, top, pass_mark, hours if attendance is None else None)
        )
    return statements, []


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
    course = row.read(Column.COURSE, lambda value: _course_iri(value, options))
    title = row.read(Column.COURSE_TITLE, text_of) or ""
    session = row.read(Column.SESSION, key_of) or ""
    session_title = row.read(Column.SESSION_TITLE, text_of) or ""
    item = row.read(Column.ITEM, key_of) or ""
    moment = row.read(Column.DATE, lambda value: _required(moment_of(value, options.zone)))
    trainer = row.read(Column.TRAINER, key_of)
    registration = row.read(Column.REGISTRATION, _registration)
    if row.problems or actor is None or course is None or moment is None:
        return None
    context: dict[str, Any] = {}
    if registration:
        context["registration"] = registration
    if trainer:
        context["instructor"] = _account(trainer, options)
    return _Facts(
        actor=actor,
        course=_activity(course, COURSE_TYPE, title),
        session=session or moment.slug,
        session_title=session_title,
        item=item,
        moment=moment,
        context=context,
    )


def _actor(row: _Reading, options: Options) -> dict[str, Any] | None:
    learner = row.read(Column.LEARNER, key_of)
    name = row.read(Column.NAME, text_of)
    if learner == EXAMPLE_LEARNER:
        row.refuse(None, Fault("example"))
    if learner:
        actor = _account(learner, options)
    elif email := row.read(Column.EMAIL, _email):
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
            result["duration"] = _duration(hours)
    session = _activity(
        f"{facts.course['id']}/session/{_slug(facts.session)}",
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


def _scored(
    facts: _Facts, score: float, full: float, pass_mark: float | None, hours: float | None
) -> dict[str, Any]:
    result: dict[str, Any] = {
        "score": {
            "raw": _plain(score),
            "min": 0,
            "max": _plain(full),
            "scaled": _plain(round(score / full, 6)),
        }
    }
    verb = "scored"
    if pass_mark is not None:
        result["success"] = score >= pass_mark
        verb = "passed" if result["success"] else "failed"
    if hours:
        result["duration"] = _duration(hours)
    if facts.item:
        what = ["exam", facts.item]
        exam = f"{facts.course['id']}/exam/{_slug(facts.item)}"
        about, parent = _activity(exam, EXAM_TYPE, facts.item), [facts.course]
    else:
        what = ["session", facts.session]
        about, parent = facts.course, []
    return _statement(
        facts, verb=verb, key=["scored", *what], about=about, result=result, parent=parent
    )


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


def _activity(iri: str, kind: str, title: str) -> dict[str, Any]:
    definition: dict[str, Any] = {"type": kind}
    if title:
        chinese = any("\u3400" <= char <= "\u9fff" for char in title)
        definition["name"] = {"zh-CN" if chinese else "en": title}
    return {"objectType": "Activity", "id": iri, "definition": definition}


def _account(name: str, options: Options) -> dict[str, Any]:
    return {"objectType": "Agent", "account": {"homePage": options.home_page, "name": name}}


def _course_iri(value: Value, options: Options) -> str:
    code = _required(key_of(value))
    if "://" in code or code[:4].casefold() == "urn:":
        if not IRI.fullmatch(code):
            raise Fault("iri", value=shown(code))
        return code
    return f"{options.course_base}{_slug(code)}"


def _email(value: Value) -> str | None:
    text = key_of(value)
    if not text:
        return None
    local, _, domain = text.removeprefix("mailto:").rpartition("@")
    mbox = f"mailto:{local}@{domain.casefold()}"
    if not MAILTO.fullmatch(mbox):
        raise Fault("email", value=shown(text))
    return mbox


def _registration(value: Value) -> str | None:
    text = key_of(value).casefold()
    if text and not UUID.fullmatch(text):
        raise Fault("uuid", value=shown(text))
    return text or None


def _required(found: Found | None) -> Found:
    if not found:
        raise Fault("required")
    return found


def _slug(text: str) -> str:
    """Return a text as one segment of an IRI: letters and digits of any script stay (RFC 3987
    ucschar), everything else is percent-encoded, so that two texts never become one.
    """
    return "".join(
        char if char.isalnum() or char in "-._~" else quote(char, safe="") for char in text
    )


def _duration(hours: float) -> str:
    minutes, seconds = divmod(round(hours * 3600), 60)
    whole, minutes = divmod(minutes, 60)
    parts = (
        f"{whole}H" * (whole > 0) + f"{minutes}M" * (minutes > 0) + f"{seconds}S" * (seconds > 0)
    )
    return f"PT{parts or '0S'}"


def _plain(number: float) -> float:
    """Return a whole number without its fraction, as people write it."""
    return int(number) if number == int(number) else number
