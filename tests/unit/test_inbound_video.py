"""The statements are the profile's own examples (liveaspankaj/xapi-video-cop, templates.md)."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters import video
from adapters.inbound import inbound_adapters, normalise
from adapters.reading import segments_of
from lrs.records.fold import fold
from schemas.events import united
from schemas.xapi import Result
from tests.unit.test_inbound_cmi5 import EXTENSION as CMI5_EXTENSION
from tests.unit.test_inbound_generic import SOURCE, statement

ADL = "http://adlnet.gov/expapi/verbs/"
VERBS = "https://w3id.org/xapi/video/verbs/"
KEY = "https://w3id.org/xapi/video/extensions/"
SESSION = "86c5b148-4462-4da9-a13f-b570c27fa049"
REGISTRATION = "96094a33-cc66-4d9a-8810-a0850ae2a4e1"
LENGTH = 46.613333
VIDEO = {
    "id": "http://vjs.zencdn.net/v/oceans.mp4",
    "definition": {
        "type": "https://w3id.org/xapi/video/activity-type/video",
        "name": {"en-US": "Ocean Life"},
    },
}


def context(*, session=SESSION, length=LENGTH, category=True, extensions=None):
    told = {"session-id": session, "length": length, "completion-threshold": "1.0"}
    return {
        "registration": REGISTRATION,
        "extensions": {
            **{KEY + name: value for name, value in told.items() if value is not None},
            **(extensions or {}),
        },
        **(
            {"contextActivities": {"category": [{"id": "https://w3id.org/xapi/video"}]}}
            if category
            else {}
        ),
    }


def result(played=None, progress=None, **rest):
    told = {"played-segments": played, "progress": progress, "time": 2.997}
    extensions = {KEY + name: value for name, value in told.items() if value is not None}
    return {"extensions": extensions, **rest}


def events(verb, *, thing=VIDEO, **rest):
    read = statement(verb, thing=thing, **({"context": context()} | rest))
    name, found = normalise(read, SOURCE, inbound_adapters())
    assert name == "video"
    return found


def one(*args, **rest):
    (event,) = events(*args, **rest)
    return event


@pytest.mark.parametrize(
    ("verb", "kind"),
    [
        (f"{ADL}initialized", "initialized"),
        (f"{VERBS}played", "experienced"),
        (f"{VERBS}paused", "progressed"),
        (f"{VERBS}seeked", "experienced"),
        (f"{ADL}completed", "completed"),
        (f"{ADL}terminated", "terminated"),
    ],
)
def test_each_verb_is_about_the_video_in_its_session(verb, kind):
    event = one(verb)
    assert (event.kind, event.activity, event.attempt) == (kind, VIDEO["id"], SESSION)
    assert event.registration == REGISTRATION


@pytest.mark.parametrize("verb", [f"{ADL}interacted", f"{VERBS}juggled"])
def test_other_verbs_give_no_event(verb):
    assert events(verb) == []
    assert events(f"{ADL}interacted", result=result("0[.]5", 0.1)) == []


def test_the_profiles_example_of_a_whole_sitting():
    sitting = [
        one(f"{ADL}initialized"),
        one(
            f"{VERBS}paused", id="587c8e19-3a5e-4be2-ba09-9c6b68c4fb20", result=result("0[.]2.997")
        ),
        one(
            f"{ADL}completed",
            id="4cb1d3d2-0e22-4a44-a32c-b3ac6be8a1ae",
            result=result("0[.]46.613", 1, completion=True, duration="PT46.61S"),
        ),
    ]
    assert [event.segments for event in sitting] == [(), ((0, 2.997),), ((0, 46.613),)]
    assert fold(sitting[:2]).progress == 0.064
    record = fold(sitting)
    assert (record.progress, record.completion, record.attempts) == (1.0, True, 1)
    assert record.duration == 46.61


def test_what_was_watched_in_several_sessions_is_united():
    first = one(
        f"{VERBS}paused", context=context(length=40), result=result("0[.]12[,]20[.]30", 0.9)
    )
    second = one(
        f"{VERBS}paused",
        id="587c8e19-3a5e-4be2-ba09-9c6b68c4fb20",
        context=context(session="another", length=40),
        result=result("10[.]20"),
    )
    assert first.progress is None
    assert fold([first]).progress == 0.55
    assert fold([second, first]).progress == fold([first, second]).progress == 0.75
    assert fold([first, second]).attempts == 2


def test_without_a_length_the_progress_told_is_taken():
    event = one(f"{VERBS}paused", context=context(length=None), result=result("0[.]10", 0.2))
    assert (event.progress, event.segments, event.length) == (0.2, ((0, 10),), None)


@pytest.mark.parametrize("length", ["40", True, -1, 0, None, 10**400])
def test_a_length_is_a_figure_above_zero(length):
    paused = one(f"{VERBS}paused", context=context(length=length), result=result("0[.]10"))
    assert paused.length is None


def test_the_length_may_stand_in_the_activity():
    told = {**VIDEO, "definition": {**VIDEO["definition"], "extensions": {KEY + "length": 20}}}
    paused = one(f"{VERBS}paused", thing=told, context=context(length=None), result=result("0[.]5"))
    assert fold([paused]).progress == 0.25


@pytest.mark.parametrize(
    ("told", "segments"),
    [
        ("0.000[.]12.000[,]14.000[.]21.000[,]18.000[.]30.000", ((0, 12), (14, 30))),
        ("20[.]30[,]0[.]12", ((0, 12), (20, 30))),
        ("0[.]12[,]12[.]20", ((0, 20),)),
        (" 0 [.] 5 ", ((0, 5),)),
        ("9[.]3", ()),
        ("5[.]5", ()),
        ("0[.]5[,]x[.]9[,]7", ((0, 5),)),
        ("-1[.]5", ()),
        ("nan[.]inf", ()),
        ("0[.]" + "9" * 400, ()),
        ("", ()),
        (12, ()),
        (["0[.]5"], ()),
    ],
)
def test_segments_are_read_or_left_out(told, segments):
    assert segments_of(Result(extensions={KEY + "played-segments": told})) == segments


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50))))
def test_the_union_covers_what_its_segments_cover(segments):
    union = united(segments)
    assert {n for begin, end in union for n in range(begin, end)} == {
        n for begin, end in segments for n in range(begin, end)
    }
    assert all(before[1] < after[0] for before, after in pairwise(union))


def test_a_video_is_known_by_category_session_or_type():
    plain = {"id": VIDEO["id"]}
    paused = f"{VERBS}paused"
    by_category = statement(paused, thing=plain, context=context(session=None))
    by_session = statement(paused, thing=plain, context=context(category=False))
    by_type = statement(paused, thing=VIDEO)
    assert all(video.adapter.recognises(one) for one in (by_category, by_session, by_type))
    assert not video.adapter.recognises(statement(paused, thing=plain))


def test_what_a_unit_of_cmi5_tells_of_a_recording_is_read_too():
    read = statement(
        f"{VERBS}paused",
        thing=VIDEO,
        context=context(extensions={CMI5_EXTENSION + "sessionid": "s-1"}),
        result=result("0[.]12"),
    )
    name, (event,) = normalise(read, SOURCE, inbound_adapters())
    assert (name, event.attempt, event.segments) == ("cmi5", "s-1", ((0, 12),))
    assert event.length == LENGTH


@pytest.mark.parametrize(
    ("threshold", "progress", "kind"),
    [
        (0.9, 0.2, "progressed"),
        (0.9, 0.9, "completed"),
        ("0.9", 0.2, "progressed"),
        ("all", 0.2, "completed"),
        (None, 0.2, "completed"),
        (True, 0.2, "completed"),
    ],
)
def test_what_is_completed_is_held_to_the_threshold_that_it_names(threshold, progress, kind):
    told = context(extensions={KEY + "completion-threshold": threshold})
    read = result(progress=progress, completion=True)
    event = one(f"{ADL}completed", context=told, result=read)
    assert (event.kind, event.completion) == (kind, True if kind == "completed" else None)


def test_the_verb_that_the_profile_calls_an_exact_match_pauses_too():
    paused = one("http://id.tincanapi.com/verb/paused", result=result("0[.]2.997"))
    assert (paused.kind, paused.segments) == ("progressed", ((0, 2.997),))
