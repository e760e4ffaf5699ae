"""How imports, their rows and devices are moved."""

from __future__ import annotations

from typing import Any

import msgspec

from lrs.moving.tables import Related, Row, Table, named
from lrs.store.mongo.imports import OF_QUARANTINE, UNFINISHED
from lrs.store.mongo.queries import name_of


def _import(row: Row, related: Related) -> dict[str, Any]:
    return {
        "_id": row["id"],
        "created": row["created"],
        "principal": row["principal"],
        "sha256": row["sha256"],
        "state": row["state"],
        "through": row["through"],
        "open": bool(row["held"]) and row["state"] in UNFINISHED,
        "body": row["body"],
        "leased_until": row["leased_until"],
    }


def _import_row(row: Row, related: Related) -> dict[str, Any]:
    rest = dict(row)
    principal = rest.pop("principal")
    document = {"_id": name_of(row["import"], str(row["number"])), **rest}
    return {**document, "by": principal} if row["state"] in OF_QUARANTINE else document


def _device_batch(row: Row, related: Related) -> dict[str, Any]:
    return {"_id": name_of(row["device"], str(row["number"])), **row}


def _recorded(row: Row, related: Related) -> dict[str, Any]:
    return {"_id": row["statement"], "by": msgspec.json.decode(row["by"])}


_ROWS = "SELECT r.*, i.principal FROM import_row r JOIN import i ON i.id = r.import"

_RECORDED = "SELECT statement, json_group_array(principal) AS by FROM recorded GROUP BY statement"

TABLES = (
    Table("import", "SELECT * FROM import", _import),
    Table("import_row", _ROWS, _import_row),
    Table("recorded", _RECORDED, _recorded),
    Table("device", "SELECT * FROM device", named("id")),
    Table("device_batch", "SELECT * FROM device_batch", _device_batch),
)
