"""The statements are the profile's own examples (adlnet/xAPI-SCORM-Profile, statements/)."""

import pytest

from adapters.inbound import inbound_adapters, normalise
from lrs.records.fold import fold
from schemas.events import Score
from tests.unit.test_inbound_generic import SOURCE, statement

ADL = "http://adlnet.gov/expapi/verbs/"
TYPES = "http://adlnet.gov/expapi/activities/"
LEARNER = {"account": {"homePage": "http://lms.adlnet.gov/", "name": "500-627-490"}}
CATEGORY = {"id": "https://w3id.org/xapi/scorm"}


def activity(iri, kind, name):
    return {"id": iri, "definition": {"name": {"en-US": name}, "type": TYPES + kind}}


COURSE = activity("http://adlnet.gov/courses/compsci/CS204/", "course", "CS204")
SCO = activity("http://adlnet.gov/courses/compsci/CS204/lesson01/01", "lesson", "lesson 01")
ATTEMPT = activity(
    f"{SCO['id']}?attemptId=50fd6961-ab6c-4e75-e6c7-ca42dce50dd6", "attempt", "Attempt of lesson 01"
)
OBJECTIVE = activity(f"{SCO['id']}/objective/obj-if-else", "objective", "If-Else Blocks")
QUESTION = activity(f"{SCO['id']}/interaction/q1", "interaction", "q1")


def events(verb, *, thing=SCO, grouping=(COURSE, ATTEMPT), parent=(), category=CATEGORY, **rest):
    activities = {
        "category": [category],
        "grouping": list(grouping),
        **({"parent": list(parent)} if parent else {}),
    }
    read = statement(
        verb,
        actor=LEARNER,
        thing=thing,
        context={"contextActivities": {k: v for k, v in activities.items() if v}},
        **rest,
    )
    name, found = normalise(read, SOURCE, inbound_adapters())
    assert name == "scorm"
    return found


def one(*args, **rest):
    (event,) = events(*args, **rest)
    return event


@pytest.mark.parametrize(
    ("verb", "kind"),
    [
        ("initialized", "initialized"),
        ("terminated", "terminated"),
        ("suspended", "terminated"),
        ("resumed", "experienced"),
        ("passed", "passed"),
        ("failed", "failed"),
        ("scored", "scored"),
        ("completed", "completed"),
        ("progressed", "progressed"),
    ],
)
def test_each_verb_is_about_the_sco_in_its_attempt_and_course(verb, kind):
    event = one(verb)
    assert event.kind == kind
    assert (event.activity, event.attempt, event.course) == (
        SCO["id"],
        ATTEMPT["id"],
        COURSE["id"],
    )
    assert event.activity_name == {"en-US": "lesson 01"}
    assert event.identifier == "account:http://lms.adlnet.gov/|500-627-490"


def test_the_result_of_terminated_is_the_scos():
    event = one(
        "terminated",
        result={
            "success": True,
            "completion": True,
            "score": {"scaled": 0.95},
            "duration": "PT2H30M5S",
        },
    )
    assert (event.success, event.completion, event.score) == (True, True, Score(scaled=0.95))
    assert event.duration == 9005
    record = fold([event])
    assert (record.success, record.completion, record.attempts) == (True, True, 1)


@pytest.mark.parametrize(("scaled", "progress"), [(0.75, 0.75), (-0.5, None)])
def test_the_progress_measure_stands_where_a_score_does(scaled, progress):
    event = one("progressed", result={"score": {"scaled": scaled}})
    assert (event.progress, event.score) == (progress, None)


def test_a_score_is_a_score():
    event = one("scored", result={"score": {"scaled": 0.95}})
    assert (event.score, event.progress) == (Score(scaled=0.95), None)


def test_the_status_of_the_course():
    event = one(
        "completed", thing=COURSE, grouping=(), result={"score": {"scaled": 0.85}, "success": True}
    )
    assert event.activity == event.course == COURSE["id"]
    assert (event.attempt, event.success, event.score) == (None, True, Score(scaled=0.85))


@pytest.mark.parametrize("kind", ["objective", "lesson"])
def test_an_objective_is_an_activity_of_its_own(kind):
    objective = activity(OBJECTIVE["id"], kind, "If-Else Blocks")
    event = one("passed", thing=objective, parent=[SCO])
    assert (event.activity, event.course) == (OBJECTIVE["id"], COURSE["id"])
    assert (event.kind, event.attempt) == ("passed", ATTEMPT["id"])


@pytest.mark.parametrize("parent", [(SCO,), (COURSE, SCO), (COURSE, ATTEMPT, SCO)])
def test_an_interaction_shows_that_the_learner_took_part(parent):
    result = {
        "response": "a",
        "success": True,
        "completion": True,
        "duration": "PT5S",
        "score": {"raw": 1},
    }
    event = one("responded", thing=QUESTION, parent=parent, result=result)
    assert (event.kind, event.activity, event.course) == ("experienced", SCO["id"], COURSE["id"])
    assert (event.success, event.completion, event.duration, event.score) == (None,) * 4


def test_an_interaction_of_nothing_is_no_event():
    assert events("responded", thing=QUESTION, grouping=[ATTEMPT]) == []


def test_an_attempt_as_the_object_is_about_its_sco():
    event = one("terminated", thing=ATTEMPT, parent=[SCO], grouping=[COURSE])
    assert (event.activity, event.attempt) == (SCO["id"], ATTEMPT["id"])


@pytest.mark.parametrize("verb", ["commented", "https://example.org/verbs/juggled"])
def test_other_verbs_give_no_event(verb):
    assert events(verb, result={"response": "Great", "success": True}) == []


@pytest.mark.parametrize("version", ["https://w3id.org/xapi/scorm/", f"{CATEGORY['id']}/v1.0"])
def test_the_profile_is_known_by_its_versions_too(version):
    assert one("passed", category={"id": version}).kind == "passed"


@pytest.mark.parametrize(
    ("verb", "kind"), [("experienced", "experienced"), ("mastered", "mastered")]
)
def test_what_is_within_a_sco_may_say_other_verbs(verb, kind):
    film = activity(f"{SCO['id']}/film", "media", "Loops, filmed")
    event = one(verb, thing=film, parent=[SCO])
    assert (event.kind, event.activity, event.course) == (kind, film["id"], COURSE["id"])
    assert event.attempt == ATTEMPT["id"]


def test_an_answer_is_an_interaction_as_a_response_is():
    event = one("answered", thing=QUESTION, parent=[SCO], result={"success": False})
    assert (event.kind, event.activity, event.success) == ("experienced", SCO["id"], None)


def test_the_result_of_terminated_is_the_scos_status():
    event = one(
        "terminated",
        result={"completion": True, "success": False, "score": {"scaled": 0.4}, "duration": "PT1H"},
    )
    record = fold([event])
    assert (record.completion, record.success, record.duration) == (True, False, 3600)
    assert record.best_score == Score(scaled=0.4)
