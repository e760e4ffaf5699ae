import json
import uuid

import pytest
from click.testing import CliRunner

from adapters.inbound import inbound_adapters
from adapters.spreadsheet import LANGUAGES
from lrs.app import create_app
from lrs.cli import lrs
from lrs.commands.terminal_language import language_of
from lrs.imports.intake import BATCH
from lrs.imports.texts import TEXTS
from lrs.records.projector import Projector
from lrs.service import Service
from lrs.settings import Settings
from schemas.audit import Act
from tests.unit.spreadsheets import write_csv, write_xlsx

HEADER = ["学号", "姓名", "课程", "课次", "日期", "出勤", "学时", "成绩"]
LI_NA = ["1", "李娜", "SAFETY", "1", "2026-03-07", "出勤", 4, 80]
ACT = Act(principal="test", action="source.revoke", subject="office")
WANG = ["2", "王强", "SAFETY", "1", "2026-03-07", "缺勤", "", ""]


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("LRS_PUBLIC_URL", "http://lrs.example")
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "LRS_DATA"):
        monkeypatch.setenv(name, "")

    def command(*arguments):
        return CliRunner().invoke(lrs, [str(one) for one in arguments])

    return command


@pytest.fixture
def bring(run, tmp_path):
    """Import a file with the options that are always the same."""

    def command(path, *more):
        return run(
            "import",
            path,
            f"--data={tmp_path / 'data'}",
            "--home-page=https://lms.example",
            "--course-base=https://lms.example/course/",
            *more,
        )

    return command


def opened(tmp_path):
    return Service(Settings(data=tmp_path / "data", public_url="http://lrs.example"))


def stored(tmp_path):
    service = opened(tmp_path)
    found = [json.loads(one.body) for one in service.store.statements.following(0, 1000)]
    service.close()
    return found


def void(tmp_path, statement_id):
    """Void a statement as the documentation says, over HTTP."""
    app = create_app(Settings(data=tmp_path / "data", public_url="http://lrs.example"))
    service = app.extensions["lrs"]
    service.credentials.ensure("office", "s3cret", name="Office")
    answer = app.test_client().post(
        "/xapi/statements",
        json={
            "actor": {"mbox": "mailto:office@example.edu.cn"},
            "verb": {"id": "http://adlnet.gov/expapi/verbs/voided"},
            "object": {"objectType": "StatementRef", "id": statement_id},
        },
        headers={"X-Experience-API-Version": "2.0.0"},
        auth=("office", "s3cret"),
    )
    service.close()
    assert answer.status_code == 200


def test_a_sheet_is_imported_once_however_often_it_is_given(bring, tmp_path):
    path = write_xlsx(tmp_path, [HEADER, LI_NA, WANG])
    first = bring(path)
    assert first.exit_code == 0
    assert first.output == (
        "2 rows: 3 statements stored, 0 already there; 0 duplicate rows, 0 rows refused\n"
    )
    kept = stored(tmp_path)
    again = bring(write_csv(tmp_path, [HEADER, WANG, LI_NA, LI_NA]))
    assert again.exit_code == 0
    assert again.output == (
        "row 4: the same as row 3\n"
        "3 rows: 0 statements stored, 3 already there; 1 duplicate rows, 0 rows refused\n"
    )
    assert stored(tmp_path) == kept
    assert {one["authority"]["account"]["name"] for one in kept} == {"import"}
    assert {one["timestamp"] for one in kept} == {"2026-03-07T04:00:00Z"}


def test_what_is_imported_becomes_the_record_of_the_course(bring, tmp_path):
    bring(write_xlsx(tmp_path, [HEADER, LI_NA]))
    service = opened(tmp_path)
    store = service.store
    Projector(
        store.statements,
        store.projections,
        store.courses,
        store.sources.all,
        inbound_adapters(),
        units_of=dict,
    ).step()
    ((_, record),) = store.records.records(None, 10)
    service.close()
    assert record.activity == "https://lms.example/course/SAFETY"
    assert record.duration == 4 * 3600
    assert record.last_score.raw == 80
    assert record.sessions == {"https://lms.example/course/SAFETY/session/1": "present"}


def test_the_source_is_one_of_imports_and_no_one_signs_in_as_it(bring, tmp_path):
    bring(write_xlsx(tmp_path, [HEADER, LI_NA]), "--source=office")
    service = opened(tmp_path)
    source, secrets = service.store.sources.with_key("office")
    assert (source.provenance, source.scopes, secrets) == (
        "import",
        ("statements/write",),
        (),
    )
    assert service.credentials.check("office", "") is None
    service.credentials.issue(name="LMS", key="lms", provenance="server", scopes=("all",))
    service.store.sources.revoke("office", ACT)
    service.close()
    for key, said in (("lms", "not of imports"), ("office", "revoked")):
        refused = bring(write_xlsx(tmp_path, [HEADER, WANG]), f"--source={key}")
        assert refused.exit_code == 1
        assert said in refused.output
    assert len(stored(tmp_path)) == 2


def test_a_row_that_is_refused_does_not_keep_the_others_out(bring, tmp_path):
    broken = ["3", "陈静", "SAFETY", "1", "soon", "早退", "", ""]
    result = bring(write_csv(tmp_path, [HEADER, LI_NA, broken, WANG]))
    assert result.exit_code == 1
    first, second, summary = result.output.splitlines()
    assert first.startswith("row 3, column 日期: must be a date")
    assert second.startswith("row 3, column 出勤: must be one of 出勤, 迟到, 请假, 缺勤")
    assert summary.startswith("3 rows: 3 statements stored")
    assert summary.endswith("1 rows refused")


def test_a_file_that_is_refused_leaves_nothing(bring, tmp_path):
    good = write_csv(tmp_path, [HEADER, LI_NA])
    with good.open("a", encoding="utf-8") as file:
        file.write('"never closed')
    for path in (good, write_csv(tmp_path, [["x", "y"]], "other.csv")):
        result = bring(path)
        assert result.exit_code == 1
        assert path.name in result.output
        assert "Nothing was imported." in result.output
    assert not (tmp_path / "data").exists()


def test_another_result_is_told_with_the_way_to_correct_it(bring, tmp_path):
    bring(write_xlsx(tmp_path, [HEADER, LI_NA, WANG]))
    (scored,) = [one for one in stored(tmp_path) if "scored" in one["verb"]["id"]]
    other = [*LI_NA[:-1], 90]
    new = ["3", *LI_NA[1:]]
    path = write_xlsx(tmp_path, [HEADER, WANG, other, new])
    conflict = bring(path)
    assert conflict.exit_code == 1
    said, summary = conflict.output.splitlines()
    assert said.startswith(f"row 3: says otherwise than statement {scored['id']}")
    assert summary == (
        "3 rows: 2 statements stored, 1 already there; 0 duplicate rows, 1 rows refused"
    )
    void(tmp_path, scored["id"])
    for stored_now, known in ((1, 4), (0, 5)):
        corrected = bring(path)
        assert corrected.exit_code == 0
        assert f"{stored_now} statements stored, {known} already there" in corrected.output
    scores = [one for one in stored(tmp_path) if one["actor"].get("name") == "李娜"]
    scores = [one for one in scores if "score" in one["result"] and _name(one) == "1"]
    assert [one["result"]["score"]["raw"] for one in scores] == [80, 90]
    assert uuid.UUID(scores[1]["id"]).version == 5
    old = bring(write_xlsx(tmp_path, [HEADER, LI_NA]))
    assert "0 statements stored, 2 already there" in old.output


def _name(statement):
    return statement["actor"]["account"]["name"]


def test_conflicts_in_several_batches_are_all_told(bring, tmp_path):
    def rows(score, numbers):
        return [[str(n), "", "SAFETY", "1", "2026-03-07", "", "", score] for n in numbers]

    count = 2 * BATCH + 50
    bring(write_csv(tmp_path, [HEADER, *rows(80, range(0, count, 3))]))
    result = bring(write_csv(tmp_path, [HEADER, *rows(81, range(count))]))
    taken = len(range(0, count, 3))
    lines = result.output.splitlines()
    assert [int(line.split()[1][:-1]) for line in lines[:-1]] == list(range(2, count + 2, 3))
    assert f"{count - taken} statements stored" in lines[-1]
    assert f"{taken} rows refused" in lines[-1]


def test_a_rehearsal_tells_each_row_and_stores_nothing(bring, tmp_path):
    path = write_csv(tmp_path, [HEADER, LI_NA, LI_NA, WANG, ["9"]])
    rehearsal = bring(path, "--dry-run")
    assert rehearsal.exit_code == 1
    assert not (tmp_path / "data").exists()
    lines = rehearsal.output.splitlines()
    assert lines[0] == "row 2: 2 to be stored"
    assert lines[1] == "row 3: the same as row 2"
    assert lines[2] == "row 4: 1 to be stored"
    assert lines[-1] == (
        "4 rows: 3 statements would be stored, 0 are already there; "
        "1 duplicate rows, 1 rows would be refused. Nothing was stored."
    )
    bring(write_csv(tmp_path, [HEADER, LI_NA]))
    before = stored(tmp_path)
    other = [*WANG[:-1], 7]
    rehearsal = bring(write_csv(tmp_path, [HEADER, [*LI_NA[:-1], 7], other, LI_NA]), "--dry-run")
    assert "row 2: says otherwise than statement" in rehearsal.output
    assert "row 3: 2 to be stored" in rehearsal.output
    assert stored(tmp_path) == before


def test_a_rehearsal_and_the_import_count_the_same(bring, tmp_path):
    path = write_csv(tmp_path, [HEADER, LI_NA, WANG, LI_NA, ["9"]])
    figures = [
        [word for word in result.output.splitlines()[-1].split() if word.isdecimal()]
        for result in (bring(path, "--dry-run"), bring(path))
    ]
    assert figures[0] == figures[1]


def test_messages_are_in_the_language_of_the_terminal(bring, tmp_path, monkeypatch):
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    result = bring(write_csv(tmp_path, [HEADER, ["9"], LI_NA]))
    assert "第 2 行“课程”列：为空；请填写" in result.output
    assert result.output.endswith("保存 2 条陈述，已有 0 条；重复 0 行，拒绝 1 行\n")
    assert "没有导入任何内容" in bring(write_csv(tmp_path, [["x"]])).output


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh-CN"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_CN"}, "zh-CN"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, "zh-CN"),
    ],
)
def test_the_language_is_that_of_the_environment(environment, language):
    assert language_of(environment) == language


def test_every_text_is_there_in_both_languages():
    for texts in TEXTS.values():
        assert [any("\u4e00" <= char <= "\u9fff" for char in text) for text in texts] == [
            False,
            True,
        ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_template_is_written_and_never_over_another_file(run, bring, tmp_path, language):
    path = tmp_path / "template.xlsx"
    assert run("import-template", path, f"--language={language}").exit_code == 0
    example = bring(path)
    assert example.exit_code == 1
    assert "row 2: is the example of the template" in example.output
    written = path.read_bytes()
    assert run("import-template", path).exit_code == 2
    assert run("import-template", tmp_path / "template.csv").exit_code == 2
    assert path.read_bytes() == written
    assert run("import-template", tmp_path / "missing" / "template.xlsx").exit_code == 1


def test_options_that_cannot_be_used_are_told(bring, tmp_path):
    path = write_csv(tmp_path, [HEADER, LI_NA])
    for option in ("--home-page=x", "--course-base=https://lms.example/c", "--time-zone=Moon"):
        result = bring(path, option)
        assert result.exit_code == 1
        assert option.partition("=")[2] in result.output
    assert bring(tmp_path / "none.csv").exit_code == 2
