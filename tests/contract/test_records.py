from datetime import timedelta

import pytest

from lrs.records.fold import fold
from lrs.store.records import RecordKey
from tests.contract.projected import COURSE, IDENTIFIER, QUIZ, T, event, key, named, project


def test_a_projection_is_read_back(store):
    one = event()
    assert store.records.checkpoint() == 0
    (stored,) = project(
        store,
        [("p1", one)],
        personas=[named()],
        unrecognised={("http://verb", "generic"): 2},
        due={("p1", "U1")},
    )
    assert store.records.checkpoint() == 1
    assert store.records.personas_of([IDENTIFIER, "openid:http://x"]) == {IDENTIFIER: "p1"}
    assert store.records.events_of_statement(1) == [("p1", one)]
    assert store.records.persona("p1").identifiers == (IDENTIFIER,)
    assert store.records.unrecognised() == {("http://verb", "generic"): 2}
    assert store.records.records_of("p1", None, 10) == [("p1", fold([one]))]
    assert store.records.evidence(key(), None, 10) == [(stored.seq, "s1")]
    assert [found[:2] for found in store.achievements.due(10)] == [("p1", "U1")]


def test_voided_events_and_empty_records_go(store):
    project(store, [("p1", event())])
    project(store, voided={1: 2}, records={key(): None})
    assert store.records.events_of_statement(1) == []
    assert store.records.events_about("p1", [QUIZ, COURSE]) == []
    assert store.records.timeline("p1", None, 10) == []
    assert store.records.evidence(key(), None, 10) == []
    assert store.records.records_of("p1", None, 10) == []


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
def test_the_latest_name_stays_whatever_the_order(store, order):
    names = {1: "Li", 2: None, 3: "李娜"}
    for at in order:
        project(store, personas=[named(name=names[at], at=at)])
    assert store.records.persona("p1").name == "李娜"


def test_events_are_found_by_activity_or_course_once(store):
    events = [event("s1"), event("s2", COURSE), event("s3", "https://other", None)]
    project(store, [("p1", one) for one in events])
    found = store.records.events_about("p1", [QUIZ, COURSE])
    assert sorted(one.statement for one in found) == ["s1", "s2"]
    assert store.records.events_about("p2", [QUIZ]) == []


def test_what_is_left_out_counts_for_nothing_until_it_counts_again(store):
    project(store, [("p1", event())])
    project(store, left_out={key(): {(1, 0)}})
    assert store.records.events_about("p1", [QUIZ]) == []
    project(store, left_out={key(): set()})
    assert store.records.events_about("p1", [QUIZ]) == [event()]


def test_pages_followed_to_the_end_hold_each_record_once(store):
    keys = [key(f"https://a/{a}", r, p) for a in range(3) for r in ("", "r") for p in ("p1", "p2")]
    project(
        store,
        [
            (k.persona, event(f"s{n}", k.activity, registration=k.registration or None))
            for n, k in enumerate(keys)
        ],
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


def test_a_timeline_is_paged_from_the_latest(store):
    events = [event(f"s{n}", time=T + timedelta(minutes=n % 3)) for n in range(6)]
    project(store, [("p1", one) for one in events])
    seen, before = [], None
    while page := store.records.timeline("p1", before, 2):
        seen += [one.statement for _, one in page]
        before = page[-1][0]
    assert seen == ["s5", "s2", "s4", "s1", "s3", "s0"]


def test_personas_are_found_by_the_beginning_of_their_names(store):
    people = {"p1": "李娜", "p2": "李强", "p3": "王芳", "p4": None}
    project(store, personas=[named(p, name, identifier=p) for p, name in people.items()])
    first = store.records.personas_named("李", None, 1)
    rest = store.records.personas_named("李", (first[0].name, first[0].id), 10)
    assert {one.id for one in (*first, *rest)} == {"p1", "p2"}
    assert store.records.personas_named("赵", None, 10) == []
    assert len(store.records.personas(None, 10)) == 4


def test_records_within_a_course_are_found_with_it(store):
    project(
        store, [("p1", event("s1")), ("p1", event("s2", COURSE)), ("p1", event("s3", "x", "y"))]
    )
    assert set(store.records.states_within("p1", [COURSE])) == {key(QUIZ), key(COURSE)}
    assert store.records.courses_of("p1", None, 10) == [COURSE, "y"]
    assert store.records.courses_of("p1", COURSE, 10) == ["y"]
