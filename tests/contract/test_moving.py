"""What was in SQLite is in MongoDB afterwards, however often and whenever it was moved."""

import secrets
import uuid

import pytest
from pymongo import MongoClient

from lrs.store.documents import DocumentKey
from lrs.store.errors import StoreError
from lrs.store.imports import QuarantinePlace
from lrs.store.mongo.store import MongoStore
from lrs.store.moving.move import NotTheSame, move_all, move_live
from lrs.store.sqlite.store import SqliteStore
from lrs.store.statements import StatementQuery
from schemas.devices import Device, DeviceBatch
from tests.contract.projected import named, project
from tests.contract.test_courses import GEOLOGY
from tests.contract.test_identity import link
from tests.contract.test_imports import BY, a_person, an_import, quarantined, taken
from tests.unit.test_rebuild import voiding
from tests.unit.unit_service import UnitService, learner

STATE = DocumentKey("state", "https://a.example", "mbox:mailto:a@b.example", "", "s1")
VERB = "verb:http://adlnet.gov/expapi/verbs/completed"


def ignore(done, of):
    """No one looks."""


def numbered(number, **changes):
    return learner(number, id=str(uuid.UUID(int=number)), **changes)


@pytest.fixture
def target(mongo, tmp_path):
    address = f"{mongo}test_{secrets.token_hex(6)}"
    store = MongoStore(address, tmp_path)
    yield store
    store.close()
    with MongoClient(address) as client:
        client.drop_database(client.get_default_database().name)


@pytest.fixture
def service(tmp_path):
    service = UnitService(tmp_path)
    service.post(*(numbered(number) for number in range(1, 8)))
    service.post(voiding(numbered(3)["id"], 100))
    service.lms.put(
        "/xapi/activities/state",
        query_string={
            "activityId": "https://a.example",
            "agent": '{"mbox":"mailto:a@b.example"}',
            "stateId": "s1",
        },
        data=b"x" * 20_000_000,
        content_type="application/octet-stream",
    )
    yield service
    service.store.close()


def bodies(store, **query):
    return [(one.stored, one.body) for one in store.statements.find(StatementQuery(**query))]


def test_statements_move_while_more_come_in_each_once(service, target):
    assert move_live(service.store, target, ignore) == 8
    service.post(voiding(numbered(5)["id"], 101), *(numbered(n) for n in range(10, 13)))
    assert move_live(service.store, target, ignore) == 12
    assert move_live(service.store, target, ignore) == 12
    for query in ({}, {"keys": (VERB,)}, {"ascending": True}):
        assert bodies(target, **query) == bodies(service.store, **query) != []
    instants = [one.stored for one in service.store.statements.following(0, 100)]
    for instant in instants:
        for bound in ("since", "until"):
            assert bodies(target, **{bound: instant}) == bodies(service.store, **{bound: instant})


def test_all_is_moved_compared_and_the_file_given_up(service, target, tmp_path):
    file = tmp_path / "lrs.db"
    with pytest.raises(StoreError, match="in use"):
        move_all(file, target, ignore)
    before = SqliteStore(file)
    statements, sources = bodies(before), before.sources.all()
    audit, facts = before.audit.page(None, 100), before.facts.after(0, 100)
    before.close()
    service.store.close()

    moved = move_all(file, target, ignore)

    assert moved.statements == 8
    assert bodies(target) == statements
    assert target.sources.all() == sources
    assert target.sources.with_key("lms")[1]
    assert target.audit.page(None, 100) == audit
    assert target.facts.after(0, 100) == facts
    assert len(target.documents.get(STATE).content) == 20_000_000
    with pytest.raises(StoreError, match="moved to MongoDB"):
        SqliteStore(file)


def peopled(store):
    """Give a store what there is beside statements: of identities, courses, files and devices."""
    project(
        store,
        personas=[named(f"p{n}", "李娜", identifier=f"mbox:mailto:{n}@b.cn") for n in range(3)],
        steps=8,
    )
    for number in range(3):
        store.identity.link_by_roster(
            "hr",
            str(number),
            identifiers=[f"mbox:mailto:{number}@b.cn"],
            name="李娜",
            organisations=[("work", "某公司")],
        )
    for one in (
        link(),
        link(kind="undo", undoes="l1", id="l2"),
        link(kind="transfer", identifier="mbox:mailto:2@b.cn", since=9, other="p0", id="l3"),
    ):
        store.identity.propose(one)
        store.identity.decide(one.id, "person:chief", "confirmed", "Seen.")
    store.identity.follow_rosters(2)
    store.courses.put(GEOLOGY)
    store.rosters.put("hr", "a", [a_person(1), a_person(2)])
    store.rosters.end("hr", "person", ["1"])
    store.imports.add(an_import(held=True))
    store.imports.advance("a", 0, 1, [taken(2), quarantined(3), quarantined(4)])
    store.imports.discard(QuarantinePlace("a", 4), BY)
    store.devices.register(
        Device(id="d", name="D", source="s", jwk={"kty": "EC"}, by="person:1", registered=0)
    )
    store.devices.take("d", DeviceBatch(number=3, sha256="x", import_id="a", received=0))
    store.copies.noted(7)


def beside_statements(store):
    everyone = store.records.personas(None, 100)
    return {
        "personas": everyone,
        "holdings": store.projections.holdings([i for one in everyone for i in one.identifiers]),
        "links": store.identity.links(None, 10),
        "history": store.identity.history("p1"),
        "employers": store.identity.employers("p1"),
        "suggestions": store.identity.suggestions(None, 10),
        "followed": store.identity.rosters_followed(),
        "courses": (store.courses.page(None, 9), store.courses.with_units([f"{GEOLOGY.id}/2"])),
        "rosters": (store.rosters.following(0, 9), store.rosters.entries("hr", "person", None, 9)),
        "imports": (store.imports.page(None, 9), store.imports.rows("a", 0, 9)),
        "quarantine": [
            store.imports.quarantine(None, 9, state=state, by="person:1")
            for state in ("quarantined", "discarded")
        ],
        "devices": (store.devices.page(None, 9), store.devices.batches("d", 0, 9)),
        "copied": store.copies.last(),
        "counted": store.figures.total("persona"),
    }


def test_what_there_is_beside_statements_is_read_alike_afterwards(service, target, tmp_path):
    peopled(service.store)
    before = beside_statements(service.store)
    assert all(before.values())
    service.store.close()
    move_all(tmp_path / "lrs.db", target, ignore)
    assert beside_statements(target) == before
    assert target.imports.lease(60).id == "a"


def test_what_comes_later_is_after_what_was_moved(service, target):
    move_live(service.store, target, ignore)
    last = target.statements.last_seq()
    number = target.database.write(lambda tx: tx.next_seq())
    assert number > last
    assert target.database.lanes.through() > 0


def test_a_difference_is_said_and_the_file_kept(service, target, tmp_path):
    file = tmp_path / "lrs.db"
    move_live(service.store, target, ignore)
    service.store.close()
    target.database["statement"].update_one({"_id": uuid.UUID(int=2).bytes}, {"$set": {"b": b"{}"}})
    target.database["source"].insert_one({"_id": 77, "key": "stranger"})
    with pytest.raises(NotTheSame, match=r"source \(\d of \d\), statements"):
        move_all(file, target, ignore)
    SqliteStore(file).close()
