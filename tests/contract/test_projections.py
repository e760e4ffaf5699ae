from concurrent.futures import ThreadPoolExecutor

from lrs.records.fold import state_of
from lrs.store.projections import Checkpoint, Projection, Scope, StoredEvent
from lrs.store.records import RecordKey
from schemas.courses import AssignableUnit, CourseStructure
from tests.contract.projected import COURSE, IDENTIFIER, QUIZ, event, key, named, project


def test_of_two_projections_from_one_checkpoint_the_second_writes_nothing(store):
    since = store.projections.checkpoint()
    assert since == Checkpoint(1, 0, 0)
    assert store.projections.apply(Projection(since=since, through=5))
    late = Projection(
        since=since,
        through=9,
        events=[StoredEvent(9, "p1", event())],
        records={key(): state_of([event()])},
    )
    assert not store.projections.apply(late)
    assert store.projections.checkpoint().seq == 5
    assert store.projections.events_of(1, key()) == []
    assert store.records.records(None, 10) == []


def at_once(works):
    """What each of the works gives, done at the same time."""
    with ThreadPoolExecutor(len(works)) as pool:
        return [one.result() for one in [pool.submit(work) for work in works]]


def test_of_projections_written_at_once_one_is_taken(store):
    since = store.projections.checkpoint()
    made = [
        Projection(
            since=since,
            through=5,
            personas=[named()],
            events=[StoredEvent(5, "p1", event(f"s{number}"))],
            records={key(): state_of([event(f"s{number}")])},
            unrecognised={("verb", "generic"): 1},
        )
        for number in range(3)
    ]
    came = at_once([lambda one=one: store.projections.apply(one) for one in made])
    assert sorted(came) == [False, False, True]
    (stored,) = store.projections.events_of(1, key())
    assert stored.event.statement == f"s{came.index(True)}"
    assert store.records.unrecognised() == {("verb", "generic"): 1}
    assert (store.figures.total("persona"), store.figures.total("record")) == (1, 1)


def test_a_projection_and_a_change_of_courses_at_once_are_both_whole(store):
    since = store.projections.checkpoint()
    taken, _ = at_once(
        [
            lambda: store.projections.apply(Projection(since=since, through=5)),
            lambda: store.courses.put(CourseStructure(standard="cmi5", id=COURSE)),
        ]
    )
    assert store.projections.checkpoint() == Checkpoint(1, 5 if taken else 0, 1)
    assert store.projections.rework(1).subject == COURSE


def test_a_generation_that_is_begun_by_several_at_once_is_one(store):
    assert set(at_once([store.projections.begin] * 3)) == {Checkpoint(2, 0, 0)}


def test_what_was_read_before_a_course_changed_is_not_written(store):
    since = store.projections.checkpoint()
    store.courses.put(CourseStructure(standard="cmi5", id=COURSE))
    assert not store.projections.apply(Projection(since=since, through=5))
    assert store.projections.checkpoint().epoch == since.epoch + 1


def test_states_and_events_are_read_back(store):
    events = [event("s1", registration="r"), event("s2", "https://other", None)]
    stored = project(store, [("p1", one) for one in events], personas=[named()])
    keys = [RecordKey.of("p1", one) for one in events]
    assert store.projections.states(1, [*keys, key("https://none")]) == {
        k: state_of([one]) for k, one in zip(keys, events, strict=True)
    }
    assert store.projections.events_of(1, keys[0]) == [stored[0]]
    assert store.projections.events_of_statement(1, stored[1].seq) == [stored[1]]
    (holding,) = store.projections.holdings([IDENTIFIER, "openid:http://x"])[IDENTIFIER]
    assert (holding.base, holding.persona) == ("p1", "p1")


def test_a_voided_event_stays_with_what_voided_it_first(store):
    project(store, [("p1", event())])
    project(store, voided={1: 2})
    project(store, voided={1: 3})
    assert [one.voided for one in store.projections.events_of(1, key())] == [2]


def test_an_event_goes_to_another_persona(store):
    (stored,) = project(store, [("p1", event())])
    moved = stored._replace(persona="p2")
    project(store, moved=[moved], records={key(): None, key(persona="p2"): state_of([event()])})
    assert store.projections.events_of(1, key()) == []
    assert store.projections.events_of(1, key(persona="p2")) == [moved]
    assert store.projections.keys_of(1, "p2", (), 10) == [key(persona="p2")]
    assert store.projections.about(1, Scope("p1", ""), [COURSE]) == []
    assert store.projections.about(1, Scope("p2", ""), [COURSE]) == [key(persona="p2")]


def test_scopes_are_paged_by_what_their_records_belong_to(store):
    events = [
        (f"p{p}", event(f"s{p}{r}", registration=f"r{r}")) for p in range(2) for r in range(2)
    ]
    project(store, [*events, ("p0", event("course", COURSE, None, registration="r9"))])
    seen, after = [], ()
    while page := store.projections.scopes(1, COURSE, after, 2):
        seen += page
        after = seen[-1]
    wanted = [("p0", "r0"), ("p0", "r1"), ("p0", "r9"), ("p1", "r0"), ("p1", "r1")]
    assert seen == wanted


def test_what_we_say_of_a_course_is_put_in_place_of_what_we_said(store):
    scope, one, two = Scope("p1", "r"), event("s1", COURSE), event("s2", "block")
    project(store, satisfied={(scope, COURSE): [one, two]})
    assert store.projections.satisfied(1, scope) == {COURSE: (two, one)}
    assert store.projections.said_of(1, COURSE, (), 10) == [scope]
    project(store, satisfied={(scope, COURSE): [one]})
    assert store.projections.satisfied(1, scope) == {COURSE: (one,)}
    assert store.records.events_about("p1", ["block"]) == []


def test_a_generation_is_built_beside_the_one_that_serves(store):
    project(store, [("p1", event())], due={("p1", "U0")})
    begun = store.projections.begin()
    assert begun == store.projections.begin() == Checkpoint(2, 0, 0)
    project(store, [("p1", event("s2"))], generation=2, due={("p1", "U1")})
    assert [one.statement for one in store.records.events_about("p1", [QUIZ])] == ["s1"]
    assert not store.projections.switch(begun)
    assert [found.unit for found in store.achievements.due(10)] == ["U0"]
    assert store.projections.switch(store.projections.checkpoint(2))
    assert [one.statement for one in store.records.events_about("p1", [QUIZ])] == ["s2"]
    assert {found.unit for found in store.achievements.due(10)} == {"U0", "U1"}
    assert store.projections.checkpoint(1) is None
    while store.projections.sweep(1):
        pass
    assert store.projections.events_of(1, key()) == []
    assert [one.statement for one in store.records.events_about("p1", [QUIZ])] == ["s2"]


def test_a_generation_with_rework_left_does_not_serve_yet(store):
    store.projections.begin()
    store.courses.put(
        CourseStructure(
            standard="cmi5", id=COURSE, nodes=(AssignableUnit(id=f"{COURSE}/1", url="1.html"),)
        )
    )
    assert not store.projections.switch(store.projections.checkpoint(2))
    waiting = store.projections.rework(2)
    assert (waiting.kind, waiting.subject, waiting.place) == ("course", COURSE, ())
    project(store, generation=2, reworked=(waiting, ("u", "p", "r")))
    assert store.projections.rework(2).place == ("u", "p", "r")
    project(store, generation=2, reworked=(waiting, None))
    assert store.projections.rework(2) is None
    assert store.projections.rework(1) is not None
    assert store.projections.switch(store.projections.checkpoint(2))


def test_a_generation_is_given_up(store):
    assert not store.projections.discard()
    store.projections.begin()
    assert store.projections.discard()
    assert store.projections.checkpoint(2) is None
    assert store.projections.begin().generation == 3
