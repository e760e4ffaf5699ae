import pytest
from click.testing import CliRunner

from lrs.achievements.unit_schema import UnitSchema
from lrs.cli import lrs as command
from schemas.units import AllOf, Completed, Passed, Scored
from tests.unit.unit_service import COURSE, QUIZ, UnitService, learner, person, unit


@pytest.fixture
def lrs(tmp_path):
    lrs = UnitService(tmp_path)
    yield lrs
    lrs.service.close()


def written(one):
    return UnitSchema().dump(one)


def post(lrs, path, body, status=201):
    answer = lrs.officer.post(f"/api/v1/{path}", json=body)
    assert answer.status_code == status, answer.json
    return answer.json


def test_a_unit_is_published_shown_and_evaluated(lrs):
    lrs.post(learner(1))
    body = written(unit(effective=unit().effective))
    assert post(lrs, "units", body) == body
    lrs.settle()
    assert lrs.states() == {("U1", 1): "verified"}
    assert lrs.officer.get("/api/v1/units").json["items"] == [body]
    assert lrs.officer.get("/api/v1/units/U1/versions/1").json == body
    assert lrs.officer.get("/api/v1/units/U1/versions/2").status_code == 404
    (event,) = lrs.store.audit.page(None, 10)
    assert (event.act.action, event.act.subject) == ("unit.publish", "U1/1")


def test_a_published_version_never_changes(lrs):
    post(lrs, "units", written(unit()))
    post(lrs, "units", written(unit()))
    told = post(lrs, "units", written(unit(credits=3)), 409)
    assert "give the new content the next version" in told["detail"]
    assert post(lrs, "units", written(unit(version=2, credits=3)))["version"] == 2


@pytest.mark.parametrize(
    ("changes", "path", "rule"),
    [
        ({"level": 11}, "level", "must be 1 to 10"),
        ({"hors": 1}, "hors", "is not a field here"),
        ({"rule": {"wished": {}}}, "rule.wished", "is not a condition"),
        (
            {"rule": {"all": [{"scored": {"activity": "urn:a", "at_least": 60}}]}},
            "rule.all.0.scored.at_least",
            "must be a share between 0 and 1",
        ),
        (
            {"rule": {"passed": {"activity": "urn:a", "provenance": ["browser"]}}},
            "rule.passed.provenance",
            "must only narrow",
        ),
        ({"rule": {"achieved": {"unit": "U9"}}}, "rule", "'U9', which is not published"),
        ({"rule": {"achieved": {"unit": "U1"}}}, "rule", "must not need itself: U1 -> U1"),
        ({"supersedes": [1]}, "supersedes", "must be versions before this one"),
    ],
)
def test_what_is_wrong_is_named_with_its_path_and_rule(lrs, changes, path, rule):
    told = post(lrs, "units", {**written(unit()), **changes}, 400)
    [error] = [one for one in told["errors"] if one["path"] == path]
    assert rule in error["rule"]
    assert lrs.store.units.all() == []


def test_drafts_may_change_until_they_are_published(lrs):
    path = "/api/v1/unit-drafts/U1/1"
    assert lrs.officer.put(path, json=written(unit())).status_code == 200
    changed = written(unit(credits=3))
    assert lrs.officer.put(path, json=changed).json == changed
    assert lrs.officer.get("/api/v1/unit-drafts").json["items"] == [changed]
    assert lrs.officer.put(path, json=written(unit("U2"))).status_code == 400
    assert lrs.store.units.all() == []
    assert lrs.officer.post(f"{path}/publication").json == changed
    assert lrs.officer.get(path).status_code == 404
    assert lrs.officer.put(path, json=changed).status_code == 409
    lrs.officer.put("/api/v1/unit-drafts/U1/2", json=written(unit(version=2)))
    assert lrs.officer.delete("/api/v1/unit-drafts/U1/2").status_code == 204
    assert lrs.officer.delete("/api/v1/unit-drafts/U1/2").status_code == 404


def test_readers_read_and_do_not_publish(lrs, monkeypatch):
    with lrs.acting(person(1, "officer"), monkeypatch) as client:
        assert client.get("/api/v1/units").status_code == 200
        for method, path in (
            ("POST", "units"),
            ("PUT", "unit-drafts/U1/1"),
            ("DELETE", "unit-drafts/U1/1"),
        ):
            answer = client.open(f"/api/v1/{path}", method=method, json=written(unit()))
            assert answer.status_code == 403


EQUIVALENCE = {
    "code": "EQ-1",
    "version": 1,
    "title": {"en": "Safety counts as a course"},
    "from": ["U1"],
    "to": "C1",
    "both_ways": True,
    "awarding_body": "us",
    "cap": {"category": "training", "credits": 10.0},
    "effective": {"from": "2026-01-01"},
}


def test_equivalences_are_published_once_their_units_are(lrs):
    told = post(lrs, "equivalences", EQUIVALENCE, 400)
    assert {error["path"] for error in told["errors"]} == {"from", "to"}
    for code in ("U1", "C1"):
        post(lrs, "units", written(unit(code, rule=Passed(activity=QUIZ))))
    assert post(lrs, "equivalences", EQUIVALENCE) == EQUIVALENCE
    assert lrs.officer.get("/api/v1/equivalences").json == [EQUIVALENCE]
    post(lrs, "equivalences", {**EQUIVALENCE, "credits": 1.0}, 409)
    several = {**EQUIVALENCE, "code": "EQ-2", "from": ["U1", "C1"], "to": "U1"}
    assert len(post(lrs, "equivalences", several, 400)["errors"]) == 2


@pytest.fixture
def three(lrs):
    """One has only completed, one has completed with a good score, one has the unit."""
    score = {"score": {"scaled": 0.9}, "completion": True}
    lrs.publish(unit(rule=Scored(activity=COURSE, at_least=0.95)))
    lrs.post(learner(1), learner(2, result=score), learner(3, result={"score": {"scaled": 0.96}}))
    return lrs


def test_what_if_lists_who_would_gain_and_who_would_lose(three):
    draft = written(unit(version=2, rule=AllOf(of=(Completed(activity=COURSE),))))
    assert three.states() == {("U1", 1): "verified"}
    before = three.facts()
    answer = post(three, "units/what-if", draft, 200)
    assert answer["looked_at"] == 3
    assert sorted(one["change"] for one in answer["items"]) == ["gains", "gains"]
    harder = written(unit(version=2, rule=Scored(activity=COURSE, at_least=0.99)))
    (loser,) = post(three, "units/what-if", harder, 200)["items"]
    assert (loser["change"], loser["achieved_at"]) == ("loses", None)
    assert three.facts() == before


def test_what_if_is_paged(three):
    draft = written(unit(version=2, rule=Completed(activity=COURSE)))
    items, path = [], "units/what-if?limit=1"
    while path:
        told = post(three, path, draft, 200)
        items += told["items"]
        path = told.get("next", "").removeprefix("/api/v1/")
    assert len({one["persona"] for one in items}) == len(items) == 2


UNITS = f"""\
units:
  - code: U1
    version: 2
    title: {{en: Safety}}
    field: safety
    level: 4
    credits: 2
    hours: 32
    awarding_body: us
    kind: training
    rule:
      completed:
        activity: {COURSE}
"""


@pytest.fixture
def run(three, tmp_path, monkeypatch):
    file = tmp_path / "draft.yaml"
    file.write_text(UNITS, "utf-8")
    monkeypatch.setenv("LRS_DATA", str(tmp_path))

    def run(*arguments, text=None, status=0):
        if text is not None:
            file.write_text(text, "utf-8")
        arguments = [str(file) if one == "FILE" else one for one in arguments]
        result = CliRunner().invoke(command, [*arguments, "--data", str(tmp_path)])
        assert result.exit_code == status, result.output
        return result.output

    return run


def test_the_command_what_if_tells_each_and_counts(run):
    told = run("units", "what-if", "FILE").splitlines()
    assert [line.split()[-2:] for line in told[:-1]] == [["gains", "U1"]] * 2
    assert told[-1] == ("U1 version 2: of 3 learners concerned 2 would gain it and 0 would lose it")


def test_the_command_draft_keeps_and_check_checks(run, three):
    assert run("units", "draft", "FILE") == "U1 version 2 kept as a draft\n"
    assert [one.version for one in three.store.units.drafts(None, 9)] == [2]
    assert run("units", "check", "FILE") == "draft.yaml: nothing is wrong\n"
    unknown = UNITS.replace(
        f"completed:\n        activity: {COURSE}", "achieved:\n        unit: U9"
    )
    told = run("units", "publish", "FILE", text=unknown, status=1)
    assert "draft.yaml:11: units[0].rule: names the unit 'U9', which is not published" in told


@pytest.mark.parametrize(
    ("language", "first"),
    [("en", "✓ U1 (U1, version 1): met on"), ("zh-CN", "✗ 认证单元 U1（U1，第 1 版）：")],
)
def test_the_command_explain_speaks_both_languages(run, three, language, first):
    number = 3 if language == "en" else 1
    identifier = f"mbox:mailto:{number}@example.edu.cn"
    told = run("explain", identifier, "U1", "--language", language)
    assert told.startswith(first)
    assert run("explain", "nobody", "U1", "--language", "en", status=1).startswith(
        "Error: there is no persona 'nobody'"
    )
    assert "U9" in run("explain", identifier, "U9", "--language", language, status=1)


def test_the_language_of_the_terminal_is_the_explanations(run, monkeypatch):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "检查：" in run("explain", "mbox:mailto:3@example.edu.cn", "U1")
