"""How units, achievements, officers' decisions and credentials are moved."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec

from lrs.moving.tables import Related, Row, Table, named
from lrs.store.mongo.queries import name_of
from schemas.achievements import Achievement

_achievement = msgspec.json.Decoder(Achievement).decode


def _version(row: Row, related: Related) -> dict[str, Any]:
    return {"_id": f"{row['code']}/{row['version']}", **row}


def _moved_achievement(row: Row, related: Related) -> dict[str, Any]:
    sources = related(
        "SELECT source FROM achievement_source WHERE achievement = ? ORDER BY source", row["id"]
    )
    rested_on = related(
        "SELECT statement FROM evidence_statement WHERE achievement = ? ORDER BY statement",
        row["id"],
    )
    document = {
        "_id": row["id"],
        "persona": row["persona"],
        "unit": row["unit"],
        "version": row["version"],
        "state": row["state"],
        "changed": row["changed"],
        "body": row["body"],
        "sources": [one["source"] for one in sources],
        "rested_on": [str(uuid.UUID(one["statement"])) for one in rested_on],
    }
    return document if row["waiting"] is None else {**document, "waiting": row["waiting"]}


def _due(row: Row, related: Related) -> dict[str, Any]:
    return {"_id": name_of(row["persona"], row["unit"]), **row, "put_off": False}


def _place(row: Row, related: Related) -> dict[str, Any]:
    return {"_id": f"{row['list']}/{row['place']}", **row}


def _credential(row: Row, related: Related) -> dict[str, Any]:
    rest = dict(row)
    body = rest.pop("body")
    achievement = None if body is None else _achievement(body)
    return {
        "_id": rest.pop("id"),
        **rest,
        "stands": achievement is not None
        and achievement.state == "verified"
        and row["evidence_hash"] in achievement.hashes,
    }


TABLES = (
    Table("unit", "SELECT * FROM unit", _version),
    Table("unit_draft", "SELECT * FROM unit_draft", _version),
    Table("equivalence", "SELECT * FROM equivalence", _version),
    Table("achievement", "SELECT * FROM achievement", _moved_achievement),
    Table("officer_decision", "SELECT * FROM officer_decision", named("seq")),
    Table("due_evaluation", "SELECT * FROM due_evaluation", _due),
    Table("credential_subject", "SELECT * FROM credential_subject", named("persona")),
    Table("status_place", "SELECT * FROM status_place", _place),
    Table(
        "credential",
        "SELECT c.*, a.body FROM credential c LEFT JOIN achievement a ON a.id = c.achievement",
        _credential,
    ),
)
