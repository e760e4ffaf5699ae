"""What every store of statements keeps to."""

import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace as replaced

import pytest

from lrs.store.statements import Conflict, NewStatement, StatementQuery

SOURCE = 1


@pytest.fixture
def statements(store):
    """Statements of the tests' own kind: a key is the statement's number."""
    store.sources.add(key="lms", name="LMS", provenance="server", scopes=("all",), secret_hash=b"x")
    # Bodies here are no statements.
    reader = getattr(store.statements, "adding", store.statements)
    reader._keys = lambda body: frozenset({f"n:{json.loads(body)['n']}"})
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
        stored.append(statements.get(uuid.UUID(int=number).bytes).stored)
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
    before = statements.get(uuid.UUID(int=2990).bytes).seq
    found = statements.following(before, 100)
    assert numbers(found) == list(range(2991, 3010))


def test_a_batch_with_another_statement_under_a_taken_id_leaves_nothing(statements):
    statements.add(SOURCE, [new(1)])
    with pytest.raises(Conflict) as raised:
        statements.add(SOURCE, [new(2), replaced(new(1), body=b'{"n": 9}')])
    assert raised.value.index == 1
    assert statements.get(uuid.UUID(int=2).bytes) is None
    assert statements.add(SOURCE, [new(1), new(2)]) == 1


def test_what_raises_before_the_commit_leaves_nothing(statements):
    def fail():
        raise OSError("no room")

    with pytest.raises(OSError):
        statements.add(SOURCE, [new(1)], fail)
    assert statements.last_seq() == 0


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
def test_those_that_refer_are_found_by_the_keys_along_the_way(statements, order):
    """3 refers to 2, which refers to 1; whichever comes first."""
    for number in order:
        refers = {2: 1, 3: 2}.get(number)
        statements.add(
            SOURCE,
            [
                replaced(
                    new(number, f"n:{number}"),
                    refers_to=None if refers is None else uuid.UUID(int=refers).bytes,
                )
            ],
        )
    found = statements.find(StatementQuery(keys=("n:1",)))
    assert sorted(numbers(found)) == [1, 2, 3]
    assert sorted(numbers(statements.find(StatementQuery(keys=("n:2",))))) == [2, 3]


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
@pytest.mark.parametrize("at_once", [True, False])
def test_a_voided_statement_is_not_found_in_whichever_order_they_came(statements, order, at_once):
    voiding = replaced(new(2), refers_to=uuid.UUID(int=1).bytes, voids=True)
    both = [{1: new(1), 2: voiding}[number] for number in order]
    for batch in [both] if at_once else [[one] for one in both]:
        statements.add(SOURCE, batch)
    assert numbers(statements.find(StatementQuery())) == [2]
    assert statements.get(uuid.UUID(int=1).bytes).voided
    seq = statements.get(uuid.UUID(int=2).bytes).seq
    assert statements.voided_by(uuid.UUID(int=1).bytes) == seq
    assert list(statements.each_referring(uuid.UUID(int=1).bytes)) == [seq]
    assert numbers(statements.following(0, 10)) == list(order)


def test_pages_go_on_where_they_ended(statements):
    statements.add(SOURCE, [new(number) for number in range(1, 12)])
    for ascending, expected in ((True, list(range(1, 12))), (False, list(range(11, 0, -1)))):
        seen, after = [], None
        while page := statements.find(StatementQuery(ascending=ascending, after=after, limit=4)):
            seen += numbers(page)
            after = page[-1].seq
        assert seen == expected


def test_definitions_are_merged(statements):
    told = {"https://a": b'{"name":{"en":"A"}}'}
    for definition in (b'{"name":{"en":"A"}}', b'{"name":{"zh-CN":"\xe7\x94\xb2"}}'):
        statements.add(
            SOURCE, [replaced(new(len(definition)), definitions=(("https://a", definition),))]
        )
    found = json.loads(statements.definitions(told)["https://a"])
    assert found == {"name": {"en": "A", "zh-CN": "甲"}}


def test_many_threads_store_at_once_and_a_reader_in_order_misses_none(statements):
    with ThreadPoolExecutor(8) as pool:
        added = pool.map(
            lambda thread: sum(
                statements.add(SOURCE, [new(thread * 100 + n), new(thread * 100 + n + 1)])
                for n in range(1, 20, 2)
            ),
            range(8),
        )
        seen, place, until = [], 0, time.monotonic() + 60
        while len(seen) < 160 and time.monotonic() < until:
            for one in statements.following(place, 7):
                seen.append(json.loads(one.body)["n"])
                assert one.seq > place
                place = one.seq
        assert sum(added) == 160
    assert len(set(seen)) == len(seen) == 160


def test_the_same_statement_from_many_threads_is_stored_once(statements):
    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(lambda _: statements.add(SOURCE, [new(1), new(2)]), range(16)))
    assert sorted(added)[-1] == sum(added) == 2


def test_what_is_stored_is_before_the_watermark_soon(statements):
    statements.add(SOURCE, [new(1)])
    stored = statements.get(uuid.UUID(int=1).bytes).stored
    until = time.monotonic() + 20
    while statements.consistent_through() < stored:
        assert time.monotonic() < until
        time.sleep(0.02)
