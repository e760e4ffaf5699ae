"""A row of a OneRoster file as an entry of a roster (OneRoster 1.1 section 4, 1.2 section 4)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from adapters.spreadsheet.terms import slug
from schemas.imports import RowFault, Texts
from schemas.rosters import (
    RosterCourse,
    RosterEnrolment,
    RosterEntry,
    RosterNoun,
    RosterOrganisation,
    RosterPerson,
)
from schemas.xapi.syntax import IRI, MAILTO

NOUNS: Final[dict[str, RosterNoun]] = {
    "orgs.csv": "organisation",
    "courses.csv": "course",
    "classes.csv": "course",
    "users.csv": "person",
    "enrollments.csv": "enrolment",
}
"""The files whose rows are entries, in the order in which they refer to each other."""

_USER_ID: Final = re.compile(r"\{([^{}]*):([^{}:]*)\}")
_LONGEST: Final = 1_000

Lookup = Callable[[RosterNoun, str], RosterEntry | None]


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a roster does not say itself: `home_page` of its people's accounts, and `course_base`,
    the IRI to which a course's code is appended ('': courses have no activity).
    """

    home_page: str
    course_base: str = ""


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What other files say: the entries that a row may refer to, the roles and organisations of a
    user in roles.csv (1.2), the dates of academic sessions.
    """

    entry: Lookup
    roles: Mapping[str, tuple[tuple[str, str], ...]]
    terms: Mapping[str, tuple[str, str, str]]


class RowWrong(Exception):
    """The row is no entry; `faults` say why."""

    def __init__(self, *faults: RowFault) -> None:
        super().__init__("; ".join(f"{fault.path}: {fault.rule['en']}" for fault in faults))
        self.faults = faults


def entry_of(file: str, cells: Mapping[str, str], options: Options, beside: Beside) -> RosterEntry:
    """Return the entry that a row is. Raises RowWrong."""
    _required(cells, "sourcedId")
    if any(len(cell) > _LONGEST for cell in cells.values()):
        raise wrong("", f"has a cell of more than {_LONGEST} characters", "有单元格过长")
    if file == "orgs.csv":
        return RosterOrganisation(id=cells["sourcedId"], name=_required(cells, "name"))
    if file == "courses.csv":
        return _course(cells, options)
    if file == "classes.csv":
        return _class(cells, beside)
    if file == "users.csv":
        return _person(cells, options, beside)
    return _enrolment(cells, beside)


def is_ended(cells: Mapping[str, str]) -> bool:
    """Tell whether the row says that the roster has it no more. Raises RowWrong."""
    status = cells.get("status", "").casefold()
    if status not in ("", "active", "tobedeleted"):
        raise wrong(
            "status", "must be active, tobedeleted or empty", "应为 active、tobedeleted 或空"
        )
    return status == "tobedeleted"


def _course(cells: Mapping[str, str], options: Options) -> RosterCourse:
    code = cells.get("courseCode", "")
    base = options.course_base
    activity = code if IRI.fullmatch(code) and "://" in code else ""
    if base and not activity:
        activity = f"{base}{slug(_plain(code or cells['sourcedId']))}"
    title = _required(cells, "title")
    return RosterCourse(id=cells["sourcedId"], title=title, code=code, activity=activity)


def _class(cells: Mapping[str, str], beside: Beside) -> RosterCourse:
    course = beside.entry("course", _required(cells, "courseSourcedId"))
    if not isinstance(course, RosterCourse):
        raise _no_such("courseSourcedId", "course", "课程")
    terms = [term for term in _list(cells.get("termSourcedIds", "")) if term in beside.terms]
    return RosterCourse(
        id=cells["sourcedId"],
        title=_required(cells, "title"),
        code=cells.get("classCode", ""),
        activity=course.activity,
        course=course.id,
        terms=tuple(terms),
    )


def _person(cells: Mapping[str, str], options: Options, beside: Beside) -> RosterPerson:
    person = cells["sourcedId"]
    told = beside.roles.get(person, ())
    roles = {role for role, _ in told} | {cells.get("role", "")} - {""}
    ids = [org for _, org in told] + _list(cells.get("orgSourcedIds", ""))
    ids += _list(cells.get("primaryOrgSourcedId", ""))
    organisations: dict[str, RosterOrganisation] = {}
    for org in ids:
        found = beside.entry("organisation", org)
        if not isinstance(found, RosterOrganisation):
            raise _no_such("orgSourcedIds", f"organisation {org[:60]!r}", f"机构 {org[:60]!r}")
        organisations[org] = found
    family, given = cells.get("familyName", ""), cells.get("givenName", "")
    chinese = any("\u3400" <= char <= "\u9fff" for char in family + given)
    name = f"{family}{given}" if chinese else f"{given} {family}".strip()
    return RosterPerson(
        id=person,
        name=name or _required(cells, "username"),
        identifiers=tuple(sorted(_identifiers(cells, options))),
        organisations=tuple(organisations[org] for org in sorted(organisations)),
        roles=tuple(sorted(roles)),
        enabled=cells.get("enabledUser", "").casefold() != "false",
    )


def _identifiers(cells: Mapping[str, str], options: Options) -> set[str]:
    """Return all identifiers of a user: accounts by sign-in name and by number, the e-mail, and
    accounts elsewhere (`userIds`) whose type is the IRI of a home page.
    """
    names = {_plain(cells.get("username", "")), _plain(cells.get("identifier", ""))} - {""}
    found = {f"account:{options.home_page}|{name}" for name in names}
    if email := _plain(cells.get("email", "")):
        local, _, domain = email.rpartition("@")
        mbox = f"mailto:{local}@{domain.casefold()}"
        if not MAILTO.fullmatch(mbox):
            raise wrong("email", "must be an e-mail address", "应为电子邮箱地址")
        found.add(f"mbox:{mbox}")
    for kind, name in _USER_ID.findall(cells.get("userIds", "")):
        if "://" in kind and IRI.fullmatch(kind) and _plain(name):
            found.add(f"account:{kind}|{_plain(name)}")
    if not found:
        raise wrong(
            "username", "must be there, or identifier or email", "用户名、编号、邮箱至少一项"
        )
    return found


def _enrolment(cells: Mapping[str, str], beside: Beside) -> RosterEnrolment:
    course = beside.entry("course", _required(cells, "classSourcedId"))
    if not isinstance(course, RosterCourse):
        raise _no_such("classSourcedId", "class", "班级")
    if beside.entry("person", _required(cells, "userSourcedId")) is None:
        raise _no_such("userSourcedId", "user", "用户")
    terms = [beside.terms[term] for term in course.terms if term in beside.terms]
    begin = _date(cells, "beginDate") or min((first for _, first, _ in terms), default="")
    end = _date(cells, "endDate") or max((last for _, _, last in terms), default="")
    return RosterEnrolment(
        id=cells["sourcedId"],
        person=cells["userSourcedId"],
        course=course.id,
        role=_required(cells, "role"),
        begin=begin,
        end=end,
    )


def _date(cells: Mapping[str, str], column: str) -> str:
    text = cells.get(column, "")
    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError:
        raise wrong(column, "must be a date as 2026-03-07", "应为日期，如 2026-03-07") from None


def _required(cells: Mapping[str, str], column: str) -> str:
    text = cells.get(column, "")
    if not text:
        raise wrong(column, "is empty; fill it in", "为空；请填写")
    return text


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _no_such(column: str, english: str, chinese: str) -> RowWrong:
    return wrong(
        column,
        f"names no {english} of the roster; correct it, or add what is missing",
        f"名册中没有该{chinese}；请更正或补充",
    )


def wrong(column: str, english: str, chinese: str) -> RowWrong:
    """Return a fault of one column."""
    rule: Texts = {"en": english, "zh-CN": chinese}
    return RowWrong(RowFault(path=column, rule=rule))
