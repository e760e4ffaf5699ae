import pytest

from lrs.store.sqlite.store import SqliteStore


@pytest.fixture(params=["sqlite"])
def store(tmp_path):
    """Every store that there is: what holds for one holds for all."""
    store = SqliteStore(tmp_path / "lrs.db")
    yield store
    store.close()
