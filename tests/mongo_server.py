"""A server that speaks MongoDB's wire protocol, as a child process."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from pymongo import MongoClient


@contextlib.contextmanager
def mongo_server(folder: Path, *, durable: bool = False) -> Iterator[str]:
    """Serve a new data folder and give the address, without a database, ending in a slash.

    `durable` brings every commit to the disk before it is answered.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "secantus",
        f"--port={port}",
        f"--storage-path={folder}",
        "--log-level=WARNING",
        *(["--sync-on-commit"] if durable else []),
    ]
    process = subprocess.Popen(command)
    try:
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            if time.monotonic() > deadline or process.poll() is not None:
                raise RuntimeError("the MongoDB wire server did not start")
            time.sleep(0.05)
        yield f"mongodb://127.0.0.1:{port}/"
    finally:
        process.kill()
        process.wait()


def empty(address: str) -> None:
    """Remove all that was written to a database, which is quicker than to make another one."""
    with MongoClient(address) as client:
        database = client.get_default_database()
        for name in database.list_collection_names():
            if name != "schema":
                database[name].delete_many({})
