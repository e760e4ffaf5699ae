"""How fast statements come in, against the bare engine's speed in the same run."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson

from lrs.store.sqlite.database import LOG_PAGES
from lrs.store.sqlite.store import SqliteStore
from lrs.xapi.statements import complete
from schemas.sources import Source
from schemas.xapi import decode_statements
from tests.acceptance.lrs_process import KEY, SECRET, lrs_process
from tests.bench import cohort
from tests.bench.load import request, send
from tests.bench.report import Report

CONNECTIONS = 8
WORKERS = 2
SIGNED_IN = {
    "Authorization": "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode(),
    "X-Experience-API-Version": "1.0.3",
    "Content-Type": "application/json",
}
SOURCE = Source(id=1, key="bench", name="LMS", provenance="server", scopes=("all",))


def run(report: Report, scale: int) -> None:
    """Measure decoding, storing and posting of `scale` thousand statements each."""
    count = 1000 * scale
    bodies = [orjson.dumps(one) for one in cohort.statements(4 * count)]
    _decoding(report, bodies[:count])
    floor = _storage_floor(bodies[:count])
    _storing(report, bodies[:count], floor)
    with tempfile.TemporaryDirectory() as folder, empty_view() as empty:
        ask = [
            request("POST", f"http://127.0.0.1:{empty[1]}/", SIGNED_IN, b"[" + body + b"]")
            for body in bodies[:count]
        ]
        views = send(empty, ask, CONNECTIONS)
        with lrs_process(Path(folder), f"--workers={WORKERS}") as endpoint:
            port = int(endpoint.split(":")[2].split("/")[0])
            for size, share, target in ((1, 0, None), (5, 1, "2500"), (50, 2, None)):
                mine = bodies[(share + 1) * count : (share + 2) * count]
                made = [
                    request(
                        "POST",
                        f"{endpoint}statements",
                        SIGNED_IN,
                        b"[" + b",".join(mine[place : place + size]) + b"]",
                    )
                    for place in range(0, count, size)
                ]
                sent = send(("127.0.0.1", port), made, CONNECTIONS)
                rate = sent.rate * size
                if size == 1:
                    report.add(
                        "ingest", "one a POST", rate, "POST/s", floor=views.rate, target="0.35"
                    )
                elif size == 50:
                    report.add("ingest", "50 a POST, over HTTP", rate, "statements/s", floor=floor)
                else:
                    report.add("ingest", f"{size} a POST", rate, "statements/s", target=target)


def _decoding(report: Report, bodies: Sequence[bytes]) -> None:
    batches = [b"[" + b",".join(bodies[n : n + 50]) + b"]" for n in range(0, len(bodies), 50)]
    began = time.perf_counter()
    for batch in batches:
        orjson.loads(batch)
    floor = len(bodies) / (time.perf_counter() - began)
    began = time.perf_counter()
    for batch in batches:
        decode_statements(batch, "1.0.3")
    rate = len(bodies) / (time.perf_counter() - began)
    report.add("decode", "decoded and checked", rate, "statements/s", floor=floor)


def _prepared(bodies: Sequence[bytes]) -> list[list[object]]:
    return [
        [
            complete(one, SOURCE, "1.0.3", "http://lrs.example")
            for one in decode_statements(b"[" + b",".join(bodies[n : n + 50]) + b"]", "1.0.3")[0]
        ]
        for n in range(0, len(bodies), 50)
    ]


def _storage_floor(bodies: Sequence[bytes]) -> float:
    """Write the same rows and indexes with the same fsyncs in a bare loop; return the rate of the
    second half.
    """
    with tempfile.TemporaryDirectory() as folder:
        source = SqliteStore(Path(folder) / "source.db")
        source.sources.add(
            key="bench", name="LMS", provenance="server", scopes=("all",), secret_hash=b"x"
        )
        _half_with_a_trained_dictionary(source, _prepared(bodies))
        database = source.database
        rows = database.read().execute("SELECT * FROM statement ORDER BY seq").fetchall()
        postings: dict[int, list[tuple[int, int]]] = {}
        for term, seq in database.read().execute("SELECT term, seq FROM posting"):
            postings.setdefault(seq, []).append((term, seq))
        bare = sqlite3.connect(Path(folder) / "bare.db", isolation_level=None)
        bare.execute("PRAGMA journal_mode = WAL")
        bare.execute("PRAGMA synchronous = FULL")
        bare.execute("PRAGMA cache_size = -32768")
        bare.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        bare.execute("PRAGMA foreign_keys = ON")
        for (sql,) in database.read().execute(
            "SELECT sql FROM sqlite_schema WHERE tbl_name IN "
            "('statement', 'posting', 'source', 'dictionary') AND type != 'trigger' "
            "AND sql IS NOT NULL"
        ):
            bare.execute(sql)
        for table in ("source", "dictionary"):
            kept = database.read().execute(f"SELECT * FROM {table}").fetchall()
            bare.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(kept[0]))})", kept)
        marks = ", ".join("?" * len(rows[0]))

        def write(some: Sequence[tuple[object, ...]]) -> None:
            for place in range(0, len(some), 50):
                bare.execute("BEGIN IMMEDIATE")
                group = some[place : place + 50]
                bare.executemany(f"INSERT INTO statement VALUES ({marks})", group)
                bare.executemany(
                    "INSERT INTO posting VALUES (?, ?)",
                    [posting for row in group for posting in postings[row[0]]],
                )
                bare.execute("COMMIT")

        half = len(rows) // 100 * 50
        write(rows[:half])
        began = time.perf_counter()
        write(rows[half:])
        rate = (len(rows) - half) / (time.perf_counter() - began)
        bare.close()
        source.close()
        return rate


def _storing(report: Report, bodies: Sequence[bytes], floor: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "lrs.db")
        store.sources.add(
            key="bench", name="LMS", provenance="server", scopes=("all",), secret_hash=b"x"
        )
        batches = _prepared(bodies)
        half = len(batches) // 2
        seconds = _half_with_a_trained_dictionary(store, batches)
        rate = (len(batches) - half) * 50 / seconds
        report.add(
            "store", "batches of 50, one caller", rate, "statements/s", floor=floor, target="0.6"
        )
        report.add(
            "store", "size, indexes included", _size(store, half * 50), "octets", target="<600"
        )
        store.close()


def _half_with_a_trained_dictionary(store: SqliteStore, batches: Sequence[list[object]]) -> float:
    """Store batches, the second half with a dictionary trained on the first; return the seconds
    that the second half took.
    """
    half = len(batches) // 2
    for batch in batches[:half]:
        store.statements.add(1, batch)  # type: ignore[arg-type]
    store.statements.retrain()
    began = time.perf_counter()
    for batch in batches[half:]:
        store.statements.add(1, batch)  # type: ignore[arg-type]
    return time.perf_counter() - began


def _size(store: SqliteStore, after: int) -> float:
    """Return octets a statement of those stored with a trained dictionary."""
    read = store.database.read()
    bodies, count = read.execute(
        "SELECT sum(length(body) + 40), count(*) FROM statement WHERE seq > ?", (after,)
    ).fetchone()
    (indexes,) = read.execute(
        "SELECT sum(pgsize) FROM dbstat WHERE name IN "
        "('posting', 'sqlite_autoindex_statement_1', 'reference', 'reference_seq', 'signature')"
    ).fetchone()
    return float(bodies / count + indexes / (after + count))


@contextlib.contextmanager
def empty_view() -> Iterator[tuple[str, int]]:
    """Serve an empty Flask view as `lrs serve` serves its own; give its address."""
    port = 20000 + secrets.randbelow(20000)
    code = (
        "from lrs import web_server; web_server.run('tests.bench.bench_ingest:empty_app', "
        f"host='127.0.0.1', port={port}, workers={WORKERS}, threads=16)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], env=dict(os.environ))
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                import socket

                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            time.sleep(0.1)
        yield "127.0.0.1", port
    finally:
        process.terminate()
        process.wait(10)


def empty_app() -> object:
    """Return a Flask application with one view that reads what is posted and does nothing."""
    from flask import Flask, request

    app = Flask("empty")
    app.add_url_rule("/", methods=["POST"], view_func=lambda: request.get_data() and "")
    return app


if __name__ == "__main__":
    run(Report(), int(sys.argv[1]) if len(sys.argv) > 1 else 10)
