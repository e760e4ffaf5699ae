"""The work from statements to achievements gives the same on every store."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.inbound import inbound_adapters
from lrs.achievements.catalogue import units_by_activity
from lrs.achievements.evaluate import activities_of
from lrs.background import projection_steps
from lrs.records.rebuild import rebuild
from lrs.settings import Settings
from lrs.store.mongo.store import MongoStore
from lrs.store.sqlite.store import SqliteStore
from schemas.units import Completed
from tests.mongo_server import empty
from tests.unit.records_service import post, records
from tests.unit.test_inbound_moodle import files
from tests.unit.test_records_property import generated, told
from tests.unit.unit_service import unit


def serving(store, folder):
    """What of a service the background work and those who post need."""
    store.sources.add(
        key="admin", name="Administrator", provenance="server", scopes=("all",), secret_hash=None
    )
    return SimpleNamespace(
        store=store, settings=Settings(data=folder, public_url="http://lrs.example")
    )


@contextmanager
def on_sqlite(folder):
    store = SqliteStore(folder / "lrs.db")
    yield serving(store, folder)
    store.close()


@pytest.fixture
def on_mongo(mongo):
    address = mongo + "projecting"

    @contextmanager
    def opened(folder):
        store = MongoStore(address, folder)
        yield serving(store, folder)
        store.close()
        empty(address)

    return opened


def settle(service):
    steps = projection_steps(service)
    while sum(step() for step in steps):
        pass


def read(store):
    """All that is made from statements, without the seqs that a store gives."""
    people = store.records.personas(None, 10_000)
    return {
        "personas": people,
        "records": dict(records(SimpleNamespace(store=store))),
        "events": {
            one.id: [(at, event) for (at, *_), event in store.records.timeline(one.id, None, 1000)]
            for one in people
        },
        "courses": {one.id: store.records.courses_of(one.id, None, 1000) for one in people},
        "unrecognised": store.records.unrecognised(),
        # The hash of evidence is over its time of storing, too.
        "achievements": sorted(
            (one.persona, one.unit, one.version, one.state, one.achieved_at, sorted(one.evidence))
            for _, one in store.achievements.page(None, 10_000)
        ),
        "figures": [store.figures.total(noun) for noun in ("persona", "record", "achievement")],
    }


def publish_what_was_completed(store):
    """Publish a unit for each activity that anybody completed."""
    completed = {one.activity for _, one in store.records.records(None, 500) if one.completion}
    for place, activity in enumerate(sorted(completed)):
        one = unit(f"U{place}", Completed(activity=activity))
        store.units.publish(one, activities_of(one))
    return completed


def rebuild_all(store):
    reached = rebuild(store, inbound_adapters(), lambda: units_by_activity(store.units.all()))
    assert reached == store.records.checkpoint() == store.statements.last_seq()
    assert store.projections.checkpoint().generation == 2


def test_what_moodle_said_becomes_the_same_records_and_achievements(
    shared_data, tmp_path, on_mongo
):
    said = [statements for _, statements in files(shared_data)]
    assert sum(len(statements) for statements in said) == 117
    found = []
    for opened in (on_sqlite, on_mongo):
        with opened(tmp_path) as service:
            for statements in said:
                post(service, *statements)
            settle(service)
            completed = publish_what_was_completed(service.store)
            settle(service)
            found.append(read(service.store))
            assert len(found[-1]["achievements"]) >= len(completed) > 0
            rebuild_all(service.store)
            settle(service)
            assert read(service.store) == found[-1]
    assert found[0] == found[1]


@settings(
    max_examples=2,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 10_000), data=st.data())
def test_statements_in_any_order_and_batches_make_the_same_records_on_mongo(on_mongo, seed, data):
    line = generated(seed)
    shuffled = data.draw(st.permutations(line))
    cuts = data.draw(st.lists(st.integers(1, len(line) - 1), max_size=3))
    structures_at = data.draw(st.integers(0, 4))
    assert told(shuffled, cuts, structures_at, on_mongo) == told(line, [], 0)
