from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.course_package import read_course_package
from adapters.inbound import inbound_adapters, normalise
from lrs.records.courses import satisfied
from schemas.courses import MOVE_ON, AssignableUnit, Block, CourseStructure
from schemas.events import EVENT_KINDS, Event
from tests.unit.test_inbound_cmi5 import CATEGORY, EXTENSION, REGISTRATION, RESULT
from tests.unit.test_inbound_generic import SOURCE, statement

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
numbers = count()


def unit(identity, move_on):
    return AssignableUnit(id=identity, url="https://x.example", move_on=move_on)


def structure(*nodes):
    return CourseStructure(standard="cmi5", id="course", nodes=nodes)


def event(kind, activity="a", **rest):
    number = next(numbers)
    return Event(
        statement=f"{number:08d}",
        kind=kind,
        identifier="mbox:mailto:li.na@example.cn",
        activity=activity,
        time=NOON + timedelta(seconds=number),
        source=1,
        provenance="server",
        **rest,
    )


@pytest.mark.parametrize(
    ("move_on", "enough"),
    [
        ("Passed", ["passed", "both", "mastered", "waived"]),
        ("Completed", ["completed", "both", "waived"]),
        ("CompletedAndPassed", ["both", "waived"]),
        ("CompletedOrPassed", ["passed", "completed", "both", "mastered", "waived"]),
        ("NotApplicable", ["none", "failed", "passed", "completed", "both", "mastered", "waived"]),
    ],
)
def test_each_rule_asks_for_its_facts(move_on, enough):
    told = {
        "none": [],
        "failed": [event("failed"), event("terminated"), event("satisfied")],
        "passed": [event("passed")],
        "mastered": [event("mastered")],
        "completed": [event("completed")],
        "both": [event("completed"), event("passed")],
        "waived": [event("waived")],
    }
    course = structure(unit("a", move_on))
    met = [name for name, events in told.items() if satisfied(course, events)]
    assert met == sorted(enough, key=list(told).index)
    assert all(satisfied(course, told[name]) == {"a", "course"} for name in enough)


@pytest.mark.parametrize(
    ("events", "met"),
    [
        ([event("terminated", success=True, completion=True)], True),
        ([event("terminated", completion=True)], False),
        ([event("passed", success=False), event("completed")], False),
        ([event("passed"), event("completed", completion=False)], False),
        ([event("passed"), event("completed"), event("failed")], True),
    ],
)
def test_a_result_is_believed_before_its_verb(events, met):
    assert ("a" in satisfied(structure(unit("a", "CompletedAndPassed")), events)) is met


def test_blocks_and_the_course_need_all_within():
    course = structure(
        Block(
            id="outer",
            nodes=(unit("a", "Passed"), Block(id="inner", nodes=(unit("b", "NotApplicable"),))),
        ),
        unit("c", "Completed"),
    )
    assert satisfied(course, []) == {"inner", "b"}
    assert satisfied(course, [event("passed", "a")]) == {"outer", "a", "inner", "b"}
    assert satisfied(course, [event("completed", "c")]) == {"inner", "b", "c"}
    both = [event("completed", "c"), event("passed", "a")]
    assert satisfied(course, both) == {"course", "outer", "a", "inner", "b", "c"}


def test_the_lms_is_asked_which_of_its_ids_stands_for_a_unit():
    course = structure(unit("au", "Passed"))
    passed = event("passed", "https://lms.example/42", course="au")
    assert satisfied(course, [passed]) == set()
    launched = event("launched", "https://lms.example/42", course="au")
    assert satisfied(course, [passed, launched]) == {"au", "course"}
    inside = event("passed", "https://content.example/quiz-inside", course="au")
    assert satisfied(course, [launched, inside]) == set()
    waived = event("waived", "https://lms.example/42", course="au")
    assert satisfied(course, [waived]) == {"au", "course"}


def test_what_the_lms_says_of_a_block_is_not_asked():
    course = structure(Block(id="block", nodes=(unit("a", "Passed"),)))
    assert satisfied(course, [event("satisfied", "block"), event("waived", "block")]) == set()


def test_the_statements_of_a_session_satisfy_the_simple_course_of_cmi5(shared_data):
    path = shared_data / "cmi5" / "v1" / "examples" / "complex-cmi5.xml"
    with path.open("rb") as file:
        course = read_course_package(file, path.name)
    session = [
        ("http://adlnet.gov/expapi/verbs/launched", {}),
        ("http://adlnet.gov/expapi/verbs/initialized", {}),
        ("http://adlnet.gov/expapi/verbs/completed", {"completion": True, "duration": "PT9M"}),
        (
            "http://adlnet.gov/expapi/verbs/passed",
            {"success": True, "score": {"scaled": 1}, "duration": "PT9M"},
        ),
        ("http://adlnet.gov/expapi/verbs/terminated", {"duration": "PT10M"}),
    ]
    waiver = [
        (
            "https://w3id.org/xapi/adl/verbs/waived",
            {
                "success": True,
                "completion": True,
                "extensions": {RESULT + "reason": "Tested Out"},
            },
        )
    ]
    events = []
    units = list(course.units())
    for place, one in enumerate(units):
        for verb, result in waiver if place == 4 else session:
            read = statement(
                verb,
                id=f"00000000-0000-4000-8000-{next(numbers):012d}",
                thing={"id": f"https://lms.example/launch/{place}"},
                context={
                    "registration": REGISTRATION,
                    "contextActivities": {"category": [CATEGORY], "grouping": [{"id": one.id}]},
                    "extensions": {EXTENSION + "sessionid": f"s-{place}"},
                },
                **({"result": result} if result else {}),
            )
            events += normalise(read, SOURCE, inbound_adapters())[1]
    base = "http://courses.example.edu/identifiers/courses/d07e186b"
    free = {one.id for one in units if one.move_on == "NotApplicable"}
    assert satisfied(course, []) == free | {f"{base}/blocks/003-001-002"}
    assert satisfied(course, events[:-5]) == {one.id for one in units[:-1]} | {
        f"{base}/blocks/{name}" for name in ("001", "002", "003", "003-001")
    } | {f"{base}/blocks/003-001-001", f"{base}/blocks/003-001-002"}
    assert course.id in satisfied(course, events)


units = st.builds(unit, st.uuids().map(str), st.sampled_from(MOVE_ON))
nodes = st.recursive(
    units,
    lambda below: st.builds(
        Block, id=st.uuids().map(str), nodes=st.lists(below, min_size=1, max_size=3).map(tuple)
    ),
    max_leaves=8,
)
courses = st.lists(nodes, min_size=1, max_size=4).map(lambda found: structure(*found))


def events_of(course):
    known = st.sampled_from([one.id for one in course.units()])
    launched = st.sampled_from(["lms-1", "lms-2", "lms-3"])
    return st.lists(
        st.builds(
            event,
            st.sampled_from([*EVENT_KINDS, "launched", "passed", "completed"]),
            activity=known | launched,
            course=st.none() | known,
            success=st.none() | st.booleans(),
            completion=st.none() | st.booleans(),
        ),
        max_size=20,
    )


@given(st.data(), courses)
def test_order_and_repetition_change_nothing(data, course):
    line = data.draw(events_of(course))
    met = satisfied(course, line)
    again = data.draw(st.lists(st.sampled_from(line), max_size=9)) if line else []
    assert satisfied(course, data.draw(st.permutations(line + again))) == met


@given(st.data(), courses)
def test_more_events_take_nothing_away(data, course):
    line = data.draw(events_of(course))
    cut = data.draw(st.integers(0, len(line)))
    assert satisfied(course, line[:cut]) <= satisfied(course, line)


@given(st.data(), courses)
def test_a_group_is_satisfied_exactly_when_all_within_are(data, course):
    met = satisfied(course, data.draw(events_of(course)))
    waiting = [course, *course.nodes]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, AssignableUnit):
            assert (node.id in met) == all(below.id in met for below in node.nodes)
            waiting += [] if node is course else node.nodes
