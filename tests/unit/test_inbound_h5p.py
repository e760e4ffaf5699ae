"""The statements have the form that H5P's core library gives them (js/h5p-x-api-event.js)."""

import pytest

from adapters import h5p
from adapters.inbound import inbound_adapters, normalise
from lrs.records.fold import fold
from schemas.events import Score
from tests.unit.test_inbound_generic import COURSE, SOURCE, statement

ADL = "http://adlnet.gov/expapi/verbs/"
EXTENSION = "http://h5p.org/x-api/"
URL = "https://site.example/wp-admin/admin-ajax.php?action=h5p_embed&id=7"
MAIN = {"id": URL, "definition": {"extensions": {EXTENSION + "h5p-local-content-id": 7}}}
SUB = {
    "id": f"{URL}?subContentId=3a1c",
    "definition": {
        "name": {"en-US": "Which fire class?"},
        "type": "http://adlnet.gov/expapi/activities/cmi.interaction",
        "extensions": {
            EXTENSION + "h5p-local-content-id": 7,
            EXTENSION + "h5p-subContentId": "3a1c",
        },
    },
}
RESULT = {
    "score": {"min": 0, "max": 4, "raw": 3, "scaled": 0.75},
    "completion": True,
    "success": True,
    "duration": "PT33.15S",
}


def events(verb, *, thing=MAIN, parent=None, library="H5P.QuestionSet-1.20", **rest):
    category = {"category": [{"id": f"http://h5p.org/libraries/{library}"}]}
    activities = category | ({"parent": parent} if parent else {})
    read = statement(verb, thing=thing, context={"contextActivities": activities}, **rest)
    name, found = normalise(read, SOURCE, inbound_adapters())
    assert name == "h5p"
    return found


def one(*args, **rest):
    (event,) = events(*args, **rest)
    return event


@pytest.mark.parametrize(
    ("verb", "kind"),
    [
        ("attempted", "attempted"),
        ("completed", "completed"),
        ("answered", "completed"),
        ("progressed", "progressed"),
        ("passed", "passed"),
        ("http://activitystrea.ms/schema/1.0/consume", "experienced"),
    ],
)
def test_main_content_has_events_of_its_verbs(verb, kind):
    event = one(verb)
    assert (event.kind, event.activity) == (kind, URL)


@pytest.mark.parametrize("verb", ["completed", "answered"])
def test_the_end_of_main_content_has_its_result(verb):
    event = one(verb, result=RESULT)
    assert event.score == Score(scaled=0.75, raw=3, min=0, max=4)
    assert (event.success, event.completion, event.duration) == (True, True, 33.15)
    assert fold([event]).completion is True
    unfinished = one(verb, result={**RESULT, "completion": False})
    assert fold([unfinished]).completion is False


@pytest.mark.parametrize("verb", ["answered", "completed"])
def test_an_answer_inside_is_only_a_score_about_itself(verb):
    event = one(verb, thing=SUB, parent=[{"id": URL}, COURSE], result=RESULT)
    assert (event.kind, event.activity, event.course) == ("scored", SUB["id"], COURSE["id"])
    assert event.score == Score(scaled=0.75, raw=3, min=0, max=4)
    assert event.completion is None
    assert fold([event]).completion is None


def test_content_inside_is_known_by_its_address_alone():
    assert one("answered", thing={"id": SUB["id"]}, result=RESULT).kind == "scored"


@pytest.mark.parametrize("verb", ["attempted", "progressed", "interacted"])
def test_other_verbs_about_content_inside_give_no_event(verb):
    assert events(verb, thing=SUB, result=RESULT) == []


def test_an_answer_without_points_gives_no_event():
    assert events("answered", thing=SUB, result={"response": "x", "completion": True}) == []


@pytest.mark.parametrize("verb", ["interacted", "downloaded", "accessed-embed", "copied"])
def test_using_the_buttons_is_no_learning(verb):
    assert events(verb, result=RESULT) == []


def test_a_visitor_without_a_memory_is_no_learner():
    visitor = {"account": {"name": "not-trackable-5f1e", "homePage": "https://site.example"}}
    assert events("completed", actor=visitor, result=RESULT) == []
    known = {"account": {"name": "5f1e", "homePage": "https://site.example"}}
    assert one("completed", actor=known).identifier == "account:https://site.example|5f1e"


def test_h5p_is_known_by_content_id_or_library():
    assert h5p.adapter.recognises(statement("completed", thing=MAIN))
    assert not h5p.adapter.recognises(statement("completed", thing={"id": URL}))


def test_content_inside_that_has_its_parents_address_is_not_the_main_content():
    event = one("answered", parent=[{"id": URL}], result=RESULT)
    assert (event.kind, event.completion) == ("scored", None)


def test_a_parent_that_is_no_content_of_h5p_leaves_it_main_content():
    assert one("completed", parent=[COURSE], result=RESULT).kind == "completed"
