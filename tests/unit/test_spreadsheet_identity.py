"""Whatever is imported again, in whatever pieces and order, is the same statements."""

import tempfile
from datetime import date, timedelta
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.generic import adapter as generic
from lrs.imports.files import open_rows
from lrs.imports.run import new_import, work_off
from lrs.service import Service
from lrs.settings import Settings
from schemas.imports import ImportOptions
from schemas.sources import Source
from schemas.xapi import decode_statement, same_statement
from tests.unit.spreadsheets import OPTIONS, read, write_csv, write_xlsx

HEADER = [
    "学号",
    "姓名",
    "课程",
    "课次",
    "日期",
    "出勤",
    "学时",
    "考试项目",
    "成绩",
    "及格线",
    "教师",
]
SOURCE = Source(id=1, key="import", name="import", provenance="import", scopes=())

dates = st.integers(0, 3000).map(lambda days: date(2020, 1, 1) + timedelta(days=days))
words = st.text("安全 生产AB/1?#%.-é𠮷", max_size=6)
sheet_rows = st.lists(
    st.tuples(
        st.integers(1, 6).map(str),
        words,
        st.sampled_from(["SAFETY", "安全 1", "https://lms.example/c?id=7"]),
        words,
        dates.map(str) | dates.map(lambda day: f"{day.year}年{day.month}月{day.day}日"),
        st.sampled_from(["", "出勤", "迟到", "请假", "缺勤", "absent"]),
        st.sampled_from(["", "1", "1.5", "0.01"]),
        words,
        st.just("") | st.integers(0, 100).map(str) | st.floats(0, 100).map(lambda x: f"{x:.4f}"),
        st.sampled_from(["", "60"]),
        words,
    ),
    max_size=12,
)


def made(folder, rows, write=write_csv):
    return [one for row in read(write(folder, [HEADER, *rows])) for one in row.statements]


def without_contradictions(folder, rows):
    """Return the rows that are good in the sheet that holds them all."""
    found = {row.number: row for row in read(write_csv(folder, [HEADER, *rows]))}
    return [
        row for number, row in enumerate(rows, 2) if number in found and not found[number].problems
    ]


@given(sheet_rows)
@settings(deadline=None)
def test_every_statement_is_valid_and_says_something_of_the_learner(rows):
    with tempfile.TemporaryDirectory() as folder:
        for one in made(Path(folder), rows):
            statement = decode_statement(msgspec.json.encode(one), "2.0.0").statement
            (event,) = generic.events(
                msgspec.structs.replace(statement, timestamp=one["timestamp"]), SOURCE
            )
            assert event.course in {row[2] for row in rows} | {
                f"{OPTIONS.course_base}SAFETY",
                f"{OPTIONS.course_base}安全%201",
            }
            assert event.identifier.startswith("account:https://lms.example|")
            assert (event.attendance is None) != (event.score is None)


@given(sheet_rows)
@settings(deadline=None)
def test_both_formats_make_the_same_statements(rows):
    with tempfile.TemporaryDirectory() as folder:
        assert made(Path(folder), rows) == made(Path(folder), rows, write_xlsx)


@given(sheet_rows, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_a_statement_depends_on_its_row_alone(rows, random):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        good = without_contradictions(folder, rows)
        whole = {one["id"]: one for one in made(folder, good)}
        assert [one["id"] for one in made(folder, good)] == list(whole)
        shuffled = random.sample(good, len(good))
        for other in (shuffled, [[], *good], good[len(good) // 2 :], good[: len(good) // 2 + 1]):
            for one in made(folder, other):
                assert same_statement(one, whole[one["id"]])


@given(sheet_rows)
@settings(deadline=None)
def test_a_sheet_contradicts_itself_just_where_the_store_would_say_conflict(rows):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kept = {}
        together = {row.number: row for row in read(write_csv(folder, [HEADER, *rows]))}
        for number, row in enumerate(rows, 2):
            (alone,) = read(write_csv(folder, [HEADER, row])) or [None]
            if alone is None or alone.problems:
                continue
            known = [one for one in alone.statements if one["id"] in kept]
            conflict = not all(same_statement(one, kept[one["id"]]) for one in known)
            keys = [problem.fault.key for problem in together[number].problems]
            assert keys == (["contradicts"] if conflict else [])
            if not conflict:
                kept.update((one["id"], one) for one in alone.statements)


@given(sheet_rows, st.integers(0, 12), st.integers(0, 12))
@settings(deadline=None, max_examples=15)
def test_overlapping_halves_are_imported_without_conflict(rows, one, other):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        good = without_contradictions(folder, rows)
        expected = {one["id"] for one in made(folder, good)}
        start, end = min(one, other), max(one, other)
        service = Service(Settings(data=folder / "data", public_url="http://lrs.example"))
        for part in (good[:end], good[start:], good, good):
            imported = _imported(service, write_csv(folder, [HEADER, *part]))
            assert imported.counts.refused == 0
        assert imported.counts.stored == 0
        assert service.store.statements.last_seq() == len(expected)
        service.close()


def _imported(service, path):
    options = ImportOptions(home_page=OPTIONS.home_page, course_base=OPTIONS.course_base)
    new = new_import(
        name=path.name, sha256="", kind="attendance", by="test", source="import", options=options
    )
    rows = open_rows(path, path.name, new.kind, options)
    *_, (imported, _) = work_off(service, service.store.imports.add(new), rows, rows.count())
    return imported
