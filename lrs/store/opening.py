"""Which store an installation has."""

from __future__ import annotations

from lrs.settings import Settings
from lrs.store.errors import StoreError
from lrs.store.mongo.store import MongoStore
from lrs.store.sqlite.store import SqliteStore
from lrs.store.store import Store


def open_store(settings: Settings) -> Store:
    """Open the store that the settings name, making it on first use. Raises StoreError."""
    if settings.mongo is not None:
        return MongoStore(settings.mongo, settings.data)
    return SqliteStore(settings.database)


def require_store(settings: Settings) -> None:
    """Raise StoreError where there is no store yet.

    For processes that another one starts, which has made the store: started again while its disk
    is away, they must not begin an empty one in its place.
    """
    if settings.mongo is None and not settings.database.exists():
        raise StoreError(f"{settings.database} is not there: is its disk mounted?")
