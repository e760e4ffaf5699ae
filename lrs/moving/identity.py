"""How personas, their identifiers, rosters and course structures are moved."""

from __future__ import annotations

from typing import Any

import msgspec

from lrs.moving.tables import Related, Row, Table, named, whole
from lrs.store.mongo.queries import name_of
from schemas.courses import CourseStructure
from schemas.identity import IdentityLink

_link = msgspec.json.Decoder(IdentityLink).decode
_structure = msgspec.json.Decoder(CourseStructure).decode


def _persona(row: Row, related: Related) -> dict[str, Any]:
    return {
        "_id": row["id"],
        "name": row["name"],
        "named_at": row["named_at"],
        "merged_into": row["merged_into"],
    }


def _identifier(row: Row, related: Related) -> dict[str, Any]:
    holders = related(
        "SELECT since, base, persona FROM holding WHERE identifier = ? ORDER BY since",
        row["identifier"],
    )
    return {"_id": row["identifier"], "holders": holders}


def _identity_link(row: Row, related: Related) -> dict[str, Any]:
    return {
        "_id": row["id"],
        "state": row["state"],
        "persona": row["persona"],
        "other": row["other"],
        "proposed": row["proposed"],
        "undone": _link(row["body"]).undone_at is not None,
        "body": row["body"],
    }


def _employment(row: Row, related: Related) -> dict[str, Any]:
    name = (row["organisation"], row["name"], row["base"], row["roster"], row["person"])
    return {"_id": name_of(*name), **row, "several": bool(row["several"])}


def _roster_identifier(row: Row, related: Related) -> dict[str, Any]:
    return {"_id": name_of(row["roster"], row["identifier"], row["person"]), **row}


def _roster_entry(row: Row, related: Related) -> dict[str, Any]:
    name = name_of(row["roster"], row["noun"], row["id"])
    return {"_id": name, **row, "ended": bool(row["ended"])}


def _course(row: Row, related: Related) -> dict[str, Any]:
    units = sorted({unit.id for unit in _structure(row["body"]).units()})
    return {**whole(row, "id"), "of_units": units}


_EMPLOYMENTS = (
    "SELECT e.*, EXISTS (SELECT 1 FROM employment o WHERE o.organisation = e.organisation "
    "AND o.name = e.name AND o.base <> e.base) AS several FROM employment e"
)

TABLES = (
    Table("persona", "SELECT * FROM persona", _persona),
    Table("identifier", "SELECT DISTINCT identifier FROM holding", _identifier),
    Table("identity_link", "SELECT * FROM identity_link", _identity_link),
    Table("followed", "SELECT * FROM followed", named("name")),
    Table("employment", _EMPLOYMENTS, _employment),
    Table("roster_identifier", "SELECT * FROM roster_identifier", _roster_identifier),
    Table("roster_entry", "SELECT * FROM roster_entry", _roster_entry),
    Table("course", "SELECT * FROM course", _course),
)
