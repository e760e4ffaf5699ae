"""Documents in SQLite."""

from __future__ import annotations

from lrs.store.documents import Change, Document, DocumentKey, DocumentScope
from lrs.store.sqlite.database import Database, Transaction

_HERE = "kind = ? AND activity = ? AND agent = ?"
_THIS = f"{_HERE} AND registration = ? AND id = ?"


class SqliteDocuments:
    """Fulfils `lrs.store.documents.Documents`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: DocumentKey) -> Document | None:
        """Return the document."""
        row = (
            self._database.read()
            .execute(
                f"SELECT content_type, content, updated FROM document WHERE {_THIS}",  # noqa: S608
                key,
            )
            .fetchone()
        )
        return _document(row)

    def change(self, key: DocumentKey, change: Change) -> None:
        """Replace a document by what `change` makes of it, with no other write in between."""

        def work(tx: Transaction) -> None:
            row = tx.execute(
                f"SELECT content_type, content, updated FROM document WHERE {_THIS}",  # noqa: S608
                key,
            ).fetchone()
            new = change(_document(row))
            if new is None:
                tx.execute(f"DELETE FROM document WHERE {_THIS}", key)  # noqa: S608
                return
            tx.execute(
                "INSERT INTO document "
                "(kind, activity, agent, registration, id, content_type, content, updated) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (kind, activity, agent, registration, id) DO UPDATE SET "
                "content_type = excluded.content_type, content = excluded.content, "
                "updated = excluded.updated",
                (*key, new.content_type, new.content, tx.instant),
            )

        self._database.write(work)

    def ids(self, scope: DocumentScope, since: int | None) -> list[tuple[str, int]]:
        """Return the ids in a context, changed after `since`, each with its last change."""
        where, values = _within(scope)
        rows = self._database.read().execute(
            f"SELECT id, max(updated) FROM document WHERE {where} AND updated > ? "  # noqa: S608
            "GROUP BY id ORDER BY id",
            (*values, since if since is not None else -1),
        )
        return [(row[0], row[1]) for row in rows]

    def delete_all(self, scope: DocumentScope) -> None:
        """Delete every document of a context."""
        where, values = _within(scope)
        self._database.write(
            lambda tx: tx.execute(f"DELETE FROM document WHERE {where}", values)  # noqa: S608
        )


def _within(scope: DocumentScope) -> tuple[str, tuple[str, ...]]:
    values = (scope.kind, scope.activity, scope.agent)
    if scope.registration is None:
        return _HERE, values
    return f"{_HERE} AND registration = ?", (*values, scope.registration)


def _document(row: tuple[str, bytes, int] | None) -> Document | None:
    if row is None:
        return None
    return Document(content_type=row[0], content=row[1], updated=row[2])
