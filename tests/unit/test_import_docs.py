import json
import re
import shlex
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from lrs.cli import lrs
from lrs.store.sqlite.store import SqliteStore
from tests.unit.spreadsheets import write_csv, write_xlsx
from tests.unit.test_course_package_cmi5 import au, course
from tests.unit.test_one_roster import packed
from tests.unit.test_statement_rules import GOOD

DOCUMENT = Path(__file__).parents[2] / "docs" / "import.md"
ROW = ["2026000101", "李娜", "SAFETY-101", "2026-03-07"]
SHEETS = {
    "attendance.xlsx": [
        ["学号", "姓名", "课程", "日期", "出勤"],
        [*ROW, "出勤"],
        ["2026000104", "刘洋", "SAFETY-101", "soon", "出勤"],
        ["2026000102", "王强", "SAFETY-101", "soon", "出勤"],
    ],
    "practice.xlsx": [
        ["学号", "姓名", "课程", "日期", "实训项目", "学时"],
        [*ROW, "灭火器实操", 4],
    ],
    "examination.xlsx": [
        ["学号", "姓名", "课程", "日期", "考试项目", "成绩"],
        [*ROW, "结业考试", 86],
    ],
}
REFUSING = "attendance.xlsx"
"""The sheet with wrong rows: importing it ends with 1."""


def commands():
    text = DOCUMENT.read_text("utf-8")
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.S | re.M):
        for line in block.replace("\\\n", " ").splitlines():
            yield shlex.split(line, comments=True)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LRS_PUBLIC_URL", "http://lrs.example")
    monkeypatch.setenv("LRS_DATA", "")
    write_csv(
        tmp_path,
        [
            ["准考证号", "姓名", "课程", "日期", "考试项目", "卷面分", "备注"],
            ["2026000103", "陈静", "SAFETY-101", "2026-03-08", "结业考试", 45, "补考"],
        ],
        "results.csv",
    )
    (tmp_path / "statements.ndjson").write_text(json.dumps(GOOD))
    packed(tmp_path)
    for name, inner, text in (
        ("statements.zip", "statements.json", json.dumps([GOOD])),
        ("geology.zip", "cmi5.xml", course(au(url="<url>https://a.example/au</url>"))),
    ):
        with zipfile.ZipFile(tmp_path / name, "w") as file:
            file.writestr(inner, text)
    return tmp_path


def quarantined(folder):
    store = SqliteStore(folder / "data" / "lrs.db")
    found = store.imports.quarantine(None, 10)
    store.close()
    return found[0].import_id, str(found[0].row.number)


def test_every_command_of_the_documentation_runs(folder):
    ran = set()
    for words in commands():
        if words[:1] != ["lrs"]:
            assert words[:1] in (["curl"], []), words
            continue
        if "IMPORT" in words:
            import_id, row = quarantined(folder)
            words[words.index("IMPORT")], words[words.index("ROW")] = import_id, row
        result = CliRunner().invoke(lrs, words[1:])
        refusing = words[1:3] == ["import", REFUSING]
        assert result.exit_code == int(refusing), (words, result.output)
        if words[1] == "import-template":
            write_xlsx(folder, SHEETS[words[2]], words[2])
        ran.add(words[1])
    assert ran == {"import", "import-list", "import-template", "quarantine"}
    store = SqliteStore(folder / "data" / "lrs.db")
    assert store.imports.quarantine(None, 10) == []
    assert store.statements.last_seq() == 6
    assert store.rosters.names() == ["hr"]
    assert len(store.courses.page(None, 10)) == 1
    store.close()
