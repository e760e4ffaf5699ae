"""The columns of a sheet, known by their headers in Chinese or English."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum

from adapters.spreadsheet.cells import Value
from adapters.spreadsheet.faults import SheetError, shown
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

    def __init__(self, english: str, chinese: str, also_chinese: str, also_english: str) -> None:
        self.titles = (english, chinese)
        self.names = (english, chinese, *also_chinese.split(), *also_english.split(", "))


@dataclass(frozen=True, slots=True)
class Header:
    """Where the header is: its row (from 1), and each column's place (from 0) and own text."""

    row: int
    places: dict[Column, int]
    texts: dict[Column, str]


def find_header(first_rows: Sequence[tuple[int, Sequence[Value]]]) -> Header:
    """Return the header: of the first rows (each with its number) the one with most known columns.

    Raises SheetError where there is none, or where it lacks a column or has one twice.
    """
    best = max(first_rows, key=lambda row: len(_known(row[1])), default=(0, ()))
    number, values = best
    known = _known(values)
    if len(known) < 2:
        seen = next((_seen(row) for _, row in first_rows if _seen(row)), "–")
        raise SheetError("no_header", within=HEADER_WITHIN, expected=_lacking(()), seen=seen)
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
    lacking = _lacking(places)
    if any(lacking):
        raise SheetError("missing_columns", row=number, expected=lacking, seen=_seen(values))
    return Header(number, places, texts)


def _known(values: Sequence[Value]) -> list[tuple[int, Column]]:
    """Return the places whose text is a header, with their columns."""
    return [
        (place, column)
        for place, value in enumerate(values)
        if isinstance(value, str) and (column := _column_of(value)) is not None
    ]


def _column_of(text: str) -> Column | None:
    """Return the column that a header means; "学号/工号" gives two names of one."""
    if len(text) > 60:
        return None
    plain = _IN_BRACKETS.sub("", unicodedata.normalize("NFKC", text))
    named = {_BY_NAME.get(_plain(name)) for name in plain.split("/")}
    return named.pop() if len(named) == 1 else None


def _lacking(places: Collection[Column]) -> tuple[str, str]:
    """Return what a sheet needs and these columns do not give, in each language."""
    lacking = [group for group in _NEEDED if not any(column in places for column in group)]
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
_NEEDED = (
    (Column.LEARNER, Column.EMAIL),
    (Column.COURSE,),
    (Column.DATE,),
    (Column.ATTENDANCE, Column.SCORE),
)
