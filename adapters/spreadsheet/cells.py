"""What the value of one cell means; each function raises Fault where it means nothing."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from adapters.spreadsheet.faults import Fault, shown
from adapters.spreadsheet.limits import TEXT_LIMIT
from schemas.events import Attendance


@dataclass(frozen=True, slots=True)
class Formula:
    """The value of a cell that holds a formula."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class ErrorValue:
    """The value of a cell that holds an error, `#N/A` and its like."""

    text: str

    def __str__(self) -> str:
        return self.text


Value = str | bool | int | float | datetime | date | time | timedelta | Formula | ErrorValue | None

ATTENDANCE_WORDS: Final[dict[Attendance, tuple[str, ...]]] = {
    "present": (
        *("出勤", "到", "已到", "到场", "出席", "签到", "已签到", "是"),
        *("present", "attended", "yes", "y", "√", "✓", "✔", "1"),
    ),
    "late": ("迟到", "late"),
    "excused": ("请假", "事假", "病假", "公假", "已请假", "excused", "leave"),
    "absent": (
        *("缺勤", "旷课", "未到", "缺席", "未签到", "否"),
        *("缺考", "absent", "no", "n", "×", "✗", "✘", "x", "0"),
    ),
}
"""What people write for each attendance, the first one as in the template."""

_ATTENDANCE = {word: kind for kind, words in ATTENDANCE_WORDS.items() for word in words}

_SAFE_INTEGER = 10**15
_LONGEST_WRITTEN = 4_000
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?E\+\d{2}", re.I | re.A)
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)", re.A)
_DATE = re.compile(
    r"(?:(?P<y>\d{4})(?:(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})"
    r"|年(?P<zm>\d{1,2})月(?P<zd>\d{1,2})日)"
    r"|(?P<cy>\d{4})(?P<cm>\d{2})(?P<cd>\d{2}))"
    r"(?:(?:\s*T|\s+|(?<=日))(?P<H>\d{1,2})(?::|时|点)(?:(?P<M>\d{1,2})(?::(?P<S>\d{1,2}))?分?)?"
    r"(?P<zone>Z|[+-]\d{2}:?\d{2})?)?",
    re.I | re.A,
)


def is_blank(value: Value) -> bool:
    """Tell whether a cell holds nothing, or spaces only."""
    return value is None or (isinstance(value, str) and not value.strip())


def text_of(value: Value) -> str:
    """Return the text of a cell, spaces made single, '' where it is empty.

    A whole number is its digits: ids are often typed as numbers.
    """
    _refuse_unusable(value)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise Fault("not_text", value=shown(value))
    if not isinstance(value, str):
        return _digits(value)
    if len(value) > TEXT_LIMIT:
        raise Fault("too_long", limit=TEXT_LIMIT)
    text = " ".join(unicodedata.normalize("NFC", value).split())
    for char in text:
        if unicodedata.category(char) in ("Cc", "Cs"):
            raise Fault("control", value=shown(char))
    return text


def key_of(value: Value) -> str:
    """Return the text of a cell by which things are told apart (an id, a code, a name of a
    session): as `text_of`, full-width forms made plain, invisible characters refused.
    """
    text = " ".join(unicodedata.normalize("NFKC", text_of(value)).split())
    for char in text:
        if unicodedata.category(char) in ("Cf", "Co"):
            raise Fault("invisible", value=f"U+{ord(char):04X}")
    if _SCIENTIFIC.fullmatch(text):
        raise Fault("rounded", value=shown(text))
    return text


def written(value: Value) -> str:
    """Return what stands in a cell as text that means the same when it is read again."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d" if value.time() == time() else "%Y-%m-%d %H:%M:%S")
    if isinstance(value, float) and abs(value) < _SAFE_INTEGER and value == int(value):
        return str(int(value))
    text = str(value)
    return text if len(text) <= _LONGEST_WRITTEN else f"{text[:_LONGEST_WRITTEN]}…"


def number_of(value: Value, low: float, high: float) -> float | None:
    """Return the number of a cell, from `low` to `high`, None where it is empty."""
    _refuse_unusable(value)
    if is_blank(value):
        return None
    number: float
    if isinstance(value, str):
        text = unicodedata.normalize("NFKC", value).strip()
        if len(text) > 30 or not _NUMBER.fullmatch(text):
            raise Fault("not_number", value=shown(value))
        number = float(text)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        number = float(value) if abs(value) < 1e300 else math.inf
    else:
        raise Fault("not_number", value=shown(value))
    if not low <= number <= high:
        allowed = (f"from {low:g} to {high:g}", f"{low:g} 至 {high:g}")
        raise Fault("out_of_range", range=allowed, value=f"{number:g}")
    return number


def attendance_of(value: Value) -> Attendance | None:
    """Return the attendance that a cell tells, None where it is empty."""
    _refuse_unusable(value)
    if is_blank(value):
        return None
    if isinstance(value, bool):
        return "present" if value else "absent"
    word = str(value).strip()
    word = word if word in _ATTENDANCE else unicodedata.normalize("NFKC", word).strip().casefold()
    if word.endswith(".0"):
        word = word[:-2]
    if word not in _ATTENDANCE:
        words = ", ".join(
            (*(chinese for chinese, *_ in ATTENDANCE_WORDS.values()), *ATTENDANCE_WORDS)
        )
        raise Fault(
            "attendance",
            words=f"{words}, √, ×, 1, 0",
            value=shown(value),
        )
    return _ATTENDANCE[word]


RESULT_WORDS: Final[dict[bool, tuple[str, ...]]] = {
    True: ("合格", "通过", "及格", "优秀", "良好", "pass", "passed", "√", "✓", "✔"),
    False: ("不合格", "未通过", "不通过", "不及格", "fail", "failed", "×", "✗", "✘"),
}
"""What people write for a result, the first one as in the template."""


def result_of(value: Value) -> bool | None:
    """Return whether a cell says that the learner passed, None where it is empty."""
    _refuse_unusable(value)
    if is_blank(value):
        return None
    word = unicodedata.normalize("NFKC", str(value)).strip().casefold()
    for passed, words in RESULT_WORDS.items():
        if word in words:
            return passed
    words_shown = ", ".join(word for words in RESULT_WORDS.values() for word in words[:2])
    raise Fault("result", words=f"{words_shown}, pass, fail", value=shown(value))


@dataclass(frozen=True, slots=True)
class Moment:
    """When something was: `at` is aware, in the sheet's zone; at noon where no time was given."""

    at: datetime
    timed: bool

    @property
    def slug(self) -> str:
        """The date, with the time where one was given: `2026-03-02`, `2026-03-02T0930`."""
        return self.at.strftime("%Y-%m-%dT%H%M" if self.timed else "%Y-%m-%d")


def moment_of(value: Value, zone: ZoneInfo) -> Moment | None:
    """Return the date of a cell, with its time where it has one, None where it is empty."""
    _refuse_unusable(value)
    if is_blank(value):
        return None
    moment = None
    if isinstance(value, datetime):
        local = (value + timedelta(milliseconds=500)).replace(microsecond=0)
        moment = _moment(local, timed=local.time() != time(), zone=zone)
    elif isinstance(value, date):
        moment = _moment(datetime(value.year, value.month, value.day), timed=False, zone=zone)  # noqa: DTZ001
    elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
        text = value if isinstance(value, str) else _digits(value)
        moment = _written(unicodedata.normalize("NFKC", text[:60]).strip(), zone)
    if moment is None or not 1970 <= moment.at.year < 2200:
        raise Fault("date", value=shown(value))
    return moment


def _written(text: str, zone: ZoneInfo) -> Moment | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day = (
        int(next(part for part in match.group(*names) if part))
        for names in (("y", "cy"), ("m", "zm", "cm"), ("d", "zd", "cd"))
    )
    hour, minute, second = (int(match[name] or 0) for name in "HMS")
    try:
        local = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - placed below
        if match["zone"]:
            offset = match["zone"].upper().replace("Z", "+00:00")
            local = datetime.fromisoformat(f"{local.isoformat()}{offset}").astimezone(zone)
        return _moment(local.replace(tzinfo=None), timed=match["H"] is not None, zone=zone)
    except (ValueError, OverflowError):
        return None


def _moment(local: datetime, *, timed: bool, zone: ZoneInfo) -> Moment:
    return Moment((local if timed else local.replace(hour=12)).replace(tzinfo=zone), timed)


def _digits(value: float) -> str:
    if abs(value) >= _SAFE_INTEGER:
        raise Fault("rounded", value=shown(value))
    return str(int(value)) if value == int(value) else repr(value)


def _refuse_unusable(value: Value) -> None:
    if isinstance(value, Formula):
        raise Fault("formula")
    if isinstance(value, ErrorValue):
        raise Fault("error_value", value=shown(value.text))
