"""How sources, settings, documents, definitions, facts and audit events are moved."""

from __future__ import annotations

from typing import Any

import msgspec

from lrs.store.documents import DocumentKey
from lrs.store.mongo.documents import PART, name_of
from lrs.store.moving.tables import Related, Row, Table, identified_by

_texts = msgspec.json.decode


def _source(row: Row, related: Related) -> dict[str, Any]:
    secrets = related(
        "SELECT hash, created, expires, used FROM source_secret WHERE source = ? "
        "ORDER BY created, hash",
        row["id"],
    )
    return {
        "key": row["key"],
        "name": row["name"],
        "provenance": row["provenance"],
        "scopes": _texts(row["scopes"]),
        "activities": _texts(row["activities"]),
        "home_pages": _texts(row["home_pages"]),
        "sets_authority": bool(row["sets_authority"]),
        "organisation": row["organisation"],
        "expires": row["expires"],
        "created": row["created"],
        "revoked": row["revoked"],
        "compromised": row["compromised"],
        "_id": row["id"],
        "secrets": secrets,
    }


def _name(row: Row) -> bytes:
    return name_of(DocumentKey(**{name: row[name] for name in DocumentKey._fields}))


def _document(row: Row, related: Related) -> dict[str, Any]:
    return {"_id": _name(row), **row}


def _document_part(row: Row, related: Related) -> dict[str, Any]:
    return {"_id": {"of": _name(row), "n": row["n"]}, "content": row["content"]}


_DOCUMENTS = (
    "SELECT kind, activity, agent, registration, id, content_type, "  # noqa: S608
    f"substr(content, 1, {PART}) AS content, max(0, (length(content) - 1) / {PART}) AS parts, "
    "updated FROM document"
)
_DOCUMENT_PARTS = (
    "WITH RECURSIVE part (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM part WHERE n < 1000) "  # noqa: S608
    "SELECT kind, activity, agent, registration, id, n, "
    f"substr(content, 1 + (n + 1) * {PART}, {PART}) AS content "
    f"FROM document JOIN part ON length(content) > (n + 1) * {PART}"
)

TABLES = (
    Table("source", "SELECT * FROM source", _source),
    Table("setting", "SELECT * FROM setting", identified_by("name")),
    Table("activity", "SELECT id AS name, definition FROM activity", identified_by("name")),
    Table("document", _DOCUMENTS, _document),
    Table("document_part", _DOCUMENT_PARTS, _document_part),
    Table("fact", "SELECT * FROM fact", identified_by("seq")),
    Table("audit_event", "SELECT * FROM audit_event", identified_by("seq")),
    Table("counter", "SELECT 'source' AS name, max(id) AS n FROM source", identified_by("name")),
)
