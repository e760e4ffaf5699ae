import pytest

from lrs.store.mongo.store import MongoStore
from lrs.store.sqlite.store import SqliteStore
from tests.mongo_server import empty, mongo_server


def pytest_generate_tests(metafunc):
    """What holds for one store holds for all."""
    if "store" in metafunc.fixturenames:
        metafunc.parametrize("store", ["sqlite", "mongo"], indirect=True)


@pytest.fixture(scope="session")
def mongo(tmp_path_factory):
    with mongo_server(tmp_path_factory.mktemp("mongo")) as address:
        yield address


@pytest.fixture
def store(request, tmp_path):
    """Every store that there is."""
    if request.param == "sqlite":
        store = SqliteStore(tmp_path / "lrs.db")
        yield store
        store.close()
        return
    address = request.getfixturevalue("mongo") + "contract"
    store = MongoStore(address, tmp_path)
    yield store
    store.close()
    empty(address)


@pytest.fixture
def second_store(store, request, tmp_path):
    """Another store of the same data, as another process has."""
    if isinstance(store, SqliteStore):
        second = SqliteStore(tmp_path / "lrs.db")
    else:
        second = MongoStore(request.getfixturevalue("mongo") + store.database.name, tmp_path)
    yield second
    second.close()
