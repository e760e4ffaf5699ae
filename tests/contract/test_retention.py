import pytest

from lrs.store.imports import QuarantinePlace
from schemas.audit import Act
from schemas.retention import DATA_CLASSES, Policy
from tests.contract.test_imports import BY, an_import, quarantined, taken

SET = Act(principal="person:1", action="retention.set", subject="sessions")
APPLY = Act(principal="retention", action="retention.apply", subject="sessions")


@pytest.fixture
def source(store):
    return store.sources.add(
        key="import", name="import", provenance="import", scopes=(), secret_hash=None
    ).id


def acts(store):
    return [event.act.action for event in store.audit.page(None, 100)]


def run(store, data_class, limit=2):
    """Apply to all that there is; return the policy then."""
    store.retention.put(data_class, 400, SET)
    while not store.retention.remove(data_class, store.now() + 1, limit, APPLY).ended:
        pass
    return store.retention.policies()[data_class]


def looked_at(store, data_class, before, limit=2):
    found, place = [], None
    while True:
        piece = store.retention.look(data_class, before, place, limit)
        found += piece.items
        if piece.place is None:
            return found
        place = piece.place


def test_by_default_everything_is_kept_for_good(store):
    policies = store.retention.policies()
    assert set(policies) == set(DATA_CLASSES)
    assert all(one.days is None for one in policies.values())
    with pytest.raises(LookupError):
        store.retention.remove("sessions", store.now(), 10, APPLY)


def test_a_policy_is_set_and_the_act_noted(store):
    store.retention.put("sessions", 30, SET)
    assert store.retention.policies()["sessions"] == Policy(data_class="sessions", days=30)
    store.retention.put("sessions", None, SET)
    assert store.retention.policies()["sessions"].days is None
    assert acts(store) == ["retention.set", "retention.set"]


def start_sessions(store, number):
    for one in range(number):
        act = Act(principal="p", action="session.start", subject="p")
        store.sessions.start(bytes([one]) * 32, "p", act)


def test_what_is_old_goes_in_pieces_and_what_is_not_stays(store):
    start_sessions(store, 5)
    before = store.now() + 1
    start_sessions_later = bytes([9]) * 32
    while store.now() < before:
        pass
    store.sessions.start(start_sessions_later, "p", SET)
    assert len(looked_at(store, "sessions", before)) == 5
    assert len(store.sessions.of("p")) == 6
    store.retention.put("sessions", 400, SET)
    while not store.retention.remove("sessions", before, 2, APPLY).ended:
        pass
    assert [one.hash for one in store.sessions.of("p")] == [start_sessions_later]
    done = store.retention.policies()["sessions"]
    assert (done.removed, done.kept) == (5, 0)
    assert done.begun <= done.ended
    noted = store.audit.page(None, 1)[0].act
    assert (noted.action, noted.detail) == ("retention.apply", {"removed": 5, "kept": 0})


def test_a_run_that_removes_nothing_notes_nothing(store):
    run(store, "sessions")
    assert acts(store) == ["retention.set"]


def test_acts_of_erasing_and_of_retention_stay(store):
    for action in ("persona.erase", "claim.read", "backup.restore", "claim.read"):
        store.audit.note(Act(principal="p", action=action, subject="x"))
    done = run(store, "audit_events")
    assert done.removed == 2
    assert acts(store) == ["retention.apply", "retention.set", "backup.restore", "persona.erase"]


def test_what_rows_said_is_forgotten_once_their_import_has_ended(store, source):
    store.imports.add(an_import())
    store.imports.advance("a", 0, source, [quarantined(1), taken(2), quarantined(3)])
    assert run(store, "import_rows").removed == 0
    store.imports.discard(place(1), BY)
    store.imports.finish("a", "done")
    assert looked_at(store, "import_rows", store.now() + 1) == ["a/1"]
    assert run(store, "import_rows").removed == 1
    rows = {row.number: row for row in store.imports.rows("a", 0, 10)}
    assert rows[1].cells == {}
    assert rows[3].cells == {"日期": "soon"}


def test_rows_that_wait_too_long_are_given_up(store, source):
    store.imports.add(an_import())
    store.imports.advance("a", 0, source, [quarantined(1), quarantined(2), quarantined(3)])
    assert looked_at(store, "quarantine", 1) == []
    assert run(store, "quarantine").removed == 3
    assert store.imports.quarantine(None, 10) == []
    row = store.imports.quarantined(place(2)).row
    assert (row.state, row.cells, row.correction.by) == ("discarded", {}, "retention")


def place(number):
    return QuarantinePlace("a", number)
