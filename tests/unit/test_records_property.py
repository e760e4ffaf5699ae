"""Whatever the order, the batches and the repetitions: the same statements, the same records."""

import random
import tempfile
import uuid
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from lrs.records.fold import fold, state_of
from lrs.records.state import RecordState, encode_state
from schemas.courses import AssignableUnit, Block, CourseStructure
from schemas.events import EVENT_KINDS, LAUNCH_MODES, Event, Score
from tests.bench import cohort
from tests.unit.records_service import post, project, records, records_service
from tests.unit.test_rebuild import voiding

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PUBLISHER = "https://courses.ouchn.example.edu.cn"
VERBS = ("launched", "initialized", "completed", "passed", "failed", "terminated", "abandoned")
CMI5 = "https://w3id.org/xapi/cmi5/context"


def course(number):
    units = [
        AssignableUnit(id=f"{PUBLISHER}/{number}/au/{n}", url="x", move_on=rule)
        for n, rule in enumerate(("CompletedOrPassed", "NotApplicable", "Passed"))
    ]
    block = Block(id=f"{PUBLISHER}/{number}/block", nodes=tuple(units[:2]))
    return CourseStructure(standard="cmi5", id=f"{PUBLISHER}/{number}", nodes=(block, units[2]))


events = st.builds(
    Event,
    statement=st.sampled_from([f"s{n}" for n in range(30)]),
    ordinal=st.integers(0, 1),
    kind=st.sampled_from(EVENT_KINDS),
    identifier=st.just("mbox:mailto:li.na@example.cn"),
    activity=st.just("https://lms.example/quiz"),
    activity_name=st.sampled_from([None, {"en": "Quiz"}, {"zh-CN": "测验", "en": "Test"}]),
    course=st.sampled_from([None, "c1", "c2"]),
    attempt=st.sampled_from([None, "a1", "a2"]),
    time=st.integers(0, 40).map(lambda minutes: NOON + timedelta(minutes=minutes)),
    duration=st.sampled_from([None, 0.0, 0.1, 90.5, 3_600.0, 90_000.0]),
    score=st.sampled_from([None, Score(scaled=0.4), Score(raw=4, max=10), Score(raw=7)]),
    success=st.sampled_from([None, True, False]),
    completion=st.sampled_from([None, True, False]),
    progress=st.sampled_from([None, 0.2, 0.7]),
    segments=st.sampled_from([(), ((0.0, 5.0),), ((3.0, 9.5), (11.0, 12.0))]),
    length=st.sampled_from([None, 10.0, 12.0]),
    attendance=st.sampled_from([None, "present", "late", "absent"]),
    session=st.sampled_from([None, "s1", "s2"]),
    cmi5_defined=st.booleans(),
    launch_mode=st.sampled_from([None, None, None, *LAUNCH_MODES]),
    published_as=st.sampled_from([(), ("u1",), ("u1", "c1")]),
    source=st.just(1),
    provenance=st.sampled_from(["server", "browser"]),
)
cohorts = st.lists(events, min_size=1, max_size=25, unique_by=lambda e: (e.statement, e.ordinal))


@settings(max_examples=150, deadline=None)
@given(cohorts, st.randoms(use_true_random=False))
def test_events_in_any_order_and_repetition_fold_to_one_record(line, chance):
    told = [*line, *chance.choices(line, k=5)]
    chance.shuffle(told)
    assert fold(told) == fold(line)
    assert encode_state(state_of(told)) == encode_state(state_of(line))


@settings(max_examples=150, deadline=None)
@given(cohorts, st.randoms(use_true_random=False))
def test_an_event_added_to_a_state_does_what_reading_all_of_them_does(line, chance):
    chance.shuffle(line)
    state = RecordState()
    for place, event in enumerate(line, 1):
        if state.takes(event):
            state.add(event)
        else:
            state = state_of(line[:place])
        assert encode_state(state) == encode_state(state_of(line[:place]))


def of_unit(chance, verb, learner, number, unit, at, session):
    one = cohort._cmi5(chance, learner, number, at)
    one["object"]["id"] = f"{cohort.LMS}/cmi5/{number}/au/{unit}"
    one["verb"] = {"id": f"http://adlnet.gov/expapi/verbs/{verb}"}
    one.pop("result", None)
    grouping = [{"id": f"{PUBLISHER}/{number}/au/{unit}"}]
    one["context"]["contextActivities"]["grouping"] = grouping
    session = str(uuid.uuid5(uuid.NAMESPACE_URL, session))
    one["context"]["extensions"][f"{CMI5}/extensions/sessionid"] = session
    if verb == "launched":
        mode = chance.choice(("Normal", "Normal", "Review"))
        one["context"]["extensions"][f"{CMI5}/extensions/launchmode"] = mode
    if verb in ("abandoned", "terminated", "passed"):
        one["result"] = {"duration": f"PT{chance.randrange(1, 9)}M"}
    return one


def generated(seed):
    """About 70 statements of a few learners, with those that void some of them, some twice."""
    chance = random.Random(f"{seed} of cmi5")
    line = [*cohort.statements(30, seed)]
    for place in range(24):
        learner, number, unit = chance.randrange(2), chance.randrange(2), chance.randrange(3)
        at = cohort.START + timedelta(minutes=place // 2)
        session = f"{learner}/{number}/{place // 8}"
        line.append(of_unit(chance, chance.choice(VERBS), learner, number, unit, at, session))
    line += [voiding(one["id"], n) for n, one in enumerate(chance.sample(line, 9))]
    line += [voiding(line[-1]["object"]["id"], 100), voiding(line[-2]["id"], 101)]
    for verb, unit in (("completed", 0), ("passed", 2), ("initialized", 0)):
        line.append(of_unit(chance, verb, 3, 0, unit, cohort.START, f"{verb}/{unit}"))
    return line


def told(line, cuts, structures_at, opened=records_service):
    """The records that statements make, posted and projected in runs; some of them twice."""
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as service:
        bounds = sorted({0, *cuts, len(line)})
        for place, (begin, end) in enumerate(pairwise(bounds)):
            if place == structures_at:
                for number in range(2):
                    service.store.courses.put(course(number))
            post(service, *line[begin:end])
            if begin:
                post(service, line[begin - 1])
            project(service, batch=1 + (begin * 7) % 23)
        for number in range(2):
            service.store.courses.put(course(number))
        project(service)
        return records(service)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.data())
def test_statements_in_any_order_and_batches_make_the_same_records(seed, data):
    line = generated(seed)
    wanted = told(line, [], 0)
    assert any(b"satisfied" in body for body in wanted.values())
    shuffled = data.draw(st.permutations(line))
    cuts = data.draw(st.lists(st.integers(1, len(line) - 1), max_size=6))
    assert told(shuffled, cuts, data.draw(st.integers(0, 4))) == wanted
