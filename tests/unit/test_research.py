"""Exports for research: what is in them, and above all what is not."""

import csv
import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from lrs.cli import lrs
from lrs.research import Terms, coarse, gathered, pseudonym, stepped
from tests.unit.test_statement_rules import GOOD
from tests.unit.unit_service import QUIZ, UnitService, learner

KEY = bytes(range(32))
COURSE = GOOD["object"]["id"]
PERSONAL = ("李娜", "example.edu.cn/", "@", "mailto", "free text")


@pytest.fixture
def units(tmp_path):
    units = UnitService(tmp_path / "data")
    yield units
    units.service.close()


def answered(number, when="2026-03-02T08:00:00Z", activity=COURSE, score=0.834):
    result = {
        "success": True,
        "score": {"scaled": score},
        "response": "my free text",
        "duration": "PT44M",
        "extensions": {"https://x.example/note": "free text"},
    }
    return learner(
        number,
        actor={"mbox": f"mailto:{number}@example.edu.cn", "name": "李娜"},
        object={"id": activity, "definition": {"name": {"zh-CN": "free text"}}},
        verb={"id": "http://adlnet.gov/expapi/verbs/passed"},
        result=result,
        timestamp=when,
    )


def rows(units, subject="records", k=3, dates="month", key=KEY):
    with gathered(units.store, Terms(subject, k, dates, key)) as (found, outcome):
        return list(found), outcome


def test_learners_are_told_apart_and_not_told(units, tmp_path):
    units.post(*[answered(number) for number in range(4)])
    for subject in ("records", "events"):
        found, outcome = rows(units, subject)
        assert len({one["learner"] for one in found}) == 4
        assert (outcome.rows, outcome.left_out, outcome.undated) == (4, 0, 0)
        text = json.dumps(found, ensure_ascii=False).replace(COURSE, "")
        assert [one for one in PERSONAL if one in text] == []
        personas = {one.id for one in units.store.records.personas(None, 10)}
        assert [one for one in personas if one in text] == []
    assert found[0] == {
        "learner": found[0]["learner"],
        "kind": "passed",
        "activity": COURSE,
        "course": None,
        "when": "2026-03",
        "score": 0.85,
        "success": True,
        "completion": None,
        "quarter_hours": 3,
        "provenance": "server",
    }


def test_the_order_is_that_of_pseudonyms_and_another_key_gives_others(units):
    units.post(*[answered(number) for number in range(9)])
    first, second = (
        [one["learner"] for one in rows(units, key=key)[0]] for key in (KEY, KEY[::-1])
    )
    assert first == sorted(first)
    assert second == sorted(second)
    assert not set(first) & set(second)


def test_nobody_is_alone_with_an_activity(units):
    units.post(*[answered(number) for number in range(3)], answered(0, activity=QUIZ))
    units.post(answered(1, activity=QUIZ))
    found, outcome = rows(units)
    assert {one["activity"] for one in found} == {COURSE}
    assert outcome.left_out == 2
    units.post(answered(2, activity=QUIZ))
    assert rows(units)[1].left_out == 0


def test_one_learner_with_many_registrations_is_one(units):
    for number in range(5):
        context = {"registration": f"00000000-0000-4000-8000-{number:012d}"}
        units.post({**answered(1), "context": context})
    assert rows(units)[1].left_out == 5


def test_nobody_is_alone_with_a_date(units):
    units.post(*[answered(number) for number in range(3)], answered(9, "2026-04-09T08:00:00Z"))
    found, outcome = rows(units)
    assert outcome.undated == 1
    assert sorted(str(one["first"]) for one in found) == ["2026-03", "2026-03", "2026-03", "None"]
    assert rows(units, dates="year")[1].undated == 0
    assert {one["first"] for one in rows(units, dates="none")[0]} == {None}


@given(st.text(min_size=1, max_size=40), st.binary(min_size=32, max_size=32))
def test_a_pseudonym_is_the_same_for_the_same_key_alone(persona, key):
    assert pseudonym(persona, key) == pseudonym(persona, key)
    assert pseudonym(persona, key) != pseudonym(persona, bytes(one ^ 1 for one in key))
    assert len(pseudonym(persona, key)) == 32


def test_dates_and_scores_are_coarse():
    moment = datetime(2026, 12, 31, 23, tzinfo=UTC)
    told = [coarse(moment, one) for one in ("day", "week", "month", "year", "none")]
    assert told == ["2026-12-31", "2026-W53", "2026-12", "2026", None]
    assert [stepped(one) for one in (0.834, 0.826, 1.0, -0.51, None)] == [0.85, 0.85, 1, -0.5, None]


def test_the_command_writes_files_notes_it_and_keeps_a_key_only_where_asked(units, tmp_path):
    units.post(*[answered(number) for number in range(5)])

    def run(name, *options):
        arguments = ["export", "research", "records", str(tmp_path / name), *options]
        data = f"--data={tmp_path / 'data'}"
        return CliRunner().invoke(lrs, [*arguments, "--purpose=a study", data])

    assert run("a.ndjson").exit_code == 0
    first, second = tmp_path / "b.csv", tmp_path / "c.csv"
    for file in (first, second):
        assert "5 rows" in run(file.name, f"--key={tmp_path / 'key'}").output
    with first.open(newline="", encoding="utf-8") as file:
        (header, *lines) = csv.reader(file)
    assert header[0] == "learner"
    assert len(lines) == 5
    assert first.read_text() == second.read_text()
    line = json.loads((tmp_path / "a.ndjson").read_text().splitlines()[0])
    assert line["learner"] not in first.read_text()
    assert [(path.stat().st_mode & 0o777) for path in (first, tmp_path / "key")] == [0o600, 0o600]
    assert "already" in run("a.ndjson").output
    assert run("a.xlsx").exit_code == 2
    assert run("d.csv", "--k=2").exit_code == 2
    act = units.store.audit.page(None, 1)[0].act
    assert (act.action, act.reason, act.detail["rows"]) == ("research.export", "a study", 5)
