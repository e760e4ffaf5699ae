"""Data sets of any size, stored as `lrs serve` stores them but without HTTP and, documents, in one
transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import orjson

from lrs.store.documents import DocumentKey
from lrs.store.sqlite.store import SqliteStore
from lrs.xapi.statements import complete
from schemas.sources import Source
from schemas.xapi import decode_statements
from tests.bench import cohort

BATCH = 500
TRAINED_AT = 10_000
SOURCE = Source(id=1, key="bench", name="LMS", provenance="server", scopes=("all",))


UNITS = 4
"""Assignable units of which a learner has a state."""


def fill(folder: Path, count: int) -> SqliteStore:
    """Return an open store of `count` statements of the cohort, compressed and indexed as in real
    use.
    """
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
    while store.statements.index():
        pass
    return store


def identifier_of(learner: int) -> str:
    """Return a learner's identifier as search keys and documents name it."""
    return f"account:{cohort.LMS}|2026{learner:08d}"


def state_of(learner: int, courses: int, unit: int) -> DocumentKey:
    """Return where the state of a learner in a cmi5 unit is."""
    course = learner * 7 % courses
    return DocumentKey(
        "state",
        f"{cohort.LMS}/cmi5/{course}/au/{unit}",
        identifier_of(learner),
        cohort.registration_of(learner, course),
        "LMS.LaunchData",
    )


def preferences_of(learner: int) -> DocumentKey:
    """Return where a learner's preferences are."""
    return DocumentKey("agent_profile", "", identifier_of(learner), "", "cmi5LearnerPreferences")


def structure_of(course: int) -> DocumentKey:
    """Return where the profile of a course is."""
    url = f"{cohort.LMS}/course/view.php?id={course}"
    return DocumentKey("activity_profile", url, "", "", "structure")


def fill_documents(store: SqliteStore, count: int) -> None:
    """Add the documents of the cohort's learners and courses, of 300 octets each."""
    learners, courses = cohort.size(count)

    def keys() -> Iterator[DocumentKey]:
        for learner in range(learners):
            yield from (state_of(learner, courses, unit) for unit in range(UNITS))
            yield preferences_of(learner)
        yield from map(structure_of, range(courses))

    store.database.write(
        lambda tx: tx.executemany(
            "INSERT INTO document (kind, activity, agent, registration, id, content_type, content, "
            "updated) VALUES (?, ?, ?, ?, ?, 'application/json', ?, ?)",
            ((*key, b'{"x":"%b"}' % (b"y" * 292), tx.instant) for key in keys()),
        )
    )
