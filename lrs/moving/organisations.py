"""How organisations, and what each of them sees, are moved."""

from __future__ import annotations

from typing import Any

import msgspec

from lrs.moving.tables import Related, Row, Table
from lrs.store.mongo.queries import name_of

_read = msgspec.json.decode

_VIEWS = (
    "SELECT k.organisation, k.persona, e.body AS employment, c.body AS consent, v.level, "
    "v.employee, v.department, d.day FROM (SELECT organisation, persona FROM employee UNION "
    "SELECT organisation, persona FROM consent UNION "
    "SELECT organisation, persona FROM visible UNION "
    "SELECT organisation, persona FROM visible_due UNION "
    "SELECT organisation, persona FROM shared WHERE persona != '') k "
    "LEFT JOIN employee e USING (organisation, persona) "
    "LEFT JOIN consent c USING (organisation, persona) "
    "LEFT JOIN visible v USING (organisation, persona) "
    "LEFT JOIN visible_due d USING (organisation, persona)"
)
"""A row for whatever is recorded or seen: of merged personas what is seen is the one's that is left
of them, for whom nothing may be recorded. Erasing a persona finds its tombstones by its views."""


def _organisation(row: Row, related: Related) -> dict[str, Any]:
    document = _read(row["body"])
    return {"_id": row["id"], **{name: document[name] for name in document if name != "id"}}


def _view(row: Row, related: Related) -> dict[str, Any]:
    document = {
        "_id": name_of(row["organisation"], row["persona"]),
        "organisation": row["organisation"],
        "persona": row["persona"],
        "employment": row["employment"] and _read(row["employment"]),
        "consent": row["consent"] and _read(row["consent"]),
        "level": row["level"],
        "employee": row["employee"] or "",
        "department": row["department"] or "",
    }
    return document if row["day"] is None else {**document, "due": row["day"]}


def _shared(row: Row, related: Related) -> dict[str, Any]:
    name = name_of(row["organisation"], row["achievement"])
    return {"_id": name, **row, "gone": bool(row["gone"])}


def _sum(row: Row, related: Related) -> dict[str, Any]:
    rest = dict(row)
    count = rest.pop("count")
    return {"_id": {**rest, "slot": 0}, **rest, "count": count}


TABLES = (
    Table("organisation", "SELECT * FROM organisation", _organisation),
    Table("view", _VIEWS, _view),
    Table("shared", "SELECT * FROM shared", _shared),
    Table("shared_sum", "SELECT * FROM shared_sum", _sum),
)
