"""How the ledger is moved, and those who read facts on from a place of their own."""

from __future__ import annotations

from typing import Any

import msgspec

from lrs.moving.tables import Related, Row, Table, named, whole
from lrs.store.mongo.ledger import worth_of
from lrs.store.mongo.queries import name_of


def _opening(row: Row, related: Related) -> dict[str, Any]:
    document = whole(row, "leaf")
    if row["persona"] is None:
        del document["persona"]
    return document


def _tile(row: Row, related: Related) -> dict[str, Any]:
    return {"_id": f"{row['level']}/{row['number']}", "hashes": row["hashes"]}


def _checkpoint(row: Row, related: Related) -> dict[str, Any]:
    document = whole(row, "size")
    return {**document, "worth": worth_of(document)}


def _webhook(row: Row, related: Related) -> dict[str, Any]:
    kinds = msgspec.json.decode(row["kinds"])
    return {**whole(row, "id"), "kinds": kinds, "active": bool(row["active"])}


def _difference(row: Row, related: Related) -> dict[str, Any]:
    return {"_id": f"{row['reconciliation']}/{row['ordinal']}", **row}


def _recognised(row: Row, related: Related) -> dict[str, Any]:
    return {"_id": name_of(row["receiver"], row["code"]), **row}


def _badge_link(row: Row, related: Related) -> dict[str, Any]:
    document = whole(row, "id")
    return {
        name: value for name, value in document.items() if value is not None or name == "reason"
    }


TABLES = (
    Table("ledger_leaf", "SELECT * FROM ledger_leaf", named("leaf")),
    Table("ledger_opening", "SELECT * FROM ledger_opening", _opening),
    Table("ledger_tile", "SELECT * FROM ledger_tile", _tile),
    Table("ledger_checkpoint", "SELECT * FROM ledger_checkpoint", _checkpoint),
    Table("ledger_key", "SELECT * FROM ledger_key", named("key")),
    Table("webhook", "SELECT * FROM webhook", _webhook),
    Table("reconciliation", "SELECT * FROM reconciliation", named("id")),
    Table("difference", "SELECT * FROM difference", _difference),
    Table("recognised_unit", "SELECT receiver, code, body FROM recognised_unit", _recognised),
    Table("badge_host", "SELECT * FROM badge_host", named("host")),
    Table("badge_link", "SELECT * FROM badge_link", _badge_link),
    Table("badge_place", "SELECT 'place' AS name, place FROM badge_place", named("name")),
)
