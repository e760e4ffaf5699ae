"""Moving statements, while others are still being stored."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from typing import Any

from lrs.store.copies import Progress
from lrs.store.mongo.database import Transaction
from lrs.store.mongo.lanes import SLOT_BITS
from lrs.store.mongo.statements import MovedStatement
from lrs.store.mongo.store import MongoStore
from lrs.store.sqlite.bodies import Bodies
from lrs.store.sqlite.store import SqliteStore
from lrs.store.statements import NewStatement
from lrs.xapi.search_keys import search_keys
from schemas.xapi import read_statement

PAGE = 500

_STATEMENTS = (
    "SELECT s.seq, s.id, s.stored, s.source, s.timed, s.dictionary, s.body, r.target, r.voids, "
    "g.result FROM statement s LEFT JOIN reference r ON r.seq = s.seq "
    "LEFT JOIN signature g ON g.seq = s.seq WHERE s.seq > ? ORDER BY s.seq LIMIT ?"
)


def move_statements(store: SqliteStore, target: MongoStore, progress: Progress) -> int:
    """Move the statements that have not been moved yet; return how many were moved in all.

    The place of a statement is the time it was stored at; those of one transaction, which have
    the same, are in the order they had. How far it is stands in the target, in the same
    transaction: it goes on where it ended, whatever ended it.
    """
    bodies = Bodies(store.database)
    last = store.statements.last_seq()
    while True:
        found = target.database["moved"].find_one({"_id": "statement"})
        seq, place, count = (found["seq"], found["place"], found["count"]) if found else (0, 0, 0)
        rows = store.database.read().execute(_STATEMENTS, (seq, PAGE)).fetchall()
        if not rows:
            return int(count)
        moved = list(_moved(rows, place, bodies))
        done = {"seq": rows[-1][0], "place": moved[-1].seq, "count": count + len(rows)}

        def work(
            tx: Transaction, moved: list[MovedStatement] = moved, done: dict[str, Any] = done
        ) -> None:
            target.statements.receive(tx, moved)
            tx["moved"].replace_one({"_id": "statement"}, done, upsert=True)

        target.database.write(work)
        progress(done["seq"], max(last, done["seq"]))


def statements_differ(store: SqliteStore, target: MongoStore, progress: Progress) -> bool:
    """Tell whether any statement, its place in the order, its time or whether it is voided is
    not the same in both stores. Reads all of both, a page at a time.
    """
    here, there = hashlib.sha256(), hashlib.sha256()
    mine, theirs, done, last = 0, 0, 0, store.statements.last_seq()
    while page := store.statements.following(mine, PAGE):
        for digest, statements in (
            (here, page),
            (there, target.statements.following(theirs, len(page))),
        ):
            for one in statements:
                digest.update(b"%b%d%d%d" % (one.id, one.stored, one.source, one.voided))
                digest.update(b"%b%b" % (one.signature.encode(), one.body))
            if digest is there and statements:
                theirs = statements[-1].seq
        mine = page[-1].seq
        done += len(page)
        if here.digest() != there.digest():
            return True
        progress(done, last)
    return bool(target.statements.following(theirs, 1))


def _moved(rows: list[sqlite3.Row], place: int, bodies: Bodies) -> Iterator[MovedStatement]:
    for _, statement_id, stored, source, timed, dictionary, body, refers_to, voids, result in rows:
        place = max(place + 1, stored << SLOT_BITS)
        whole = bodies.unpack(dictionary, body)
        statement = NewStatement(
            id=statement_id,
            body=whole,
            timestamp=bool(timed),
            keys=search_keys(read_statement(whole)),
            refers_to=refers_to,
            voids=bool(voids),
            signature=result or "unsigned",
        )
        yield MovedStatement(place, stored, source, statement)
