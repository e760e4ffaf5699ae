"""No question that is asked for every delivery looks through all that waits."""

import re

import pytest

from lrs.store.outbox import Delivery
from lrs.store.sqlite.store import SqliteStore
from schemas.audit import Act
from tests.contract.test_exchange import BANK, receipt
from tests.contract.test_exchange import queued as queued_claim

queued = queued_claim
ACT = Act(principal="person:1", action="outbox.retry", subject="1")
DELIVERY = Delivery(id=9, lease=1, kind="submit", destination="bank", subject="c9", attempts=0)


@pytest.fixture
def store(tmp_path):
    store = SqliteStore(tmp_path / "lrs.db")
    yield store
    store.close()


def statements(store, work):
    """Return what SQLite was asked for during some work."""
    asked = []
    connections = [store.database.read(), store.database._writer]
    for connection in connections:
        connection.set_trace_callback(asked.append)
    work()
    for connection in connections:
        connection.set_trace_callback(None)
    return [sql for sql in asked if re.match("SELECT|UPDATE|DELETE", sql)]


@pytest.mark.parametrize(
    "work",
    [
        lambda store: store.outbox.lease(8, 60),
        lambda store: store.outbox.settle(DELIVERY, receipt()),
        lambda store: store.outbox.postpone(DELIVERY, 1, "away"),
        lambda store: store.outbox.park(DELIVERY, "refused"),
        lambda store: store.outbox.renew([DELIVERY], 60),
        lambda store: store.outbox.retry([9], ACT),
        lambda store: store.outbox.items(7, 10, parked=True),
        lambda store: store.outbox.items(7, 10),
        lambda store: store.webhooks.fan_out(100),
        lambda store: store.reconciliations.claims_of("bank", "c", 10),
        lambda store: store.reconciliations.on_its_way("c1"),
        lambda store: store.reconciliations.last("bank"),
        lambda store: store.reconciliations.page(9, 10, "bank"),
        lambda store: store.exchange.account("bank", "p1"),
    ],
)
def test_everything_is_found_by_an_index(queued, work):
    asked = statements(queued, lambda: work(queued))
    assert asked
    for sql in asked:
        rows = queued.database.read().execute(f"EXPLAIN QUERY PLAN {sql}")
        plan = " ".join(str(row[3]) for row in rows)
        # Destinations are few; what waits is not. What stands before in a line is found by it.
        found = plan.replace("SCAN d ", "").replace("SCAN destination", "")
        assert "SCAN" not in found, (sql, plan)
        assert "TEMP B-TREE" not in plan, (sql, plan)
        assert "USING INDEX outbox_parked (parked=?)" not in plan, (sql, plan)
        assert "INDEX outbox_parked (parked=? AND id<?)" not in plan, (sql, plan)
    assert BANK.name in queued.exchange.receivers()
