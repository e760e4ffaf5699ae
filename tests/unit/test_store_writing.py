import multiprocessing
import sqlite3
import threading
import time

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
        except sqlite3.IntegrityError as error:
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


def test_a_write_is_told_only_once_it_is_on_the_disk(database, monkeypatch):
    database.write(put("a", b"1"))
    synced = []
    monkeypatch.setattr("os.fdatasync", synced.append)
    database.write(put("b", b"2"))
    assert len(synced) == 1
    # Nothing new to be brought there.
    database.write(lambda tx: None)
    assert len(synced) == 1


def test_what_another_has_committed_is_on_the_disk_before_it_is_told_of(tmp_path, monkeypatch):
    one, other = Database(tmp_path / "lrs.db"), Database(tmp_path / "lrs.db")
    begun, go_on, told = threading.Event(), threading.Event(), []

    def slow(_):
        begun.set()
        assert go_on.wait(10)
        told.append("on the disk")

    monkeypatch.setattr("os.fdatasync", slow)
    writer = threading.Thread(target=one.write, args=(put("a", b"1"),))
    finder = threading.Thread(target=lambda: told.append(other.write(lambda tx: "found")))
    writer.start()
    assert begun.wait(10)
    finder.start()
    go_on.set()
    writer.join(10)
    finder.join(10)
    assert told[0] == "on the disk" and "found" in told
    one.close()
    other.close()


def test_one_fsync_is_for_all_who_have_committed_before_it(database, monkeypatch):
    begun, go_on, synced = threading.Event(), threading.Event(), []

    def slow(descriptor):
        synced.append(descriptor)
        begun.set()
        assert go_on.wait(10)

    monkeypatch.setattr("os.fdatasync", slow)
    threads = [threading.Thread(target=database.write, args=(put("first", b""),))]
    threads[0].start()
    assert begun.wait(10)
    for number in range(8):
        threads.append(threading.Thread(target=database.write, args=(put(str(number), b""),)))
        threads[-1].start()
    while count(database) < 9:  # all are committed, and none is told of
        time.sleep(0.001)
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert len(synced) == 2


def test_a_disk_that_has_failed_is_not_believed_again(tmp_path, monkeypatch):
    database = Database(tmp_path / "lrs.db")

    def fail(_):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as failing:
        failing.setattr("os.fdatasync", fail)
        with pytest.raises(StoreError, match="brought to the disk"):
            database.write(put("a", b"1"))
    with pytest.raises(StoreError, match="brought to the disk"):
        database.write(put("b", b"2"))
    database.close()
