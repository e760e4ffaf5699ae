"""What an erasure takes out of imports in MongoDB: rows that a person's statements came from, and
rows whose cells name the person, although nothing was stored of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lrs.store.anonymous import because_erased, row_names_one, telling
from lrs.store.erasure import NotErasable
from lrs.store.mongo.database import Transaction
from lrs.store.mongo.imports import end_quarantine

_ID = 16


def require_no_open_files(tx: Transaction) -> None:
    """Raise NotErasable while files wait to be taken in: they may bring the person back."""
    found = tx["import"].find_one({"open": True}, {"_id": 1})
    if found is not None:
        raise NotErasable(
            f"the import {found['_id']} is under way, and its file may name the person: ask again "
            "once it has ended"
        )


def forget_rows(
    tx: Transaction,
    statements: Collection[bytes],
    identifiers: Collection[str],
    names: Collection[str],
) -> int:
    """Forget the cells of rows that the statements came from, and of those that name the person
    by an identifier, or by one of `names`, which nobody else bears. Return how many there were.

    A row of a person that is in quarantine is discarded: without its cells nobody can correct it.
    """
    told = telling(identifiers) | {one.strip() for one in names}
    rows = tx["import_row"].find({"body": {"$ne": None}})
    gone = [
        one
        for one in rows
        if any(part in statements for part in _parts(one["statements"]))
        or row_names_one(one["body"], told)
    ]
    for one in gone:
        if one["state"] == "quarantined":
            end_quarantine(tx, one, because_erased(tx.instant))
    emptied = [one["_id"] for one in gone if one["state"] != "quarantined"]
    if emptied:
        tx["import_row"].update_many({"_id": {"$in": emptied}}, {"$set": {"body": None}})
    return len(gone)


def _parts(statements: bytes) -> Iterator[bytes]:
    return (statements[at : at + _ID] for at in range(0, len(statements), _ID))
