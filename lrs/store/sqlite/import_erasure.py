"""What an erasure takes out of imports: rows that a person's statements came from, and rows whose
cells name the person, although nothing was stored of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from lrs.store.anonymous import because_erased, row_names_one, telling
from lrs.store.erasure import NotErasable
from lrs.store.sqlite.database import Transaction
from lrs.store.sqlite.imports import end_quarantine

_ID = 16


def require_no_open_files(tx: Transaction) -> None:
    """Raise NotErasable while files wait to be taken in: they may bring the person back."""
    row = tx.execute(
        "SELECT id FROM import WHERE held = 1 AND state IN ('waiting', 'running') LIMIT 1"
    ).fetchone()
    if row is not None:
        raise NotErasable(
            f"the import {row[0]} is under way, and its file may name the person: ask again once "
            "it has ended"
        )


def forget_rows(
    tx: Transaction,
    statements: Mapping[bytes, int],
    identifiers: Collection[str],
    names: Collection[str],
) -> int:
    """Forget the cells of rows that the statements came from, and of those that name the person
    by an identifier, or by one of `names`, which nobody else bears. Return how many there were.

    A row of a person that is in quarantine is discarded: without its cells nobody can correct it.
    """
    told = telling(identifiers) | {one.strip() for one in names}
    rows = tx.execute(
        "SELECT import, number, state, statements, body FROM import_row WHERE body NOT NULL"
    )
    gone = [
        (import_id, number, state)
        for import_id, number, state, ids, body in rows
        if any(ids[at : at + _ID] in statements for at in range(0, len(ids), _ID))
        or row_names_one(body, told)
    ]
    for import_id, number, state in gone:
        if state == "quarantined":
            end_quarantine(tx, import_id, number, because_erased(tx.instant))
        else:
            tx.execute(
                "UPDATE import_row SET body = NULL WHERE import = ? AND number = ?",
                (import_id, number),
            )
    return len(gone)
