"""The template that trainers fill in."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from adapters.spreadsheet.cells import ATTENDANCE_WORDS, RESULT_WORDS
from adapters.spreadsheet.columns import COLUMNS, Column, SheetKind
from adapters.spreadsheet.faults import LANGUAGES, Language
from adapters.spreadsheet.limits import ROW_LIMIT, TEXT_LIMIT
from adapters.spreadsheet.mapping import EXAMPLE_LEARNER

_WORDS = (
    tuple(ATTENDANCE_WORDS),
    tuple(words[0] for words in ATTENDANCE_WORDS.values()),
)
_RESULTS = (("pass", "fail"), tuple(words[0] for words in RESULT_WORDS.values()))
# column: the example in English and Chinese, the note in English and Chinese
_ROWS: dict[Column, tuple[tuple[str | int, str | int], tuple[str, str]]] = {
    Column.LEARNER: (
        (EXAMPLE_LEARNER, EXAMPLE_LEARNER),
        (
            "Needed, or the e-mail. The learner's id at the institution, as text.",
            "必填（或填邮箱）。学员在机构的编号，文本格式。",
        ),
    ),
    Column.NAME: (("Li Na", "李娜"), ("The learner's name.", "学员姓名。")),
    Column.EMAIL: (
        ("", ""),
        ("Used only where there is no learner id.", "仅在没有学号时使用。"),
    ),
    Column.COURSE: (
        ("SAFETY-101", "SAFETY-101"),
        ("Needed. The course's code, or its whole IRI.", "必填。课程代码，或完整的 IRI。"),
    ),
    Column.COURSE_TITLE: (
        ("Workplace safety", "企业员工安全生产培训"),
        ("The course's title.", "课程的名称。"),
    ),
    Column.SESSION: (
        ("1", "1"),
        (
            "Which session of the course, told apart from all its others; the date where empty.",
            "课程的第几次课，须与该课程其他课次不同；留空则以日期区分。",
        ),
    ),
    Column.SESSION_TITLE: (
        ("Fire extinguishers", "灭火器实操"),
        ("The session's title.", "本次课的主题。"),
    ),
    Column.DATE: (
        ("2026-03-07", "2026-03-07"),
        (
            "Needed. 2026-03-07, 2026/3/7, 2026年3月7日; with a time 2026-03-07 14:30.",
            "必填。2026-03-07、2026/3/7、2026年3月7日；可带时间 2026-03-07 14:30。",
        ),
    ),
    Column.ATTENDANCE: (
        ("present", "出勤"),
        (
            f"Needed, or the score. One of: {', '.join(_WORDS[0])}.",
            f"必填（或填成绩）。{'、'.join(_WORDS[1])}之一。",
        ),
    ),
    Column.HOURS: (
        (4, 4),
        (
            "Hours of 60 minutes; counted only for who was there.",
            "按 60 分钟计的小时数；仅对到场者计入。",
        ),
    ),
    Column.ITEM: (
        ("", ""),
        (
            "Which exam the score is of; a resit needs a name of its own. "
            "Empty: the score is of the course.",
            "成绩所属的考试；补考须用另外的名称。留空则为课程成绩。",
        ),
    ),
    Column.SCORE: (("", ""), ("Points, a number from 0.", "分数，从 0 起的数字。")),
    Column.FULL_SCORE: (("", ""), ("The highest score possible; 100 where empty.", "留空为 100。")),
    Column.PASS_MARK: (
        ("", ""),
        ("From this score on the learner has passed.", "达到此分数即为通过。"),
    ),
    Column.TRAINER: (
        ("T0007", "T0007"),
        ("Who taught or examined: an id, or a name.", "授课或监考人员的编号或姓名。"),
    ),
    Column.REGISTRATION: (
        ("", ""),
        (
            "The enrolment's UUID, where the course is taken more than once.",
            "报名的 UUID，重修时使用。",
        ),
    ),
    Column.PRACTICE: (
        ("Fire extinguishers", "灭火器实操"),
        (
            "Needed. The practical task. Twice on one day: give the dates their times.",
            "必填。实训的项目。同一天多次的，请在日期后填写时间。",
        ),
    ),
    Column.RESULT: (
        ("", ""),
        (
            f"{_RESULTS[0][0]} or {_RESULTS[0][1]}; counts before the pass mark.",
            f"{_RESULTS[1][0]}或{_RESULTS[1][1]}；优先于及格线。",
        ),
    ),
}
_EXAMPLES: dict[SheetKind, dict[Column, tuple[str | int, str | int]]] = {
    "attendance": {},
    "practice": {},
    "examination": {
        Column.ITEM: ("Final examination", "结业考试"),
        Column.ATTENDANCE: ("", ""),
        Column.SCORE: (86, 86),
        Column.PASS_MARK: (60, 60),
    },
}
"""What the example of a kind has otherwise."""
_TITLES = (("Sheet", "Notes"), ("登记表", "说明"))
_GENERAL = (
    (
        "Replace the example row with your own; it is refused.",
        f"At most {ROW_LIMIT} rows; no formulas, no merged cells; {TEXT_LIMIT} characters a cell.",
    ),
    (
        "请用实际内容替换示例行；示例行不会被导入。",
        f"最多 {ROW_LIMIT} 行；不要使用公式和合并单元格；每格最多 {TEXT_LIMIT} 个字符。",
    ),
)


def write_template(
    target: Path | BinaryIO, language: Language, kind: SheetKind = "attendance"
) -> None:
    """Write an XLSX template: headers, one example row (which an import refuses), and notes.

    Raises OSError where the path cannot be written.
    """
    place = LANGUAGES.index(language)
    columns = {column: _ROWS[column] for column in COLUMNS[kind]}
    examples = {column: example for column, (example, _) in columns.items()} | _EXAMPLES[kind]
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = _TITLES[place][0]
    sheet.append([column.titles[place] for column in columns])
    sheet.append([examples[column][place] or None for column in columns])
    sheet.freeze_panes = "A2"
    for number, column in enumerate(columns, 1):
        letter = get_column_letter(number)
        sheet.cell(1, number).font = Font(bold=True)
        sheet.column_dimensions[letter].width = 16
        if column not in (Column.SCORE, Column.FULL_SCORE, Column.PASS_MARK, Column.HOURS):
            sheet.column_dimensions[letter].number_format = "@"
            sheet.cell(2, number).number_format = "@"
        if column is Column.ATTENDANCE:
            _offer(sheet, letter, _WORDS[place])
        if column is Column.RESULT:
            _offer(sheet, letter, _RESULTS[place])
    notes = book.create_sheet(_TITLES[place][1])
    for text in _GENERAL[place]:
        notes.append([text])
    for column, (_, note) in columns.items():
        notes.append([column.titles[place], note[place]])
    notes.column_dimensions["A"].width = 20
    notes.column_dimensions["B"].width = 90
    book.save(target)


def _offer(sheet: Worksheet, letter: str, words: tuple[str, ...]) -> None:
    """Offer the words to choose from in a column."""
    choice = DataValidation(type="list", formula1=f'"{",".join(words)}"', allow_blank=True)
    choice.add(f"{letter}2:{letter}{ROW_LIMIT + 1}")
    sheet.add_data_validation(choice)
