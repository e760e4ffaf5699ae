"""What is recorded of a persona while it is merged, in MongoDB."""

import pytest

from lrs.store.mongo import identity
from lrs.store.mongo.sharing import refresh_everywhere
from lrs.store.mongo.store import MongoStore
from schemas.organisations import Organisation
from tests.contract.test_employments_follow import consent, employ, level, link
from tests.contract.test_identity import CHIEF, HOME, WORK, listed
from tests.contract.test_organisations import ACT
from tests.mongo_server import empty


@pytest.fixture
def mongo_store(mongo, tmp_path):
    store = MongoStore(mongo + "contract", tmp_path)
    yield store
    store.close()
    empty(mongo + "contract")


def test_a_merge_heeds_the_first_that_is_recorded_after_it_has_begun(mongo_store, monkeypatch):
    store = mongo_store
    store.organisations.put(Organisation(id="acme", kind="enterprise", name="ACME"), ACT)
    for identifier in (WORK, HOME):
        listed(store, [identifier], person=identifier)
    found = store.records.personas_of([WORK, HOME])
    one, other = found[WORK], found[HOME]
    begun = []

    def refresh(tx, *personas):
        if not begun:
            employ(store, one)
            consent(store, one)
        begun.append(level(store, one, other))
        refresh_everywhere(tx, *personas)

    monkeypatch.setattr(identity, "refresh_everywhere", refresh)
    store.identity.propose(link(persona=one, other=other))
    store.identity.decide("l1", CHIEF, "confirmed", "Seen.")
    assert begun[0] == ["achievements", None]
    assert level(store, one, other) == [None, "achievements"]
    assert len(begun) > 1, "the merge began again"
