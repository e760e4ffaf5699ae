import pytest

from adapters import cmi5
from adapters.inbound import inbound_adapters, normalise
from schemas.events import Score
from tests.unit.test_inbound_generic import COURSE, SOURCE, statement

ADL = "http://adlnet.gov/expapi/verbs/"
PROFILE = "https://w3id.org/xapi/adl/verbs/"
CATEGORY = {"id": "https://w3id.org/xapi/cmi5/context/categories/cmi5"}
EXTENSION = "https://w3id.org/xapi/cmi5/context/extensions/"
RESULT = "https://w3id.org/xapi/cmi5/result/extensions/"
PUBLISHER = {"id": "https://publisher.example/au/7"}
REGISTRATION = "ec531277-b57b-4c15-8d91-d292c5b2b8f7"


def event(verb, *, defined=True, grouping=(PUBLISHER,), session="s-1", extensions=None, **rest):
    activities = {"grouping": list(grouping)} | ({"category": [CATEGORY]} if defined else {})
    keys = {EXTENSION + "sessionid": session} if session else {}
    read = statement(
        verb,
        context={
            "registration": REGISTRATION,
            "contextActivities": activities,
            "extensions": {**keys, **(extensions or {})},
        },
        **rest,
    )
    name, events = normalise(read, SOURCE, inbound_adapters())
    assert name == "cmi5"
    (found,) = events
    return found


@pytest.mark.parametrize(
    ("verb", "kind"),
    [
        (f"{ADL}launched", "launched"),
        (f"{ADL}initialized", "initialized"),
        (f"{ADL}completed", "completed"),
        (f"{ADL}passed", "passed"),
        (f"{ADL}failed", "failed"),
        (f"{PROFILE}abandoned", "abandoned"),
        (f"{PROFILE}waived", "waived"),
        (f"{ADL}terminated", "terminated"),
        (f"{PROFILE}satisfied", "satisfied"),
    ],
)
def test_the_nine_verbs(verb, kind):
    found = event(verb, result={"duration": "PT10M"})
    assert found.kind == kind
    assert found.attempt == "s-1"
    assert found.registration == REGISTRATION
    assert found.course == PUBLISHER["id"]
    assert found.duration == 600


def test_a_course_in_the_grouping_goes_before_the_publishers_id():
    assert event("passed", grouping=[PUBLISHER, COURSE]).course == COURSE["id"]
    assert event("passed", grouping=[]).course is None


def test_progress_is_a_share():
    found = event("progressed", defined=False, result={"extensions": {RESULT + "progress": 40}})
    assert (found.kind, found.progress) == ("progressed", 0.4)


def test_a_waiver_has_its_reason():
    result = {"success": True, "completion": True, "extensions": {RESULT + "reason": "Tested Out"}}
    found = event(f"{PROFILE}waived", result=result)
    assert (found.reason, found.success, found.completion) == ("Tested Out", True, True)
    assert event("passed", result=result).reason is None


@pytest.mark.parametrize(
    ("verb", "scaled", "mastery", "kind", "success"),
    [
        ("passed", 0.8, 0.8, "passed", True),
        ("passed", 0.79, 0.8, "scored", None),
        ("passed", 0.1, None, "passed", True),
        ("passed", 0.1, "0.8", "passed", True),
        ("failed", 0.1, 0.8, "failed", False),
        ("completed", 0.1, 0.8, "completed", None),
    ],
)
def test_nobody_passes_below_the_mastery_score(verb, scaled, mastery, kind, success):
    extensions = {} if mastery is None else {EXTENSION + "masteryscore": mastery}
    result = {"score": {"scaled": scaled}, "success": verb != "failed"}
    found = event(verb, result=result, extensions=extensions)
    assert (found.kind, found.success) == (kind, success)
    assert found.score == Score(scaled=scaled)


def test_an_allowed_statement_keeps_session_and_course():
    found = event("experienced", defined=False)
    assert (found.kind, found.attempt, found.course) == ("experienced", "s-1", PUBLISHER["id"])


def test_a_statement_of_neither_category_nor_session_is_not_cmi5():
    assert not cmi5.adapter.recognises(statement("passed"))
    for session in (7, ""):
        extensions = {EXTENSION + "sessionid": session}
        assert not cmi5.adapter.recognises(statement("passed", context={"extensions": extensions}))


def test_a_defined_statement_that_lacks_its_session_is_still_read():
    assert event("passed", session=None).attempt is None


@pytest.mark.parametrize("scaled", [0.8, 0.9])
def test_nobody_fails_with_the_mastery_score(scaled):
    result = {"score": {"scaled": scaled}, "success": False}
    found = event("failed", result=result, extensions={EXTENSION + "masteryscore": 0.8})
    assert (found.kind, found.success, found.score) == ("failed", False, None)


@pytest.mark.parametrize("mode", ["Browse", "Review", "Normal"])
@pytest.mark.parametrize("verb", ["launched", "passed"])
def test_the_launch_mode_is_told_and_takes_nothing_away_by_itself(verb, mode):
    result = {"score": {"scaled": 1.0}, "success": True}
    found = event(verb, result=result, extensions={EXTENSION + "launchmode": mode})
    assert (found.kind, found.success, found.score.scaled) == (verb, True, 1.0)
    assert found.launch_mode == mode


@pytest.mark.parametrize("told", ["browse", "", None, 7, ["Browse"], {"Browse": 1}])
def test_another_launch_mode_is_none(told):
    assert event("launched", extensions={EXTENSION + "launchmode": told}).launch_mode is None
