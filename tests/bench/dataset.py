"""Data sets of any size, stored as `lrs serve` stores them but without HTTP."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import orjson

from lrs.store.sqlite.store import SqliteStore
from lrs.xapi.statements import complete
from schemas.sources import Source
from schemas.xapi import decode_statements
from tests.bench import cohort

BATCH = 500
TRAINED_AT = 10_000
SOURCE = Source(id=1, key="bench", name="LMS", provenance="server", scopes=("all",))


def fill(folder: Path, count: int) -> SqliteStore:
    """Return an open store of `count` statements of the cohort, compressed as in real use."""
    store = SqliteStore(folder / "lrs.db")
    store.sources.add(
        key=SOURCE.key,
        name=SOURCE.name,
        provenance=SOURCE.provenance,
        scopes=SOURCE.scopes,
        secret_hash=b"x",
    )
    made = cohort.statements(count)
    stored = 0
    while batch := list(islice(made, BATCH)):
        received = decode_statements(orjson.dumps(batch), "1.0.3")[0]
        store.statements.add(
            SOURCE.id,
            [complete(one, SOURCE, "1.0.3", "http://lrs.example") for one in received],
        )
        if stored < TRAINED_AT <= stored + len(batch):
            store.statements.retrain()
        stored += len(batch)
    return store
