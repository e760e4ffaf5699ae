"""The columns of a sheet, known by their headers in Chinese or English."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal, get_args

from openpyxl.utils import get_column_letter

from adapters.spreadsheet.cells import Value
from adapters.spreadsheet.faults import Fault, SheetError, shown
from adapters.spreadsheet.limits import HEADER_WITHIN


class Column(Enum):
    """A column: its header in English and in Chinese, as in the template, and other names."""

    LEARNER = (
        "learner id",
        "学号",
        "工号 学员编号 学员号 员工号 人员编号 身份编号",
        "learner, student id, student number, student no, employee id, employee number, staff id",
    )
    NAME = ("name", "姓名", "学员姓名", "learner name, student name, full name")
    EMAIL = ("e-mail", "邮箱", "电子邮箱 电子邮件", "mail, e-mail address")
    COURSE = ("course", "课程", "课程代码 课程编号 课程号", "course code, course id")
    COURSE_TITLE = ("course title", "课程名称", "课程名", "course name")
    SESSION = ("session", "课次", "课次编号 场次", "session id, session number, session no")
    SESSION_TITLE = ("session title", "课次名称", "课次主题", "session name, topic")
    DATE = ("date", "日期", "上课日期 考试日期 日期时间", "date time, session date, exam date")
    ATTENDANCE = ("attendance", "出勤", "考勤 出勤情况 考勤情况 签到", "attended, presence")
    ITEM = ("exam", "考试项目", "考核项目 考试", "exam item, exam id, item, assessment")
    SCORE = ("score", "成绩", "分数 得分", "mark, marks, points, grade")
    FULL_SCORE = ("full score", "满分", "满分值", "full mark, full marks, maximum score, max score")
    PASS_MARK = ("pass mark", "及格线", "及格分 及格分数 合格线", "passing score, pass score")
    HOURS = ("hours", "学时", "小时 小时数", "duration hours")
    TRAINER = ("trainer", "教师", "考官 讲师 培训师 任课教师", "examiner, instructor, teacher")
    REGISTRATION = ("registration", "注册号", "注册标识 报名号", "registration id")
    PRACTICE = (
        "practice",
        "实训项目",
        "实训任务 实习项目 练习项目 操作项目 岗位任务",
        "practice task, task, practical",
    )
    RESULT = ("result", "结果", "是否合格 考试结果 实训结果 结论", "outcome, pass or fail")

    def __init__(self, english: str, chinese: str, also_chinese: str, also_english: str) -> None:
        self.titles = (english, chinese)
        self.names = (english, chinese, *also_chinese.split(), *also_english.split(", "))

    @property
    def key(self) -> str:
        """Its name where a mapping is told to the program: `course_title`."""
        return self.name.lower()


SheetKind = Literal["attendance", "practice", "examination"]
SHEET_KINDS: tuple[SheetKind, ...] = get_args(SheetKind)

_WHO_AND_WHERE = (
    *(Column.LEARNER, Column.NAME, Column.EMAIL, Column.COURSE, Column.COURSE_TITLE),
    *(Column.DATE, Column.TRAINER, Column.REGISTRATION),
)
_POINTS = (Column.SCORE, Column.FULL_SCORE, Column.PASS_MARK)

COLUMNS: Final[dict[SheetKind, tuple[Column, ...]]] = {
    "attendance": (
        *(Column.LEARNER, Column.NAME, Column.EMAIL, Column.COURSE, Column.COURSE_TITLE),
        *(Column.SESSION, Column.SESSION_TITLE, Column.DATE, Column.ATTENDANCE, Column.HOURS),
        *(Column.ITEM, *_POINTS, Column.TRAINER, Column.REGISTRATION),
    ),
    "practice": (*_WHO_AND_WHERE, Column.PRACTICE, Column.HOURS, *_POINTS, Column.RESULT),
    "examination": (*_WHO_AND_WHERE, Column.ITEM, Column.ATTENDANCE, *_POINTS, Column.RESULT),
}
"""The columns that each kind of sheet may have."""

_ALWAYS = ((Column.LEARNER, Column.EMAIL), (Column.COURSE,), (Column.DATE,))
_NEEDED: Final[dict[SheetKind, tuple[tuple[Column, ...], ...]]] = {
    "attendance": (*_ALWAYS, (Column.ATTENDANCE, Column.SCORE)),
    "practice": (*_ALWAYS, (Column.PRACTICE,), (Column.HOURS, Column.SCORE, Column.RESULT)),
    "examination": (*_ALWAYS, (Column.ITEM,), (Column.SCORE, Column.RESULT, Column.ATTENDANCE)),
}
"""Of each group one column has to be there."""

IGNORED: Final = "ignore"
"""What a mapping says of a header whose column is to be left alone."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a header is to be read: the kind of sheet, and what headers mean that are not known by
    themselves (by their plain text; None: to be left alone).
    """

    kind: SheetKind = "attendance"
    told: tuple[tuple[str, Column | None], ...] = ()

    @classmethod
    def of(cls, kind: SheetKind, columns: Mapping[str, str]) -> Reading:
        """Return the reading for a mapping of headers to the keys of columns, or to `ignore`.

        Raises Fault for a key that the kind of sheet does not have.
        """
        by_key: dict[str, Column | None] = {column.key: column for column in COLUMNS[kind]}
        by_key[IGNORED] = None
        for header, key in columns.items():
            if key not in by_key:
                raise Fault(
                    "no_such_column",
                    header=shown(header),
                    keys=", ".join(by_key),
                    column=shown(key),
                )
        told = ((plain_header(header), by_key[key]) for header, key in columns.items())
        return cls(kind, tuple(told))

    def column(self, text: str) -> Column | None:
        """Return the column that a header means; "学号/工号" gives two names of one."""
        if len(text) > 60:
            return None
        for header, column in self.told:
            if header == plain_header(text):
                return column
        plain = _IN_BRACKETS.sub("", unicodedata.normalize("NFKC", text))
        named = {_BY_NAME.get(_plain(name)) for name in plain.split("/")}
        found = named.pop() if len(named) == 1 else None
        return found if found in COLUMNS[self.kind] else None


@dataclass(frozen=True, slots=True)
class Header:
    """Where the header is: its row (from 1), and each column's place (from 0) and own text.

    `names` are the texts of all cells of the header, known or not, each one only once.
    """

    row: int
    places: dict[Column, int]
    texts: dict[Column, str]
    names: tuple[str, ...] = ()


def find_header(
    first_rows: Sequence[tuple[int, Sequence[Value]]], reading: Reading = Reading()
) -> Header:
    """Return the header: of the first rows (each with its number) the one with most known columns.

    Raises SheetError where there is none, or where it lacks a column or has one twice, or a
    header that a mapping names.
    """
    number, values = _likeliest(first_rows, reading)
    known = _known(values, reading)
    if len(known) < 2:
        seen = next((_seen(row) for _, row in first_rows if _seen(row)), "–")
        expected = _lacking((), reading.kind)
        raise SheetError("no_header", within=HEADER_WITHIN, expected=expected, seen=seen)
    plain = {plain_header(value) for value in values if isinstance(value, str)}
    for header, _ in reading.told:
        if header not in plain:
            raise SheetError("no_such_header", row=number, header=header, seen=_seen(values))
    places: dict[Column, int] = {}
    texts: dict[Column, str] = {}
    for place, column in known:
        text = "".join(char for char in str(values[place]).strip() if char.isprintable())
        if column in places:
            raise SheetError(
                "duplicate_header",
                row=number,
                first=shown(texts[column]),
                second=shown(text),
                meaning=column.titles,
            )
        places[column] = place
        texts[column] = text
    lacking = _lacking(places, reading.kind)
    if any(lacking):
        raise SheetError("missing_columns", row=number, expected=lacking, seen=_seen(values))
    return Header(number, places, texts, tuple(_names(values)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """What the headers of a table are taken for: its row (0: none is known), each header with the
    key of its column or None, and the groups of keys of which one is lacking.
    """

    row: int
    headers: tuple[tuple[str, str | None], ...]
    lacking: tuple[tuple[str, ...], ...]


def propose_header(first_rows: Sequence[tuple[int, Sequence[Value]]], reading: Reading) -> Proposal:
    """Return what is known of the header, for a person to complete."""
    number, values = _likeliest(first_rows, reading)
    known = dict(_known(values, reading))
    if not known:
        number, values = next((row for row in first_rows if _seen(row[1])), (0, ()))
    return Proposal(
        row=number,
        headers=tuple(
            (name, known[place].key if place in known else None)
            for place, name in enumerate(_names(values))
        ),
        lacking=tuple(
            tuple(column.key for column in group)
            for group in _NEEDED[reading.kind]
            if not any(column in known.values() for column in group)
        ),
    )


def plain_header(text: str) -> str:
    """Return a header as it is compared: without what people write differently."""
    return _plain(unicodedata.normalize("NFKC", text))


def _likeliest(
    first_rows: Sequence[tuple[int, Sequence[Value]]], reading: Reading
) -> tuple[int, Sequence[Value]]:
    return max(first_rows, key=lambda row: len(_known(row[1], reading)), default=(0, ()))


def _known(values: Sequence[Value], reading: Reading) -> list[tuple[int, Column]]:
    """Return the places whose text is a header, with their columns."""
    return [
        (place, column)
        for place, value in enumerate(values)
        if isinstance(value, str) and (column := reading.column(value)) is not None
    ]


def _names(values: Sequence[Value]) -> list[str]:
    """Return a name for each cell of a header: its text, or its letter; none twice."""
    names: dict[str, None] = {}
    for place, value in enumerate(values):
        letter = get_column_letter(place + 1)
        text = "" if value is None else str(value)[:_LONGEST_NAME]
        text = "".join(char for char in text.strip() if char.isprintable()) or letter
        names[text if text not in names else f"{text} ({letter})"] = None
    return list(names)


def _lacking(places: Collection[Column], kind: SheetKind) -> tuple[str, str]:
    """Return what a sheet needs and these columns do not give, in each language."""
    lacking = [group for group in _NEEDED[kind] if not any(column in places for column in group)]
    english = ", ".join(" or ".join(column.titles[0] for column in group) for group in lacking)
    chinese = "、".join("或".join(column.titles[1] for column in group) for group in lacking)
    return english, chinese


def _seen(values: Sequence[Value]) -> str:
    texts = [shown(value) for value in values if value is not None and str(value).strip()]
    return ", ".join(texts[:12]) + (" …" if len(texts) > 12 else "")


def _plain(text: str) -> str:
    """Return a header without what people write differently: case, spaces, marks."""
    return "".join(char for char in text.casefold() if char.isalnum())


_IN_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】")
_BY_NAME = {_plain(name): column for column in Column for name in column.names}
_LONGEST_NAME = 100
