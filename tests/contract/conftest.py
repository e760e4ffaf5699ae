import pytest

from lrs.store.mongo.store import MongoStore
from lrs.store.sqlite.store import SqliteStore
from tests.mongo_server import empty, mongo_server

ON_MONGO = {
    "test_achievements",
    "test_badge_links",
    "test_client_keys",
    "test_clients",
    "test_courses",
    "test_credentials",
    "test_documents",
    "test_engagements",
    "test_erasure",
    "test_exchange",
    "test_exclusive",
    "test_facts",
    "test_figures",
    "test_health",
    "test_identity",
    "test_identity_documents",
    "test_imports",
    "test_ledger",
    "test_organisations",
    "test_people",
    "test_projections",
    "test_reconciliations",
    "test_records",
    "test_sealed_values",
    "test_sessions",
    "test_sources",
    "test_statements",
    "test_webhooks",
}


def pytest_generate_tests(metafunc):
    """What holds for one store holds for all."""
    if "store" in metafunc.fixturenames:
        stores = (
            ["sqlite", "mongo"]
            if metafunc.module.__name__.split(".")[-1] in ON_MONGO
            else ["sqlite"]
        )
        metafunc.parametrize("store", stores, indirect=True)


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
