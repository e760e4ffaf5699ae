"""The LMS side of cmi5: what is satisfied, worked out from statements and course structures."""

import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.course_package import read_course_package
from lrs.records.courses import satisfied
from schemas.courses import AssignableUnit, Block, CourseStructure
from schemas.events import Event
from tests.unit.records_service import post, project, records_service
from tests.unit.test_rebuild import voiding

CMI5 = "https://w3id.org/xapi/cmi5/context"
LMS, PUBLISHER = "https://lms.example/activity", "https://publisher.example"
REGISTRATION = "0d6b2a63-2c4e-4f0e-9d3b-0a4c6d1d3f10"
LEARNER = {"account": {"homePage": "https://lms.example", "name": "li.na"}}
DOC = Path(__file__).resolve().parent.parent.parent / "docs" / "courses.md"
BEGIN, END = "<!-- cmi5: begin -->\n", "<!-- cmi5: end -->"
VERBS = {
    "abandoned": "https://w3id.org/xapi/adl/verbs/abandoned",
    "waived": "https://w3id.org/xapi/adl/verbs/waived",
    "satisfied": "https://w3id.org/xapi/adl/verbs/satisfied",
}


def au(number, move_on, **rest):
    return AssignableUnit(id=f"{PUBLISHER}/au/{number}", url="x", move_on=move_on, **rest)


COURSE = CourseStructure(
    standard="cmi5",
    id=f"{PUBLISHER}/course",
    titles={"zh-CN": "地质学"},
    nodes=(
        Block(
            id=f"{PUBLISHER}/block",
            titles={"en": "Rocks"},
            nodes=(au(1, "CompletedAndPassed", mastery_score=0.6), au(2, "NotApplicable")),
        ),
        Block(id=f"{PUBLISHER}/free", nodes=(au(3, "NotApplicable"),)),
        au(4, "Completed"),
    ),
)


def told(verb, unit, minute, session="s1", **rest):
    """A cmi5 defined statement of a unit, which the LMS launches under an id of its own."""
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{verb}/{unit}/{minute}/{session}")),
        "actor": LEARNER,
        "verb": {"id": VERBS.get(verb, f"http://adlnet.gov/expapi/verbs/{verb}")},
        "object": {"id": f"{LMS}/{unit}"},
        "context": {
            "registration": REGISTRATION,
            "contextActivities": {
                "grouping": [{"id": f"{PUBLISHER}/au/{unit}"}],
                "category": [{"id": f"{CMI5}/categories/cmi5"}],
            },
            "extensions": {f"{CMI5}/extensions/sessionid": session},
        },
        "timestamp": f"2026-03-02T08:{minute:02}:00Z",
        **rest,
    }


@pytest.fixture
def service(tmp_path):
    with records_service(tmp_path) as service:
        service.store.courses.put(COURSE)
        yield service


def do(service, *statements):
    post(service, *statements)
    project(service)


def records(service):
    return {record.activity: record for _, record in service.store.records.records(None, 100)}


def parts(service):
    names = {part.id.removeprefix(f"{PUBLISHER}/"): part.id for part in (COURSE, *COURSE.blocks())}
    found = records(service)
    return {name for name, part in names.items() if part in found and found[part].completion}


def said(service):
    persona = next(iter(service.store.records.personas(None, 1))).id
    ids = [COURSE.id, *(block.id for block in COURSE.blocks())]
    return [one for one in service.store.records.events_about(persona, ids) if one.activity in ids]


FIRST = [told("launched", 1, 0), told("initialized", 1, 1)]
DONE = [told("completed", 1, 5), told("passed", 1, 6), told("completed", 4, 9, "s4")]


def test_what_asks_for_nothing_is_satisfied_at_once(service):
    do(service, *FIRST)
    assert parts(service) == {"free"}
    (only,) = said(service)
    assert (only.activity, only.statement) == (f"{PUBLISHER}/free", FIRST[0]["id"])


def test_blocks_and_the_course_are_satisfied_once_under_the_publishers_ids(service):
    do(service, *FIRST, *DONE[:2])
    assert parts(service) == {"free", "block"}
    do(service, DONE[2])
    assert parts(service) == {"free", "block", "course"}
    do(service, told("passed", 4, 20, "s4"), told("completed", 4, 30, "s5"))
    events = {event.activity: event for event in said(service)}
    assert len(said(service)) == len(events) == 3
    course = events[COURSE.id]
    assert (course.kind, course.statement) == ("satisfied", DONE[2]["id"])
    assert course.rests_on == tuple(sorted(one["id"] for one in DONE[:2]))
    record = records(service)[COURSE.id]
    assert (record.name, record.events, record.course) == (COURSE.titles, 1, COURSE.id)
    assert record.evidence == (DONE[2]["id"],)


def test_a_waived_unit_counts_with_its_reason(service):
    reason = {"extensions": {"https://w3id.org/xapi/cmi5/result/extensions/reason": "Tested Out"}}
    waived = told("waived", 1, 3, "w1", result={"completion": True, "success": True, **reason})
    do(service, *FIRST, waived)
    assert parts(service) == {"free", "block"}
    assert records(service)[f"{LMS}/1"].attempts == 1
    stored = service.store.statements.get(uuid.UUID(waived["id"]).bytes)
    ((_, event),) = service.store.records.events_of_statement(stored.seq)
    assert (event.kind, event.reason) == ("waived", "Tested Out")


def test_nothing_that_follows_an_abandoned_session_counts(service):
    after = [told("completed", 1, 21), told("passed", 1, 22)]
    do(service, *FIRST, *after)
    assert parts(service) == {"free", "block"}
    do(service, told("abandoned", 1, 20))
    assert parts(service) == {"free"}
    record = records(service)[f"{LMS}/1"]
    assert (record.success, record.completion) == (None, None)
    do(service, told("completed", 1, 25, "s2"), told("passed", 1, 26, "s2"))
    assert parts(service) == {"free", "block"}


def test_only_the_first_of_what_is_told_once_a_registration_counts(service):
    score = [{"score": {"scaled": scaled}, "success": True} for scaled in (0.7, 1.0)]
    do(service, told("passed", 1, 9, "s2", result=score[1]), *FIRST)
    assert records(service)[f"{LMS}/1"].best_score.scaled == 1.0
    do(service, told("passed", 1, 5, result=score[0]))
    assert records(service)[f"{LMS}/1"].best_score.scaled == 0.7


@pytest.mark.parametrize("late", [False, True])
def test_what_was_launched_for_review_satisfies_nothing_whichever_comes_first(service, late):
    launched = told("launched", 1, 0)
    launched["context"]["extensions"][f"{CMI5}/extensions/launchmode"] = "Review"
    line = [launched, *FIRST[1:], *DONE[:2]]
    if late:
        do(service, *line[1:])
        assert parts(service) == {"free", "block"}
    do(service, *line)
    assert parts(service) == {"free"}
    record = records(service)[f"{LMS}/1"]
    assert (record.success, record.completion, record.attempts) == (None, None, 1)
    do(service, voiding(launched["id"], 1))
    assert parts(service) == {"free", "block"}


def test_a_second_verdict_of_a_session_is_none(service):
    do(service, *FIRST, DONE[0], told("failed", 1, 4), DONE[1])
    assert parts(service) == {"free"}
    do(service, told("passed", 1, 20, "s2"))
    assert parts(service) == {"free", "block"}


def test_a_pass_below_the_mastery_score_of_the_course_satisfies_nothing(service):
    low = told("passed", 1, 6, result={"score": {"scaled": 0.5}, "success": True})
    do(service, *FIRST, DONE[0], low)
    assert parts(service) == {"free"}


def test_a_course_that_is_stored_later_is_worked_out_for_what_came_before(tmp_path):
    with records_service(tmp_path) as service:
        do(service, *FIRST, *DONE)
        assert parts(service) == set()
        service.store.courses.put(COURSE)
        project(service)
        assert parts(service) == {"free", "block", "course"}
        easier = CourseStructure(standard="cmi5", id=COURSE.id, nodes=(au(4, "Completed"),))
        service.store.courses.put(easier)
        project(service)
        assert [event.activity for event in said(service)] == [COURSE.id]
        assert parts(service) == {"course"}


def test_voiding_takes_back_what_was_satisfied(service):
    do(service, *FIRST, *DONE)
    do(service, voiding(DONE[1]["id"], 1))
    assert parts(service) == {"free"}


def test_a_quiz_inside_a_unit_satisfies_nothing(service):
    quiz = told("passed", 1, 6)
    quiz["object"]["id"] = f"{LMS}/1/quiz"
    quiz["context"]["contextActivities"].pop("category")
    do(service, *FIRST, DONE[0], quiz)
    assert parts(service) == {"free"}


def test_a_course_of_2000_units_is_satisfied(tmp_path):
    units = tuple(au(n, "Completed") for n in range(2_000))
    with records_service(tmp_path) as service:
        service.store.courses.put(CourseStructure(standard="cmi5", id=COURSE.id, nodes=units))
        post(service, *(told("completed", n, n % 60, f"s{n}") for n in range(2_000)))
        project(service)
        (event,) = said(service)
        assert len(event.rests_on) == 1_999


def satisfied_after(structure):
    """For each part, after which unit a learner who does all, in order, has satisfied it."""
    events, after = [], dict.fromkeys(satisfied(structure, []), "at once")
    for place, unit in enumerate(structure.units()):
        events += [
            Event(
                statement=f"{place}{kind}",
                kind=kind,
                identifier="mbox:mailto:a@b.cn",
                activity=unit.id,
                time=datetime(2026, 3, 2, 8, place // 60, place % 60, tzinfo=UTC),
                source=1,
                provenance="server",
            )
            for kind in ("completed", "passed")
        ]
        for part in satisfied(structure, events):
            after.setdefault(part, f"*{title(unit)}*")
    return after


def title(part):
    return part.titles.get("en-US") or next(iter(part.titles.values()))


def rows(name, structure):
    after = satisfied_after(structure)

    def row(part, kind, depth):
        asks = mastery = ""
        if isinstance(part, AssignableUnit):
            asks = part.move_on
            mastery = "" if part.mastery_score is None else f"{part.mastery_score:g}"
        indent = "· " * depth
        done = after.get(part.id, "never")
        yield f"| {name} | {indent}{title(part)} | {kind} | {asks} | {mastery} | {done} |\n"
        for node in getattr(part, "nodes", ()):
            yield from row(node, "block" if isinstance(node, Block) else "unit", depth + 1)

    yield from row(structure, "course", 0)


def test_the_documentation_shows_what_the_published_structures_become(shared_data):
    table = "| file | part | is a | moveOn | mastery score | satisfied after |\n"
    table += "|---|---|---|---|---|---|\n"
    for path in sorted((shared_data / "cmi5" / "v1" / "examples").glob("*.xml")):
        with path.open("rb") as file:
            table += "".join(rows(path.stem, read_course_package(file, "cmi5.xml")))
    text = DOC.read_text("utf-8")
    begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    assert text[begin:end] == table
