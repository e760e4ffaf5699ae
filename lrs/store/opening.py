"""Which store an installation has."""

from __future__ import annotations

from lrs.settings import Settings
from lrs.store.mongo.store import MongoStore
from lrs.store.sqlite.store import SqliteStore
from lrs.store.store import Store


def open_store(settings: Settings) -> Store:
    """Open the store that the settings name, making it on first use. Raises StoreError."""
    if settings.mongo is not None:
        return MongoStore(settings.mongo, settings.data)
    return SqliteStore(settings.database)
