"""Many processes write and others read: nothing is lost, doubled or seen too late."""

import pytest

from tests.faults.many_writers import run
from tests.mongo_server import mongo_server

SECONDS = {"sqlite": 2, "mongo": 4}


@pytest.mark.parametrize("store", list(SECONDS))
def test_four_write_and_two_read(store, tmp_path):
    outcome = _run(store, tmp_path, SECONDS[store], writers=4, readers=2)
    assert outcome.clean, outcome
    assert outcome.acknowledged > 100
    assert outcome.repeated > 0


@pytest.mark.soak
@pytest.mark.parametrize("store", list(SECONDS))
def test_eight_write_and_four_read_for_five_minutes(store, tmp_path):
    outcome = _run(store, tmp_path, 300)
    print(outcome)
    assert outcome.clean, outcome


def _run(store, folder, seconds, **processes):
    if store == "sqlite":
        return run(str(folder), seconds, **processes)
    with mongo_server(folder) as address:
        return run(address + "lrs", seconds, **processes)
