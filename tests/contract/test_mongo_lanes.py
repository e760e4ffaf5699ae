"""The watermark is true whatever becomes of a process that writes."""

import secrets
import threading
import time

import pytest
from pymongo import MongoClient

from lrs.store.errors import StoreError
from lrs.store.mongo import lanes as module
from lrs.store.mongo.database import MongoDatabase
from lrs.store.mongo.lanes import instant_at


@pytest.fixture
def address(mongo):
    address = f"{mongo}test_{secrets.token_hex(6)}"
    yield address
    with MongoClient(address) as client:
        client.drop_database(client.get_default_database().name)


@pytest.fixture
def process(address):
    """Open the database as one more process would; none of them lives longer than the test."""
    opened = []

    def another():
        opened.append(MongoDatabase(address, {"thing": []}))
        return opened[-1]

    yield another
    for database in opened:
        database.close()


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(module, "LEASE", 0.5)


def insert(tx):
    position = tx.next_seq()
    tx["thing"].insert_one({"_id": position})
    return position


def die(database):
    """Let a process beat no more and close nothing, as one that was killed."""
    database.lanes._closing.set()
    database.lanes._beating.join()


def wait_until(true):
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_a_process_wrote_it_reads_in_order_at_once(process):
    database = process()
    for _ in range(3):
        position = database.write(insert)
        assert database.lanes.through() >= instant_at(position)


def test_what_one_lane_wrote_is_read_though_another_was_told_of_before(process):
    database = process()
    both = threading.Barrier(2)
    threads = [
        threading.Thread(target=lambda: database.write(lambda tx: (both.wait(20), insert(tx))))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database.lanes.through()
    die(database)
    position = database.write(insert)
    database.lanes._raise(max(database.lanes._all, key=lambda lane: lane.ended_at))
    assert database.lanes.through() >= instant_at(position)


def test_a_transaction_that_is_open_holds_the_watermark_back_and_no_other_one(process):
    slow, quick_one = process(), process()
    begun, go_on = threading.Event(), threading.Event()
    positions = []

    def work(tx):
        positions.append(insert(tx))
        begun.set()
        assert go_on.wait(20)

    thread = threading.Thread(target=lambda: slow.write(work))
    thread.start()
    assert begun.wait(20)
    for _ in range(5):
        quick_one.write(insert)
        assert quick_one.lanes.through() < instant_at(positions[0])
    go_on.set()
    thread.join()
    wait_until(lambda: quick_one.lanes.through() >= instant_at(positions[0]))


def test_nobody_waits_for_ever_for_a_process_that_died(process, quick):
    killed, other = process(), process()
    position = killed.write(insert)
    die(killed)
    wait_until(lambda: other.lanes.through() >= instant_at(position))
    assert other["fence"].count_documents({}) == 0


def test_one_taken_for_dead_writes_after_what_was_promised_meanwhile(process, quick):
    paused, other = process(), process()
    paused.write(insert)
    die(paused)
    position = other.write(insert)
    wait_until(lambda: other.lanes.through() >= instant_at(position))
    promised = other.lanes.through()
    assert instant_at(paused.write(insert)) > promised


def test_one_taken_for_dead_while_it_writes_is_waited_for(process, quick):
    paused, other = process(), process()
    paused.write(insert)
    begun, go_on = threading.Event(), threading.Event()
    positions = []

    def work(tx):
        positions.append(insert(tx))
        begun.set()
        assert go_on.wait(20)

    thread = threading.Thread(target=lambda: paused.write(work))
    thread.start()
    assert begun.wait(20)
    die(paused)
    until = time.monotonic() + 2
    while time.monotonic() < until:
        assert other.lanes.through() < instant_at(positions[0])
    go_on.set()
    thread.join()
    wait_until(lambda: other.lanes.through() >= instant_at(positions[0]))
    assert other["thing"].find_one({"_id": positions[0]}) is not None


def test_lanes_of_many_threads_never_give_out_the_same_position(process):
    databases = [process(), process()]
    positions = []

    def work(database):
        positions.extend(database.write(insert) for _ in range(10))

    threads = [threading.Thread(target=work, args=(databases[n % 2],)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(positions)) == len(positions) == 80


def test_a_decision_that_rests_on_what_others_may_write_is_guarded(process):
    databases = [process(), process()]

    def take(tx):
        tx.guard("thing")
        if tx["thing"].find_one({"taken": True}) is None:
            tx["thing"].insert_one({"_id": tx.next_seq(), "taken": True})

    threads = [threading.Thread(target=databases[n % 2].write, args=(take,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert databases[0]["thing"].count_documents({}) == 1


def test_a_server_that_is_away_is_said_to_be(monkeypatch):
    monkeypatch.setattr("lrs.store.mongo.database.REACHED_WITHIN", 200)
    with pytest.raises(StoreError, match="cannot be reached"):
        MongoDatabase("mongodb://127.0.0.1:9/lrs", {})
    with pytest.raises(StoreError, match="no usable address"):
        MongoDatabase("mongodb://127.0.0.1:nine/lrs", {})
