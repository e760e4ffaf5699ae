"""A disk that is full or takes no writes, a clock that jumps, clients that hold connections."""

import base64
import json
import socket
import time
from urllib.parse import quote, urlsplit

import psutil
import pytest

from lrs.store.sqlite import database as database_module
from tests.acceptance.lrs_process import KEY, SECRET, lrs_process
from tests.unit.unit_service import learner
from tests.unit.xapi_service import service_client

BASIC = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
HELD = 60
"""Connections that slow clients hold: several times the threads that answer requests."""


@pytest.fixture
def client(tmp_path):
    with service_client(tmp_path) as client:
        yield client


def stored(client):
    return client.service.store.health.statements()


def post(client, number):
    return client("POST", "statements", json=[learner(number), learner(number + 1)])


def test_a_full_disk_refuses_and_loses_nothing(client):
    acknowledged = 0
    writer = client.service.store.database._writer
    pages = writer.execute("PRAGMA page_count").fetchone()[0]
    writer.execute(f"PRAGMA max_page_count = {pages + 8}")
    while (answer := post(client, acknowledged)).status_code == 200:
        acknowledged += 2
    assert answer.status_code == 503
    assert "later" in answer.json["detail"]
    assert acknowledged > 0
    assert stored(client) == acknowledged
    writer.execute("PRAGMA max_page_count = 1000000")
    assert post(client, 0).status_code == 200
    assert stored(client) == acknowledged + 2
    integrity = client.service.store.database.read().execute("PRAGMA integrity_check").fetchone()
    assert integrity == ("ok",)


def test_a_file_that_may_not_grow_refuses_and_goes_on_once_it_may(tmp_path):
    """The limit of the system on a file's size, on the running process, as a quota would be."""
    with lrs_process(tmp_path) as xapi:
        served = psutil.Process().children(recursive=True)
        workers = [one for one in served if "multiprocessing" in " ".join(one.cmdline())] or served
        limits = {one: one.rlimit(psutil.RLIMIT_FSIZE) for one in workers}
        log = tmp_path / "data" / "lrs.db-wal"
        before = [ask(xapi, number) for number in range(3)]
        most = log.stat().st_size
        for one in workers:
            one.rlimit(psutil.RLIMIT_FSIZE, (most, limits[one][1]))
        refused = [ask(xapi, number) for number in range(3)]
        for one, limit in limits.items():
            one.rlimit(psutil.RLIMIT_FSIZE, limit)
        after = [ask(xapi, number) for number in range(3)]
    assert before == after == [200, 200, 200]
    assert refused == [503, 503, 503]


def test_a_disk_that_takes_no_writes_still_answers_reading(client):
    assert post(client, 1).status_code == 200
    client.service.store.database._writer.execute("PRAGMA query_only = ON")
    assert post(client, 3).status_code == 503
    assert client("GET", "statements").status_code == 200
    client.service.store.database._writer.execute("PRAGMA query_only = OFF")
    assert post(client, 3).status_code == 200
    assert stored(client) == 4


def test_whatever_the_clock_does_stored_grows_and_what_was_promised_holds(client, monkeypatch):
    real, jump = time.time_ns, [0]
    monkeypatch.setattr(database_module.time, "time_ns", lambda: real() + jump[0] * 10**9)
    through = ""
    for number, jump[0] in enumerate([0, 3600, -3600, 86_400, -86_400, 0, 30 * 86_400, 0]):
        answer = post(client, number * 2)
        assert answer.status_code == 200
        later = client("GET", "statements", query={"limit": 1})
        promised = later.headers["X-Experience-API-Consistent-Through"]
        assert promised >= through
        assert later.json["statements"][0]["stored"] > through
        through = promised
    times = [
        row[0]
        for row in client.service.store.database.read().execute(
            "SELECT stored FROM statement ORDER BY seq"
        )
    ]
    assert times == sorted(times)


def ask(xapi, number=None):
    """The status of one request, on a connection of its own."""
    where = urlsplit(xapi)
    body = b"" if number is None else json.dumps([learner(number)]).encode()
    with socket.create_connection((where.hostname, where.port), timeout=30) as connection:
        line = b"GET /healthz" if number is None else b"POST /xapi/statements"
        connection.sendall(line + b" HTTP/1.1\r\n" + head(where, len(body)) + body)
        return int(connection.recv(1 << 16).split()[1])


def head(where, length):
    return (
        f"Host: {where.netloc}\r\nAuthorization: Basic {BASIC}\r\n"
        f"X-Experience-API-Version: 2.0.0\r\nContent-Type: application/json\r\n"
        f"Content-Length: {length}\r\nConnection: close\r\n\r\n"
    ).encode()


def test_clients_that_send_their_headers_slowly_keep_no_one_from_being_answered(tmp_path):
    with lrs_process(tmp_path) as xapi:
        where = urlsplit(xapi)
        held = []
        for _ in range(HELD):
            connection = socket.create_connection((where.hostname, where.port))
            whole = b"POST /xapi/statements HTTP/1.1\r\n" + head(where, 1000)
            connection.sendall(whole[:-2])
            held.append(connection)
        time.sleep(0.5)
        assert ask(xapi) == 200
        assert ask(xapi, 1) == 200
        for connection in held:
            connection.close()
        assert ask(xapi, 2) == 200


def test_clients_that_send_their_bodies_slowly_keep_no_one_from_being_answered(tmp_path):
    """A hundred, with bodies begun and not ended, while others read and write."""
    with lrs_process(tmp_path) as xapi:
        where = urlsplit(xapi)
        held = []
        for _ in range(100):
            connection = socket.create_connection((where.hostname, where.port))
            connection.sendall(b"POST /xapi/statements HTTP/1.1\r\n" + head(where, 1000) + b"[{")
            held.append(connection)
        time.sleep(0.5)
        answers = [ask(xapi, number) for number in range(20)] + [ask(xapi)]
        assert answers == [200] * 21
        # One of them goes on, and is answered as if it had been quick.
        rest = json.dumps(learner(99)).encode()[1:] + b"]"
        held[0].sendall(rest + b" " * (1000 - 2 - len(rest)))
        held[0].settimeout(30)
        assert held[0].recv(1 << 16).split()[1] == b"200"
        for connection in held:
            connection.close()
        assert ask(xapi, 100) == 200


def test_half_a_body_is_not_taken_for_the_whole(tmp_path):
    with lrs_process(tmp_path) as xapi:
        where = urlsplit(xapi)
        target = f"/xapi/activities/profile?activityId={quote('https://a.example/1')}&profileId=p"
        line = f"PUT {target} HTTP/1.1\r\n".encode()
        fields = head(where, 50).replace(b"application/json", b"text/plain")
        with socket.create_connection((where.hostname, where.port), timeout=30) as connection:
            connection.sendall(line + fields + b"half")
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(1 << 16).split()[1] == b"400"
        with socket.create_connection((where.hostname, where.port), timeout=30) as connection:
            connection.sendall(f"GET {target} HTTP/1.1\r\n".encode() + head(where, 0))
            assert connection.recv(1 << 16).split()[1] == b"404"
