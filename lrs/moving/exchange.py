"""How receivers, claims and what waits in the outbox are moved."""

from __future__ import annotations

from typing import Any

from lrs.moving.tables import Related, Row, Table

_CLAIMS = "SELECT c.*, a.persona, a.unit FROM claim c JOIN achievement a ON a.id = c.achievement"
_OUTBOX = (
    "SELECT *, row_number() OVER (PARTITION BY destination, line ORDER BY id) AS place FROM outbox"
)


def _named(row: Row, related: Related) -> dict[str, Any]:
    rest = dict(row)
    return {"_id": rest.pop("name"), **rest}


def _claim(row: Row, related: Related) -> dict[str, Any]:
    rest = dict(row)
    claim = {"_id": rest.pop("id"), **rest, "discarded": bool(row["discarded"])}
    return claim if row["state"] == "withdrawn" else {**claim, "open": True}


def _queued(row: Row, related: Related) -> dict[str, Any]:
    rest = dict(row)
    return {"_id": rest.pop("id"), **rest, "parked": bool(row["parked"])}


def _account(row: Row, related: Related) -> dict[str, Any]:
    return dict(row)


TABLES = (
    Table("receiver", "SELECT * FROM receiver", _named),
    Table("destination", "SELECT * FROM destination", _named),
    Table("learner_account", "SELECT * FROM learner_account", _account, ("receiver", "persona")),
    Table("claim", _CLAIMS, _claim),
    Table("outbox", _OUTBOX, _queued),
)
