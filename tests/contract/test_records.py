from datetime import UTC, datetime

import pytest

from lrs.store.records import PersonaNamed, Projection, RecordKey
from schemas.events import Event
from schemas.records import LearnerRecord

T = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
IDENTIFIER = "mbox:mailto:li.na@example.edu.cn"
QUIZ, COURSE = "https://lms.example/quiz", "https://lms.example/course"


def event(statement="s1", activity=QUIZ, course=COURSE, **rest):
    return Event(
        statement=statement,
        kind="completed",
        identifier=IDENTIFIER,
        activity=activity,
        course=course,
        time=T,
        source=1,
        provenance="server",
        **rest,
    )


def named(persona="p1", name="李娜", at=1, identifier=IDENTIFIER):
    return PersonaNamed(persona=persona, identifier=identifier, name=name, at=at)


def record(activity=QUIZ, registration=None):
    return LearnerRecord(activity=activity, registration=registration, first=T, last=T)


def key(activity=QUIZ, registration="", persona="p1"):
    return RecordKey(persona, activity, registration)


def test_a_projection_is_read_back(store):
    one = event()
    assert store.records.checkpoint() == 0
    assert store.records.apply(
        Projection(
            after=0,
            through=7,
            personas=[named()],
            events=[(7, "p1", one)],
            records={key(): record()},
            unrecognised={("http://verb", "generic"): 2},
            due={("p1", "U1")},
        )
    )
    assert store.records.checkpoint() == 7
    assert store.records.personas_of([IDENTIFIER, "openid:http://x"]) == {IDENTIFIER: "p1"}
    assert store.records.events_of(key()) == [(7, one)]
    assert store.records.events_of_statement(7) == [("p1", one)]
    assert store.records.persona("p1").identifiers == (IDENTIFIER,)
    assert store.records.unrecognised() == {("http://verb", "generic"): 2}
    assert [found[:2] for found in store.achievements.due(10)] == [("p1", "U1")]


def test_of_two_projections_from_one_checkpoint_the_second_writes_nothing(store):
    assert store.records.apply(Projection(after=0, through=5))
    late = Projection(after=0, through=9, events=[(9, "p1", event())], records={key(): record()})
    assert not store.records.apply(late)
    assert store.records.checkpoint() == 5
    assert store.records.events_of(key()) == []
    assert store.records.records(None, 10) == []


def test_voided_events_and_empty_records_go(store):
    store.records.apply(
        Projection(after=0, through=1, events=[(1, "p1", event())], records={key(): record()})
    )
    store.records.apply(Projection(after=1, through=2, voided={1}, records={key(): None}))
    assert store.records.events_of(key()) == []
    assert store.records.records_of("p1", None, 10) == []


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
def test_the_latest_name_stays_whatever_the_order(store, order):
    names = {1: "Li", 2: None, 3: "李娜"}
    for place, at in enumerate(order):
        met = named(name=names[at], at=at)
        store.records.apply(Projection(after=place, through=place + 1, personas=[met]))
    assert store.records.persona("p1").name == "李娜"


def test_events_are_found_by_activity_or_course_once(store):
    events = [event("s1"), event("s2", COURSE), event("s3", "https://other", None)]
    store.records.apply(
        Projection(after=0, through=3, events=[(i + 1, "p1", e) for i, e in enumerate(events)])
    )
    found = store.records.events_about("p1", [QUIZ, COURSE])
    assert sorted(one.statement for one in found) == ["s1", "s2"]
    assert store.records.events_about("p2", [QUIZ]) == []


def test_pages_followed_to_the_end_hold_each_record_once(store):
    keys = [key(f"https://a/{a}", r, p) for a in range(3) for r in ("", "r") for p in ("p1", "p2")]
    store.records.apply(
        Projection(
            after=0,
            through=1,
            records={k: record(k.activity, k.registration or None) for k in keys},
        )
    )
    for wanted, page in (
        (keys, store.records.records),
        (
            [k for k in keys if k.persona == "p1"],
            lambda after, limit: store.records.records_of("p1", after, limit),
        ),
    ):
        seen, after = [], None
        while rows := page(after, 2):
            seen += [RecordKey(p, r.activity, r.registration or "") for p, r in rows]
            after = seen[-1]
        assert seen == sorted(wanted)
