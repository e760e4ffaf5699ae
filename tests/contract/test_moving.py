"""What was in SQLite is in MongoDB afterwards, however often and whenever it was moved."""

import re
import secrets
import uuid
from datetime import date

import pytest
from pymongo import MongoClient

from lrs.moving.move import TABLES, NotTheSame, move_all
from lrs.moving.statements import move_statements
from lrs.store.documents import DocumentKey
from lrs.store.errors import StoreError
from lrs.store.mongo.store import MongoStore
from lrs.store.sqlite.store import SqliteStore
from lrs.store.statements import StatementQuery
from schemas.organisations import Organisation
from tests.contract.test_achievements import clear, due
from tests.contract.test_exchange import BANK
from tests.contract.test_identity import HOME, WORK, confirm, link, listed
from tests.contract.test_organisations import ACME, ACT, achievement, consent, employ, settle
from tests.unit.test_rebuild import voiding
from tests.unit.unit_service import UnitService, learner

STATE = DocumentKey("state", "https://a.example", "mbox:mailto:a@b.example", "", "s1")
MOVED_WITH_OTHERS = (
    "achievement_source",
    "evidence_statement",
    "posting",
    "recovery_code",
    "reference",
    "sign_in_link",
    "signature",
    "source_secret",
    "statement",
)
MADE_ANEW = (
    "belonging",
    "course_unit",
    "due_in_generation",
    "event",
    "generation",
    "record",
    "rework",
    "satisfied",
    "unrecognised",
)
OF_SQLITE = (
    "dictionary",
    "posting_bitmap",
    "posting_bitmaps_made",
    "retention_attachment",
    "schema_step",
    "session",
    "shared_seq",
)

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
    assert move_statements(service.store, target, ignore) == 8
    service.post(voiding(numbered(5)["id"], 101), *(numbered(n) for n in range(10, 13)))
    assert move_statements(service.store, target, ignore) == 12
    assert move_statements(service.store, target, ignore) == 12
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


def test_what_comes_later_is_after_what_was_moved(service, target):
    move_statements(service.store, target, ignore)
    last = target.statements.last_seq()
    number = target.database.write(lambda tx: tx.next_seq())
    assert number > last
    assert target.database.lanes.through() > 0


@pytest.mark.parametrize(
    ("collection", "change", "said"),
    [
        ("statement", {"$set": {"b": b"{}"}}, "statements"),
        ("statement", {"$set": {"at": 5}}, "statements"),
        ("source", {"$set": {"name": "stranger"}}, r"source \(3 of 2\)"),
    ],
)
def test_a_difference_is_said_and_the_file_kept(
    service, target, tmp_path, collection, change, said
):
    file = tmp_path / "lrs.db"
    move_statements(service.store, target, ignore)
    service.store.close()
    number = uuid.UUID(int=2).bytes if collection == "statement" else 77
    target.database[collection].update_one({"_id": number}, change, upsert=True)
    with pytest.raises(NotTheSame, match=said):
        move_all(file, target, ignore)
    SqliteStore(file).close()


def test_what_is_seen_of_merged_personas_moves_to_the_one_that_is_left(service, target, tmp_path):
    store = service.store
    store.organisations.put(Organisation(id="acme", kind="enterprise", name="ACME"), ACT)
    for identifier in (WORK, HOME):
        listed(store, [identifier], person=identifier)
    found = store.records.personas_of([WORK, HOME])
    one, other = found[WORK], found[HOME]
    employ(store, one, employee="7", department="a", until=date(2999, 1, 1))
    consent(store, one)
    settle(store, achievement(one))
    settle(store, achievement(other, "U2"))
    confirm(store, link(persona=one, other=other))
    store.close()
    move_all(tmp_path / "lrs.db", target, ignore)
    organisations = target.organisations
    assert [organisations.level("acme", each) for each in (one, other)] == [None, "achievements"]
    settle(target, achievement(other, "U3"))
    seen = organisations.shared(ACME, 0, 10)
    assert {(each.id, each.employee, each.department) for each in seen} == {
        (f"{other}-{unit}", "7", "a") for unit in ("U2", "U3")
    }
    organisations.settle(date(2999, 1, 1), 10)
    assert organisations.level("acme", other) is None
    target.erasure.erase(other, ACT)
    assert {each.persona for each in organisations.changes(ACME, 0, 10)} == {""}


def test_what_was_moved_is_found_again_by_what_names_it(service, target, tmp_path):
    """Due evaluations end, accounts are known, and a place in a status list is not given twice."""
    store = service.store
    store.exchange.put_receiver(BANK)
    store.database.write(
        lambda tx: (
            tx.execute("INSERT INTO due_evaluation (persona, unit, marked) VALUES ('li', 'U1', 7)"),
            tx.execute("INSERT INTO learner_account VALUES ('bank', 'li', 'account:http://b|1')"),
        )
    )
    places = {store.credentials.reserve_place(4) for _ in range(3)}
    store.close()
    move_all(tmp_path / "lrs.db", target, ignore)
    assert ("li", "U1") in due(target)
    clear(target)
    assert ("li", "U1") not in due(target)
    assert target.exchange.account("bank", "li") == "account:http://b|1"
    places |= {target.credentials.reserve_place(4) for _ in range(3)}
    assert len(places) == 6


def test_every_table_is_moved_or_made_anew(service):
    moved = {name for table in TABLES for name in re.findall(r"(?:FROM|JOIN) (\w+)", table.select)}
    tables = service.store.database.read().execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    assert {row[0] for row in tables} - moved == {*MOVED_WITH_OTHERS, *MADE_ANEW, *OF_SQLITE}
