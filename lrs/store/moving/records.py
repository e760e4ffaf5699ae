"""How identities, courses, rosters, imports, devices and figures are moved.

Events and records are not: they are made again from the statements.
"""

from __future__ import annotations

from typing import Any

import msgspec

from lrs.store.mongo.queries import name_of
from lrs.store.moving.tables import Related, Row, Table, identified_by
from schemas.identity import IdentityLink

_by_id = identified_by("id")
_link = msgspec.json.Decoder(IdentityLink).decode


def _identifier(row: Row, related: Related) -> dict[str, Any]:
    holders = related(
        "SELECT since, base, persona FROM holding WHERE identifier = ? ORDER BY since",
        row["identifier"],
    )
    return {"_id": row["identifier"], "holders": holders}


def _identity_link(row: Row, related: Related) -> dict[str, Any]:
    undone = _link(row["body"]).undone_at is not None
    return {**_by_id(row, related), "undone": undone}


def _employment(row: Row, related: Related) -> dict[str, Any]:
    key = [row[name] for name in ("organisation", "name", "base", "roster", "person")]
    return {"_id": name_of(*key), **row, "several": bool(row["several"])}


def _roster_identifier(row: Row, related: Related) -> dict[str, Any]:
    return {"_id": name_of(row["roster"], row["identifier"], row["person"]), **row}


def _course(row: Row, related: Related) -> dict[str, Any]:
    units = related("SELECT unit FROM course_unit WHERE course = ? ORDER BY unit", row["id"])
    return {**_by_id(row, related), "of_units": [one["unit"] for one in units]}


def _roster_entry(row: Row, related: Related) -> dict[str, Any]:
    name = name_of(row["roster"], row["noun"], row["id"])
    return {"_id": name, **row, "ended": bool(row["ended"])}


def _import(row: Row, related: Related) -> dict[str, Any]:
    return {**_by_id(row, related), "open": bool(row["open"])}


def _import_row(row: Row, related: Related) -> dict[str, Any]:
    rest = dict(row)
    by = rest.pop("by")
    name = name_of(row["import"], str(row["number"]))
    return {"_id": name, **rest, **({} if by is None else {"by": by})}


def _device_batch(row: Row, related: Related) -> dict[str, Any]:
    return {"_id": name_of(row["device"], str(row["number"])), **row}


def _figure(row: Row, related: Related) -> dict[str, Any]:
    of = {"noun": row["noun"], "key": row["key"]}
    return {"_id": {**of, "slot": 0}, **of, "n": row["count"]}


_EMPLOYMENTS = (
    "SELECT e.*, EXISTS (SELECT 1 FROM employment o WHERE o.organisation = e.organisation "
    "AND o.name = e.name AND o.base != e.base) AS several FROM employment e"
)
_IMPORTS = (
    "SELECT id, created, principal, sha256, state, through, leased_until, body, "
    "held = 1 AND state IN ('waiting', 'running') AS open FROM import"
)
_IMPORT_ROWS = (
    "SELECT r.*, CASE WHEN r.state IN ('quarantined', 'released', 'discarded') "
    "THEN i.principal END AS by FROM import_row r JOIN import i ON i.id = r.import"
)

TABLES = (
    Table("persona", "SELECT id, name, named_at, merged_into FROM persona", _by_id),
    Table("identifier", "SELECT DISTINCT identifier FROM holding", _identifier),
    Table("identity_link", "SELECT * FROM identity_link", _identity_link),
    Table("employment", _EMPLOYMENTS, _employment),
    Table("roster_identifier", "SELECT * FROM roster_identifier", _roster_identifier),
    Table("followed", "SELECT name, seq FROM followed", identified_by("name")),
    Table("course", "SELECT * FROM course", _course),
    Table("roster_entry", "SELECT * FROM roster_entry", _roster_entry),
    Table("import", _IMPORTS, _import),
    Table("import_row", _IMPORT_ROWS, _import_row),
    Table("device", "SELECT * FROM device", _by_id),
    Table("device_batch", "SELECT * FROM device_batch", _device_batch),
    Table("health_mark", "SELECT * FROM health_mark", identified_by("name")),
    Table("figure", "SELECT * FROM figure WHERE noun != 'record' AND count != 0", _figure),
)
