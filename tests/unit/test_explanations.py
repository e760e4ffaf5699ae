import pytest

from schemas.units import AllOf, Completed, Passed
from tests.unit.unit_service import COURSE, QUIZ, UnitService, learner, unit


@pytest.fixture
def lrs(tmp_path):
    lrs = UnitService(tmp_path)
    lrs.publish(
        unit(rule=AllOf(of=(Completed(activity=COURSE), Passed(activity=QUIZ))), officer=True),
        unit("U2"),
    )
    yield lrs
    lrs.service.close()


def explanation(lrs, code="U1", **headers):
    (persona,) = lrs.store.records.personas(None, 2)
    answer = lrs.officer.get(
        f"/api/v1/personas/{persona.id}/units/{code}/explanation", headers=headers
    )
    assert answer.status_code == 200, answer.json
    return answer.json


def test_an_explanation_is_data_and_words(lrs):
    (statement,) = lrs.post(learner(1))
    told = explanation(lrs)
    assert (told["met"], told["evidence"], told["achievement"]) == (False, [], None)
    assert list(told["rule"]["condition"]) == ["all"]
    completed, passed = told["rule"]["conditions"]
    assert (completed["met"], completed["evidence"]) == (True, [statement])
    assert passed["condition"] == {"passed": {"activity": QUIZ}}
    assert (passed["met"], passed["reason"]) == (False, "not_passed")
    outcomes = {one["check"]: one["outcome"] for one in told["checks"]}
    assert outcomes == {
        "rule": "failed",
        "provenance": "passed",
        "signature": "passed",
        "plausible_time": "passed",
        "double_counting": "passed",
        "officer": "waiting",
    }
    assert told["text"][-1].startswith("Checks: rule failed, provenance passed")


def test_an_explanation_of_what_is_verified(lrs):
    (statement,) = lrs.post(learner(1))
    told = explanation(lrs, "U2")
    assert (told["met"], told["evidence"]) == (True, [statement])
    assert told["achievement"]["state"] == "verified"
    assert told["text"][-1] == "State: verified"


def test_an_explanation_in_chinese(lrs):
    lrs.post(learner(1))
    told = explanation(lrs, **{"Accept-Language": "zh-CN"})
    assert told["text"][0].startswith("✗ 认证单元 U1（U1，第 1 版）")


@pytest.mark.parametrize("path", ["nobody/units/U1", "{persona}/units/U9"])
def test_what_is_not_there_is_not_found(lrs, path):
    lrs.post(learner(1))
    (persona,) = lrs.store.records.personas(None, 2)
    path = path.format(persona=persona.id)
    assert lrs.officer.get(f"/api/v1/personas/{path}/explanation").status_code == 404
