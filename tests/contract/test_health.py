"""What waits is told of every part, and so is when the store was last copied."""

import sqlite3

import pytest

from lrs.store.achievements import DueEvaluation, Evaluation
from lrs.store.errors import StoreError
from lrs.store.health import Waiting
from lrs.store.sqlite.store import SqliteStore
from schemas.identity import IdentityLink
from tests.contract.projected import named, project
from tests.contract.test_imports import an_import, new


def test_a_new_store_has_nothing_waiting_and_can_be_written(store):
    store.health.write()
    store.health.write()
    waiting = store.health.waiting()
    assert set(waiting) == {"projection", "evaluation", "imports", "outbox", "ledger"}
    assert set(waiting.values()) == {Waiting(0, None)}
    assert store.health.statements() == 0
    place = store.health.place()
    assert place.used > 0
    assert place.free is None or place.free > 0


def test_statements_wait_for_the_projection_from_the_oldest_on(store):
    source = store.sources.add(
        key="lms", name="LMS", provenance="server", scopes=(), secret_hash=None
    )
    for number in range(1, 4):
        store.statements.add(source.id, [new(number)])
    first, second, third = store.statements.following(0, 9)
    assert store.health.waiting()["projection"] == Waiting(3, first.stored)
    assert store.health.statements() == 3
    since = store.projections.checkpoint()
    project(store, steps=first.seq - since.seq)
    assert store.health.waiting()["projection"] == Waiting(2, second.stored)
    project(store, steps=third.seq - first.seq)
    assert store.health.waiting()["projection"] == Waiting(0, None)


def test_evaluations_imports_and_facts_wait(store):
    project(store, personas=[named("p1"), named("p2", identifier="x")], due={("p1", "U1")})
    evaluation = store.health.waiting()["evaluation"]
    assert (evaluation.much, evaluation.since > 0) == (1, True)
    later = Evaluation(due=DueEvaluation("p1", "U2", 0), again_at=store.now() + 60_000_000)
    store.achievements.settle([later])
    assert store.health.waiting()["evaluation"] == evaluation
    store.imports.add(an_import("cli"))
    assert store.health.waiting()["imports"] == Waiting(0, None)
    held = store.imports.add(an_import("held", held=True))
    assert store.health.waiting()["imports"] == Waiting(1, held.created)
    link = IdentityLink(
        id="l1", kind="merge", persona="p1", other="p2", reason="One.", proposed_by="person:1"
    )
    store.identity.propose(link)
    store.identity.decide("l1", "person:2", "confirmed", "Seen.")
    (fact,) = store.facts.after(0, 9)
    assert store.health.waiting()["ledger"] == Waiting(1, fact.at)


def test_when_a_copy_was_made_is_kept(store, tmp_path):
    assert store.copies.last() is None
    store.copies.noted(7)
    store.copies.noted(9)
    assert store.copies.last() == 9
    copy = tmp_path / "copy.db"
    if not isinstance(store, SqliteStore):
        with pytest.raises(StoreError, match="mongodump"):
            store.copies.copy(copy, lambda *_: None)
        assert not copy.exists()
        return
    store.copies.copy(copy, lambda *_: None)
    assert sqlite3.connect(copy).execute("PRAGMA quick_check").fetchone() == ("ok",)
