import multiprocessing
import threading

import pytest

from lrs.store.errors import StoreError
from lrs.store.sqlite.database import Database


@pytest.fixture
def database(tmp_path):
    database = Database(tmp_path / "lrs.db")
    yield database
    database.close()


def put(name, value):
    return lambda tx: tx.execute("INSERT INTO setting VALUES (?, ?)", (name, value)).rowcount


def count(database):
    return database.read().execute("SELECT count(*) FROM setting").fetchone()[0]


def test_a_write_is_seen_by_readers_once_it_returns(database):
    database.write(put("a", b"1"))
    assert database.read().execute("SELECT value FROM setting").fetchall() == [(b"1",)]


def test_a_piece_that_raises_leaves_nothing_and_its_error_reaches_its_caller(database):
    def half_done(tx):
        put("a", b"1")(tx)
        raise ValueError("not like this")

    with pytest.raises(ValueError, match="not like this"):
        database.write(half_done)
    database.write(put("b", b"2"))
    assert database.read().execute("SELECT name FROM setting").fetchall() == [("b",)]


def test_pieces_of_one_group_do_not_disturb_each_other(database):
    inside, go_on = threading.Event(), threading.Event()
    errors = []

    def first(tx):
        inside.set()
        assert go_on.wait(10)

    def write(work):
        try:
            database.write(work)
        except Exception as error:
            errors.append(type(error).__name__)

    opener = threading.Thread(target=write, args=(first,))
    opener.start()
    assert inside.wait(10)
    others = [threading.Thread(target=write, args=(put("same", b"x"),)) for _ in range(20)]
    for thread in others:
        thread.start()
    go_on.set()
    for thread in [opener, *others]:
        thread.join()
    assert count(database) == 1
    assert errors == ["IntegrityError"] * 19


def test_instants_only_grow_and_are_later_than_what_readers_were_promised(database):
    seen = []
    for _ in range(50):
        seen.append(database.write(lambda tx: tx.instant))
        seen.append(database.consistent_through())
    assert seen == sorted(set(seen))


def test_the_promise_holds_while_a_write_is_under_way(database):
    inside, go_on = threading.Event(), threading.Event()
    instants = []

    def slow(tx):
        instants.append(tx.instant)
        inside.set()
        assert go_on.wait(10)

    thread = threading.Thread(target=database.write, args=(slow,))
    thread.start()
    assert inside.wait(10)
    promised = database.consistent_through()
    go_on.set()
    thread.join()
    assert promised < instants[0]


def write_many(path, name, times):
    database = Database(path)
    for number in range(times):
        database.write(put(f"{name}-{number}", b""))
    database.close()


def test_several_processes_write_without_losing_or_locking(tmp_path):
    path = tmp_path / "lrs.db"
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=write_many, args=(path, f"p{n}", 50)) for n in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    database = Database(path)
    assert count(database) == 150
    database.close()


def test_a_file_of_a_later_version_is_refused_with_what_to_do(tmp_path):
    database = Database(tmp_path / "lrs.db")
    database._writer.execute("INSERT INTO schema_step VALUES ('9999_later.sql')")
    database.close()
    with pytest.raises(StoreError, match="upgrade the program"):
        Database(tmp_path / "lrs.db")


def test_a_closed_store_refuses_work(tmp_path):
    database = Database(tmp_path / "lrs.db")
    database.close()
    with pytest.raises(StoreError, match="closed"):
        database.write(put("a", b""))
