"""What every store of statements keeps to."""

import json
import uuid

import pytest

from lrs.store.statements import NewStatement, StatementQuery

SOURCE = 1


@pytest.fixture
def statements(store):
    store.sources.add(key="lms", name="LMS", provenance="server", scopes=("all",), secret_hash=b"x")
    return store.statements


def new(number, *keys, timed=True):
    properties = {"id": str(uuid.UUID(int=number)), "n": number}
    if timed:
        properties["timestamp"] = "2026-03-02T08:00:00Z"
    return NewStatement(
        id=uuid.UUID(int=number).bytes,
        body=json.dumps(properties).encode(),
        timestamp=timed,
        keys=frozenset(keys),
    )


def numbers(found):
    return [json.loads(one.body)["n"] for one in found]


def test_a_body_comes_back_with_when_it_was_stored(statements):
    statements.add(SOURCE, [new(1), new(2, timed=False)])
    first, second = (json.loads(one.body) for one in statements.following(0, 10))
    assert first["timestamp"] == "2026-03-02T08:00:00Z"
    assert first["stored"]
    assert second["timestamp"] == second["stored"]


def test_all_keys_must_be_met_whichever_is_rare(statements):
    statements.add(
        SOURCE,
        [
            new(
                number,
                "verb:v",
                *(["agent:a"] if number % 7 == 0 else []),
                f"activity:{number % 2}",
            )
            for number in range(1, 50)
        ],
    )
    for keys in (("verb:v", "agent:a", "activity:0"), ("activity:0", "agent:a", "verb:v")):
        found = statements.find(StatementQuery(keys=keys, ascending=True))
        assert numbers(found) == [14, 28, 42]


def test_since_and_until_are_places_in_the_order_of_storing(statements):
    stored = []
    for number in range(1, 12):
        statements.add(SOURCE, [new(number)])
        stored.append(statements.following(number - 1, 1)[0].stored)
    for place, instant in enumerate(stored):
        since = statements.find(StatementQuery(since=instant, ascending=True))
        until = statements.find(StatementQuery(until=instant, ascending=True))
        assert numbers(since) == list(range(place + 2, 12))
        assert numbers(until) == list(range(1, place + 2))
        assert numbers(statements.find(StatementQuery(since=instant - 1, until=instant))) == [
            place + 1
        ]


def test_statements_stored_before_and_after_retraining_are_read_alike(statements):
    statements.add(SOURCE, [new(number, "verb:v") for number in range(1, 3000)])
    statements.retrain()
    statements.add(SOURCE, [new(number, "verb:v") for number in range(3000, 3010)])
    found = statements.following(2990, 100)
    assert numbers(found) == list(range(2991, 3010))
