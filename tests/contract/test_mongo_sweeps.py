"""Marking more people than one transaction can, in MongoDB."""

import pytest

from lrs.store.mongo import due as due_module
from lrs.store.mongo.due import carry_out, sweep_achievements
from lrs.store.mongo.store import MongoStore
from tests.contract.projected import event, named, project
from tests.contract.racing import each_at_once
from tests.contract.test_achievements import achievement, clear, due, settle, unit
from tests.mongo_server import empty


@pytest.fixture
def mongo_store(mongo, tmp_path, monkeypatch):
    monkeypatch.setattr(due_module, "STEP", 2)
    store = MongoStore(mongo + "contract", tmp_path)
    yield store
    store.close()
    empty(mongo + "contract")


def filled(mongo_store):
    settle(mongo_store, *(achievement(persona=f"p{n}", state="verified") for n in range(5)))
    clear(mongo_store)
    return {(f"p{n}", "U1") for n in range(5)}


def test_all_are_marked_step_by_step(mongo_store):
    of_all = filled(mongo_store)
    settle(mongo_store, achievement("U3", "p7"))
    clear(mongo_store)
    mongo_store.achievements.mark_achieved()
    assert due(mongo_store) == of_all
    clear(mongo_store)
    mongo_store.units.publish(unit("P1"), (), {"U1", "U3"})
    assert due(mongo_store) == {(persona, "P1") for persona, _ in of_all} | {("p7", "P1")}


def test_those_with_events_are_marked_once_however_many_they_have(mongo_store):
    activities = [f"https://a/{number}" for number in range(3)]
    events = [
        (persona, event(f"{persona}-{place}", activity, identifier=f"mbox:mailto:{persona}@b"))
        for persona in ("p1", "p2", "p3")
        for place, activity in enumerate(activities)
    ]
    personas = [named(f"p{n}", identifier=f"mbox:mailto:p{n}@b") for n in (1, 2, 3)]
    project(mongo_store, events, personas=personas)
    concerned = mongo_store.achievements.personas_concerned("U1", activities, (), "", 10)
    assert concerned == ["p1", "p2", "p3"]
    mongo_store.units.publish(unit(), activities)
    assert due(mongo_store) == {(f"p{number}", "U1") for number in (1, 2, 3)}


def test_what_one_left_undone_is_carried_on_by_who_asks_what_is_due(mongo_store, monkeypatch):
    of_all = filled(mongo_store)
    verified = {"state": "verified"}
    mongo_store.database.write(lambda tx: sweep_achievements(tx, verified))
    assert due(mongo_store) == set()
    monkeypatch.setattr(due_module, "ABANDONED", 0)
    for _ in range(4):
        mongo_store.achievements.due(10)
    assert due(mongo_store) == of_all
    assert mongo_store.database["sweep"].find_one({}) is None


def test_who_carries_out_the_same_sweep_marks_all(mongo_store):
    of_all = filled(mongo_store)
    sweep = mongo_store.database.write(lambda tx: sweep_achievements(tx, {"state": "verified"}))
    each_at_once(lambda _: carry_out(mongo_store.database, sweep), range(3))
    assert due(mongo_store) == of_all
