"""How receivers, claims and what waits in the outbox are moved."""

from __future__ import annotations

from typing import Any

import msgspec

from lrs.moving.tables import Related, Row, Table, named, together, whole

_CLAIMS = "SELECT c.*, a.persona, a.unit FROM claim c JOIN achievement a ON a.id = c.achievement"
_OUTBOX = (
    "SELECT *, row_number() OVER (PARTITION BY destination, line ORDER BY id) AS place FROM outbox"
)


def _receiver(row: Row, related: Related) -> dict[str, Any]:
    kept = msgspec.json.decode(row["settings"])
    settings = msgspec.json.encode(kept["settings"])
    return {**whole(row, "name"), "institution": kept["institution"], "settings": settings}


def _claim(row: Row, related: Related) -> dict[str, Any]:
    claim = {**whole(row, "id"), "discarded": bool(row["discarded"])}
    return claim if row["state"] == "withdrawn" else {**claim, "open": True}


def _queued(row: Row, related: Related) -> dict[str, Any]:
    return {**whole(row, "id"), "parked": bool(row["parked"])}


TABLES = (
    Table("receiver", "SELECT * FROM receiver", _receiver),
    Table("destination", "SELECT * FROM destination", named("name")),
    Table("learner_account", "SELECT * FROM learner_account", together("receiver", "persona")),
    Table("claim", _CLAIMS, _claim),
    Table("outbox", _OUTBOX, _queued),
)
