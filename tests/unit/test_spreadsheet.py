import csv
import uuid
from datetime import date, datetime, time
from pathlib import Path

import msgspec
import pytest
from openpyxl import Workbook, load_workbook

from adapters.generic import adapter as generic
from adapters.spreadsheet import (
    LANGUAGES,
    Fault,
    Options,
    SheetError,
    limits,
    open_sheet,
    write_template,
)
from adapters.spreadsheet.cells import ATTENDANCE_WORDS
from adapters.spreadsheet.columns import COLUMNS, Column
from adapters.spreadsheet.mapping import LONGEST_HOURS
from schemas.profile import ATTENDANCE_EXTENSION, SESSION_TYPE
from schemas.sources import Source
from schemas.xapi import decode_statement
from tests.unit.spreadsheets import OPTIONS, read, statement, write_csv, write_xlsx

CHINESE = ["学号", "姓名", "课程", "课程名称", "课次", "日期", "出勤", "学时", "教师"]
ENGLISH = [
    "learner id",
    "name",
    "course code",
    "course title",
    "session",
    "date",
    "attendance",
    "hours",
    "trainer",
]
ATTENDED = ["2026000101", "李娜", "SAFETY", "安全生产", "3", "2026-03-07", "出勤", 4, "T0007"]
KEYS = ["学号", "课程", "日期"]
LI_NA = ["2026000101", "SAFETY", "2026-03-07"]
SCORED = ["学号", "课程", "日期", "成绩"]


@pytest.mark.parametrize("write", [write_xlsx, write_csv])
@pytest.mark.parametrize("header", [CHINESE, ENGLISH])
def test_a_row_of_attendance_is_a_statement(tmp_path, write, header):
    (row,) = read(write(tmp_path, [header, ATTENDED]))
    (made,) = row.statements
    assert uuid.UUID(made.pop("id")).version == 5
    course = {
        "objectType": "Activity",
        "id": "https://lms.example/course/SAFETY",
        "definition": {
            "type": "http://adlnet.gov/expapi/activities/course",
            "name": {"zh-CN": "安全生产"},
        },
    }
    assert made == {
        "actor": {
            "objectType": "Agent",
            "name": "李娜",
            "account": {"homePage": "https://lms.example", "name": "2026000101"},
        },
        "verb": {
            "id": "http://adlnet.gov/expapi/verbs/attended",
            "display": {"en": "attended", "zh-CN": "考勤"},
        },
        "object": {
            "objectType": "Activity",
            "id": "https://lms.example/course/SAFETY/session/3",
            "definition": {"type": SESSION_TYPE, "name": {"en": "3"}},
        },
        "result": {
            "extensions": {ATTENDANCE_EXTENSION: "present"},
            "completion": True,
            "duration": "PT4H",
        },
        "context": {
            "instructor": {
                "objectType": "Agent",
                "account": {"homePage": "https://lms.example", "name": "T0007"},
            },
            "contextActivities": {"parent": [course]},
        },
        "timestamp": "2026-03-07T12:00:00+08:00",
    }


def test_the_generic_adapter_reads_the_session_of_the_course(tmp_path):
    made = statement(tmp_path, CHINESE, ATTENDED)
    source = Source(id=1, key="import", name="import", provenance="import", scopes=())
    (event,) = generic.events(
        decode_statement(msgspec.json.encode(made), "2.0.0").statement, source
    )
    assert (event.kind, event.attendance, event.duration) == ("attended", "present", 14400)
    assert event.activity == event.course == "https://lms.example/course/SAFETY"
    assert event.session == "https://lms.example/course/SAFETY/session/3"
    assert event.identifier == "account:https://lms.example|2026000101"
    assert event.examiner == "account:https://lms.example|T0007"


@pytest.mark.parametrize(
    ("word", "attendance"),
    [
        ("出勤", "present"),
        ("到", "present"),
        ("√", "present"),
        ("Present ", "present"),
        ("１", "present"),
        (1, "present"),
        (True, "present"),
        ("迟到", "late"),
        ("LATE", "late"),
        ("请假", "excused"),
        ("excused", "excused"),
        ("缺勤", "absent"),
        ("旷课", "absent"),
        ("absent", "absent"),
        (0, "absent"),
        (False, "absent"),
    ],
)
def test_attendance_is_told_in_many_words(tmp_path, word, attendance):
    made = statement(tmp_path, [*KEYS, "出勤", "学时"], [*LI_NA, word, 2])
    assert made["result"]["extensions"] == {ATTENDANCE_EXTENSION: attendance}
    there = attendance in ("present", "late")
    assert ("completion" in made["result"]) == ("duration" in made["result"]) == there


@pytest.mark.parametrize(
    ("value", "timestamp"),
    [
        ("2026-03-02", "2026-03-02T12:00:00+08:00"),
        ("2026/3/2", "2026-03-02T12:00:00+08:00"),
        ("2026.3.2", "2026-03-02T12:00:00+08:00"),
        ("2026年3月2日", "2026-03-02T12:00:00+08:00"),
        ("２０２６年３月２日", "2026-03-02T12:00:00+08:00"),
        ("20260302", "2026-03-02T12:00:00+08:00"),
        (20260302, "2026-03-02T12:00:00+08:00"),
        (date(2026, 3, 2), "2026-03-02T12:00:00+08:00"),
        (datetime.combine(date(2026, 3, 2), time()), "2026-03-02T12:00:00+08:00"),
        (datetime.combine(date(2026, 3, 2), time(14, 30)), "2026-03-02T14:30:00+08:00"),
        ("2026-03-02 14:30", "2026-03-02T14:30:00+08:00"),
        ("2026/3/2 9:05:07", "2026-03-02T09:05:07+08:00"),
        ("2026年3月2日14时30分", "2026-03-02T14:30:00+08:00"),
        ("2026年3月2日 9点", "2026-03-02T09:00:00+08:00"),
        ("2026-03-02T06:30:00Z", "2026-03-02T14:30:00+08:00"),
        ("2026-03-02T23:30:00-05:00", "2026-03-03T12:30:00+08:00"),
        ("2026-03-02 00:00", "2026-03-02T00:00:00+08:00"),
    ],
)
def test_dates_are_read_as_people_write_them(tmp_path, value, timestamp):
    made = statement(tmp_path, SCORED, ["1", "SAFETY", value, 80])
    assert made["timestamp"] == timestamp


@pytest.mark.parametrize(
    "value",
    [
        *("2026-02-30", "3/2/2026", "2026-3/2", "46083", 46083, "12:30", "1969-12-31", "２０２６"),
        *("2026-03-02 25:00", "0001-01-01T00:00Z", "9999-12-31T23:59-10:00", True),
    ],
)
def test_what_is_no_date_is_refused(tmp_path, value):
    (row,) = read(write_xlsx(tmp_path, [SCORED, ["1", "SAFETY", value, 80]]))
    (problem,) = row.problems
    assert (problem.row, problem.column, problem.fault.key) == (2, "日期", "date")


def test_times_are_of_the_zone_that_is_given(tmp_path):
    options = Options(home_page="urn:x", course_base="urn:c:", time_zone="Europe/Berlin")
    path = write_xlsx(tmp_path, [SCORED, ["1", "A", "2026-07-01", 80]])
    (row,) = open_sheet(path, options)
    assert row.statements[0]["timestamp"] == "2026-07-01T12:00:00+02:00"


def test_a_score_is_of_the_course(tmp_path):
    made = statement(tmp_path, SCORED, [*LI_NA, "85.5"])
    assert made["verb"]["id"] == "http://adlnet.gov/expapi/verbs/scored"
    assert made["object"]["id"] == "https://lms.example/course/SAFETY"
    assert made["result"] == {"score": {"raw": 85.5, "min": 0, "max": 100, "scaled": 0.855}}
    assert "context" not in made


@pytest.mark.parametrize(("score", "verb"), [(60, "passed"), (59.5, "failed"), (0, "failed")])
def test_a_pass_mark_tells_passed_from_failed(tmp_path, score, verb):
    header = ["Learner ID", "Course", "Date", "Exam", "Score", "Full score", "Pass mark"]
    made = statement(tmp_path, header, ["1", "A", "2026-03-02", "期末 笔试", score, 120, 60])
    assert made["verb"]["id"].endswith(verb)
    assert made["result"]["success"] is (verb == "passed")
    assert made["result"]["score"]["scaled"] == round(score / 120, 6)
    assert made["object"]["id"] == "https://lms.example/course/A/exam/期末%20笔试"
    (parent,) = made["context"]["contextActivities"]["parent"]
    assert parent["id"] == "https://lms.example/course/A"


def test_a_row_with_both_gives_two_statements(tmp_path):
    path = write_xlsx(tmp_path, [[*SCORED, "出勤", "学时"], [*LI_NA, 90, "出勤", 1.5]])
    (row,) = read(path)
    attended, scored = row.statements
    assert attended["result"]["duration"] == "PT1H30M"
    assert "duration" not in scored["result"]
    assert attended["id"] != scored["id"]


@pytest.mark.parametrize(
    ("course", "iri"),
    [
        ("https://lms.example/c?id=7", "https://lms.example/c?id=7"),
        ("urn:course:7", "urn:course:7"),
        ("A:1", "https://lms.example/course/A%3A1"),
        ("安全 1/2", "https://lms.example/course/安全%201%2F2"),
        (101, "https://lms.example/course/101"),
        (101.0, "https://lms.example/course/101"),
    ],
)
def test_a_course_is_a_code_or_an_iri(tmp_path, course, iri):
    made = statement(tmp_path, SCORED, ["1", course, "2026-03-02", 80])
    assert made["object"]["id"] == iri


def test_an_email_stands_in_for_a_learner_id(tmp_path):
    header = ["学号", "邮箱", "课程", "日期", "成绩"]
    path = write_xlsx(
        tmp_path,
        [
            header,
            ["7", "Li@Example.cn", "A", "2026-03-02", 1],
            ["", "Li@Example.cn", "A", "2026-03-02", 1],
            ["", "nobody", "A", "2026-03-02", 1],
            ["", "", "A", "2026-03-02", 1],
        ],
    )
    by_id, by_mail, wrong, neither = read(path)
    assert by_id.statements[0]["actor"]["account"]["name"] == "7"
    assert by_mail.statements[0]["actor"]["mbox"] == "mailto:Li@example.cn"
    assert [problem.fault.key for problem in wrong.problems] == ["email"]
    assert [problem.fault.key for problem in neither.problems] == ["no_learner"]


@pytest.mark.parametrize(
    ("header", "value", "key"),
    [
        ("学号", 110101199001010000, "rounded"),
        ("学号", "1.10101E+17", "rounded"),
        ("学号", date(2026, 3, 1), "not_text"),
        ("学号", "12\u200b3", "invisible"),
        ("姓名", "李\u0007娜", "control"),
        ("姓名", "李" * 501, "too_long"),
        ("课程", "", "required"),
        ("课程", "https://lms.example/a b", "iri"),
        ("日期", "", "required"),
        ("出勤", "早退", "attendance"),
        ("成绩", "缺考", "not_number"),
        ("成绩", "nan", "not_number"),
        ("成绩", 101, "out_of_range"),
        ("成绩", -1, "out_of_range"),
        ("满分", 0, "out_of_range"),
        ("及格线", 101, "out_of_range"),
        ("学时", "四", "not_number"),
        ("学时", 201, "out_of_range"),
        ("注册号", "A-1", "uuid"),
    ],
)
def test_a_cell_that_means_nothing_is_named(tmp_path, header, value, key):
    good = dict(zip([*KEYS, "出勤", "成绩"], [*LI_NA, "出勤", 80], strict=True))
    row = {**good, header: value}
    write = write_csv if key == "control" else write_xlsx
    (read_row,) = read(write(tmp_path, [list(row), list(row.values())]))
    assert not read_row.statements
    (problem,) = read_row.problems
    assert (problem.row, problem.column, problem.fault.key) == (2, header, key)
    for language in LANGUAGES:
        assert header in problem.text(language)


def test_every_problem_of_a_row_is_told_and_the_others_are_read(tmp_path):
    path = write_csv(
        tmp_path, [SCORED, ["", "", "soon", "good"], [*LI_NA, "7"], ["1", "A", "2026-1-1"]]
    )
    broken, whole, short = read(path)
    assert {problem.column for problem in broken.problems} == {None, "课程", "日期", "成绩"}
    assert len(whole.statements) == 1
    assert [problem.text("zh-CN") for problem in short.problems] == [
        "第 4 行：既没有出勤也没有成绩；请至少填写一项，或删除该行"
    ]


def test_titles_before_the_header_and_empty_rows_are_passed_over(tmp_path):
    rows = [["三月考勤表"], [], ["备注", *SCORED], [], ["x", *LI_NA, 80], ["only a remark"], []]
    for write in (write_xlsx, write_csv):
        (row,) = read(write(tmp_path, rows))
        assert row.number == 5
        assert row.statements


@pytest.mark.parametrize(
    "header",
    ["* 学号", "学号（必填）", "学号/工号", " 学 号：", "LEARNER_ID", "Learner-ID (text)", "工号"],
)
def test_headers_may_be_written_in_many_ways(tmp_path, header):
    made = statement(tmp_path, [header, *SCORED[1:]], [*LI_NA, 80])
    assert made["actor"]["account"]["name"] == "2026000101"


def test_no_two_columns_share_a_name():
    names = [name for column in Column for name in column.names]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("encoding", "mark"), [("utf-8", b""), ("utf-8", b"\xef\xbb\xbf"), ("gb18030", b"")]
)
def test_csv_is_read_in_the_encodings_that_are_in_use(tmp_path, encoding, mark):
    path = tmp_path / "sheet.csv"
    text = "学号,姓名,课程,日期,成绩\r\n1,㐂子,安全,2026-03-02,80\r\n"
    path.write_bytes(mark + text.encode(encoding))
    (row,) = read(path)
    assert row.statements[0]["actor"]["name"] == "㐂子"


def test_a_quoted_cell_may_hold_commas_and_lines(tmp_path):
    path = tmp_path / "sheet.CSV"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([[*SCORED, "姓名"], [*LI_NA, 80, 'a,\n"b"'], [*LI_NA, 80]])
    first, second = read(path)
    assert first.statements[0]["actor"]["name"] == 'a, "b"'
    assert (second.number, second.duplicate_of) == (3, 2)


def test_a_duplicate_row_is_told_from_a_contradiction(tmp_path):
    path = write_xlsx(
        tmp_path,
        [[*SCORED, "姓名"], [*LI_NA, 80, "李娜"], [*LI_NA, 80, "Li Na"], [*LI_NA, 81, "李娜"]],
    )
    first, same, other = read(path)
    assert first.statements
    assert (same.statements, same.problems, same.duplicate_of) == ((), (), 2)
    assert "row 2" in other.problems[0].text("en")
    assert other.problems[0].fault.key == "contradicts"


def test_every_identifier_names_what_it_is_of(tmp_path):
    header = ["学号", "课程", "日期", "课次", "考试项目", "注册号", "出勤", "成绩"]
    base = ["1", "A", "2026-03-02", "", "", "", "到", 5]
    other = str(uuid.uuid4())
    changes = [{}, {0: "2"}, {1: "B"}, {2: "2026-03-03"}, {2: "2026-03-02 9:00"}]
    changes += [{3: "2"}, {4: "x"}, {5: other}]
    rows = [[change.get(place, value) for place, value in enumerate(base)] for change in changes]
    found = read(write_xlsx(tmp_path, [header, *rows]))
    assert not [row for row in found if row.problems]
    ids = [made["id"] for row in found for made in row.statements]
    # of the change of the exam alone, the attendance is the same: 15 statements, all different
    assert len(ids) == len(set(ids)) == 2 * len(rows) - 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_template_is_read_once_its_example_is_replaced(tmp_path, language):
    path = tmp_path / "template.xlsx"
    write_template(path, language)
    (example,) = read(path)
    assert [problem.fault.key for problem in example.problems] == ["example"]
    book = load_workbook(path)
    headers = [cell.value for cell in book.worksheets[0][1]]
    assert len(headers) == len(COLUMNS["attendance"])
    book.worksheets[0]["A2"] = "2026000101"
    book.save(path)
    (row,) = read(path)
    assert [made["verb"]["id"].rpartition("/")[2] for made in row.statements] == ["attended"]
    notes = {row[0].value: row[1].value for row in book.worksheets[1].rows}
    assert set(headers) <= set(notes)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("home_page", "lms.example"),
        ("course_base", "https://lms.example/course"),
        ("course_base", "course/"),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
        ("time_zone", ""),
    ],
)
def test_options_are_checked(option, value):
    with pytest.raises(Fault) as fault:
        Options(**{"home_page": "urn:x", "course_base": "urn:c:", option: value})
    assert fault.value.key == option


def test_only_one_visible_table_is_in_a_workbook(tmp_path):
    book = Workbook()
    book.active.append(["notes"])
    for title in ("三月", "四月"):
        sheet = book.create_sheet(title)
        sheet.append(SCORED)
        sheet.append([*LI_NA, 80])
    path = tmp_path / "two.xlsx"
    book.save(path)
    with pytest.raises(SheetError, match="'三月' and '四月'"):
        open_sheet(path, OPTIONS)
    book["四月"].sheet_state = "hidden"
    book.save(path)
    assert len(read(path)) == 1


def test_a_session_named_by_its_date_is_the_session_of_that_date(tmp_path):
    rows = [[*LI_NA, "出勤", ""], [*LI_NA, "出勤", "2026-03-07"]]
    first, second = read(write_xlsx(tmp_path, [[*KEYS, "出勤", "课次"], *rows]))
    assert first.statements
    assert second.duplicate_of == 2


def test_the_documentation_names_every_column_word_and_limit():
    text = (Path(__file__).parents[2] / "docs" / "import.md").read_text("utf-8")
    told = [title for column in Column for title in column.titles]
    told += [word for kind in ATTENDANCE_WORDS.values() for word in kind]
    told += [f"{limits.FILE_LIMIT >> 20} MiB", f"{limits.UNPACKED_LIMIT >> 20} MiB"]
    told += [str(limits.ROW_LIMIT), f"| {limits.COLUMN_LIMIT} |", f"| {limits.TEXT_LIMIT} |"]
    told += [f"{limits.PARTS_LIMIT} parts", f"{limits.RATIO_LIMIT} times", ATTENDANCE_EXTENSION]
    told += [SESSION_TYPE, f"first {limits.HEADER_WITHIN} rows", f"to {LONGEST_HOURS:g}"]
    assert [one for one in told if one not in text] == []
