"""What an erasure takes out of imports: rows that a person's statements came from, and rows whose
cells name the person, although nothing was stored of them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec

from lrs.store.erasure import NotErasable
from lrs.store.sqlite.database import Transaction
from lrs.store.sqlite.imports import end_quarantine
from schemas.identifiers import actor_of
from schemas.imports import Correction

SHORTEST = 4
"""Characters of an account's name, below which it may be a number of anything else in a sheet."""

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
        or names_one(_cells(body), told)
    ]
    for import_id, number, state in gone:
        if state == "quarantined":
            because = Correction(by="erasure", at=tx.instant, reason="the person was erased")
            end_quarantine(tx, import_id, number, because)
        else:
            tx.execute(
                "UPDATE import_row SET body = NULL WHERE import = ? AND number = ?",
                (import_id, number),
            )
    return len(gone)


def telling(identifiers: Iterable[str]) -> set[str]:
    """Return the texts by which a sheet or a statement names who has the identifiers."""
    found: set[str] = set()
    for identifier in identifiers:
        actor = actor_of(identifier)
        if "account" in actor:
            if len(name := actor["account"]["name"]) >= SHORTEST:
                found.add(name)
        elif "mbox" in actor:
            found |= {actor["mbox"], actor["mbox"].removeprefix("mailto:")}
        else:
            found |= set(actor.values())
    return found


def names_one(cells: Iterable[str], told: Collection[str]) -> bool:
    """Tell whether a cell is one of the texts, or JSON in which one of them stands as a text."""
    quoted = [json.dumps(one, ensure_ascii=False) for one in told]
    return any(
        cell.strip() in told or (cell[:1] in "{[" and any(one in cell for one in quoted))
        for cell in cells
        if cell
    )


def _cells(body: bytes) -> list[str]:
    row: dict[str, Any] = msgspec.json.decode(body)
    corrected = (row.get("correction") or {}).get("cells", {})
    return [*row.get("cells", {}).values(), *corrected.values()]
