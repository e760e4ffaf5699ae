import uuid
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from lrs.store.devices import BatchTaken, DeviceGone
from lrs.store.imports import NotQuarantined, QuarantinePlace, TakenRow
from lrs.store.statements import Conflict, NewStatement
from schemas.devices import Device, DeviceBatch
from schemas.imports import Correction, Counts, Import, ImportRow, RowFault
from schemas.rosters import RosterOrganisation, RosterPerson

FAULT = RowFault(path="日期", rule={"en": "must be a date", "zh-CN": "应为日期"})
BY = Correction(by="person:1", reason="as on paper", cells={"日期": "2026-03-07"})


def an_import(name="a", **more):
    return Import(
        id=name,
        name=f"{name}.csv",
        sha256="0" * 64,
        kind="attendance",
        by="person:1",
        source="import",
        created=0,
        changed=0,
        **more,
    )


def new(number, body=b'{"a":1}'):
    return NewStatement(
        id=uuid.UUID(int=number).bytes, body=body, timestamp=False, keys=frozenset()
    )


def taken(number, *statements):
    return TakenRow(ImportRow(number=number, state="stored"), statements)


def quarantined(number):
    row = ImportRow(number=number, state="quarantined", cells={"日期": "soon"}, faults=(FAULT,))
    return TakenRow(row, counts=Counts(rows=1, refused=1))


@pytest.fixture
def source(store):
    return store.sources.add(
        key="import", name="import", provenance="import", scopes=(), secret_hash=None
    ).id


def test_an_import_is_added_once_and_found(store):
    first = store.imports.add(an_import())
    assert first.created == first.changed > 0
    assert store.imports.add(an_import()) == first
    assert store.imports.get("a") == first
    assert store.imports.get("b") is None
    assert store.imports.unfinished("0" * 64) == [first]
    store.imports.finish("a", "done")
    assert store.imports.unfinished("0" * 64) == []


def test_imports_are_paged_newest_first_and_by_principal(store):
    for name in "abc":
        store.imports.add(an_import(name))
    first, second = store.imports.page(None, 2)
    assert [first.id, second.id] == ["c", "b"]
    assert [one.id for one in store.imports.page((second.created, "b"), 2)] == ["a"]
    assert len(store.imports.page(None, 9, "person:1")) == 3
    assert store.imports.page(None, 9, "person:2") == []


def test_rows_and_their_statements_are_stored_whole(store, source):
    store.imports.add(an_import())
    after = store.imports.advance("a", 0, source, [taken(2, new(1), new(2)), quarantined(3)])
    assert (after.through, after.state) == (3, "running")
    assert after.counts == Counts(rows=2, stored=2, refused=1)
    first, second = store.imports.rows("a", 0, 9)
    assert first.statements == (str(uuid.UUID(int=1)), str(uuid.UUID(int=2)))
    assert (second.cells, second.faults) == ({"日期": "soon"}, (FAULT,))
    again = store.imports.advance("a", 3, source, [taken(4, new(1)), taken(5, new(1), new(3))])
    assert again.counts == Counts(rows=4, stored=3, known=2, refused=1)
    assert [row.state for row in store.imports.rows("a", 3, 9)] == ["known", "stored"]
    assert [row.number for row in store.imports.rows("a", 0, 9, "stored")] == [2, 5]


def test_who_brought_statements_here_and_who_corrected_them_is_kept(store, source):
    device = Device(id="d", name="phone", source="import", jwk={}, by="person:4", registered=0)
    store.devices.register(device)
    for name, by in (("a", "person:1"), ("b", "person:2"), ("c", "device:d")):
        store.imports.add(msgspec.structs.replace(an_import(name), by=by))
    store.imports.advance("a", 0, source, [taken(1, new(1), new(2)), quarantined(2)])
    store.imports.advance("b", 0, source, [taken(1, new(2))])
    store.imports.advance("c", 0, source, [taken(1, new(4))])
    store.imports.release(
        QuarantinePlace("a", 2), msgspec.structs.replace(BY, by="person:3"), source, [new(3)]
    )
    by = {number: store.imports.recorded_by([str(uuid.UUID(int=number))]) for number in range(1, 6)}
    assert by == {
        1: {"person:1"},
        2: {"person:1", "person:2"},
        3: {"person:1", "person:3"},
        4: {"device:d", "person:4"},
        5: set(),
    }
    assert store.imports.recorded_by([]) == set()


def test_a_batch_that_another_process_stored_is_left_alone(store, source):
    store.imports.add(an_import())
    store.imports.advance("a", 0, source, [taken(2, new(1))])
    after = store.imports.advance("a", 0, source, [taken(2, new(1))])
    assert (after.through, after.counts.rows) == (2, 1)
    store.imports.finish("a", "done")
    assert store.imports.advance("a", 2, source, [taken(3, new(2))]).through == 2
    assert len(store.statements.following(0, 9)) == 1


def test_a_conflict_names_the_row_and_leaves_nothing(store, source):
    store.imports.add(an_import())
    store.imports.advance("a", 0, source, [taken(2, new(1))])
    other = taken(4, new(3), new(1, b'{"a":2}'))
    with pytest.raises(Conflict) as caught:
        store.imports.advance("a", 2, source, [taken(3, new(2)), other])
    assert (caught.value.index, caught.value.id) == (1, new(1).id)
    assert store.imports.get("a").through == 2
    assert len(store.statements.following(0, 9)) == 1
    assert store.imports.rows("a", 2, 9) == []


def test_a_held_import_is_leased_by_one_at_a_time(store, source):
    assert store.imports.lease(60) is None
    store.imports.add(an_import("cli"))
    store.imports.add(an_import("a", held=True))
    assert store.imports.lease(60).id == "a"
    assert store.imports.lease(60) is None
    store.imports.advance("a", 0, source, [taken(2, new(1))], seconds=0)
    assert store.imports.lease(60).through == 2
    store.imports.finish("a", "failed", {"en": "x", "zh-CN": "错"})
    assert store.imports.lease(60) is None
    assert store.imports.get("a").reason["zh-CN"] == "错"


def test_of_two_who_lease_at_once_each_gets_another(store):
    for name in "ab":
        store.imports.add(an_import(name, held=True))
    with ThreadPoolExecutor(3) as pool:
        leased = list(pool.map(store.imports.lease, [60] * 3))
    assert sorted(one.id for one in leased if one) == ["a", "b"]


def test_of_two_who_advance_at_once_one_stores_the_rows(store, source):
    store.imports.add(an_import())
    with ThreadPoolExecutor(2) as pool:
        waiting = [
            pool.submit(store.imports.advance, "a", 0, source, [taken(2, new(number))])
            for number in (1, 2)
        ]
    assert [one.result().counts for one in waiting] == [Counts(rows=1, stored=1)] * 2
    assert len(store.statements.following(0, 9)) == 1


def test_the_quarantine_is_listed_and_ended_once(store, source):
    for name in "ab":
        store.imports.add(an_import(name))
        store.imports.advance(name, 0, source, [quarantined(2), quarantined(3)])
    places = [(one.import_id, one.row.number) for one in store.imports.quarantine(None, 9)]
    assert places == [("a", 2), ("a", 3), ("b", 2), ("b", 3)]
    assert len(store.imports.quarantine(QuarantinePlace("a", 3), 9)) == 2
    assert len(store.imports.quarantine(None, 9, import_id="b", by="person:1")) == 2
    assert store.imports.quarantine(None, 9, by="person:2") == []
    place = QuarantinePlace("a", 2)
    released = store.imports.release(place, BY, source, [new(1)])
    assert (released.state, released.statements) == ("released", (str(uuid.UUID(int=1)),))
    assert released.correction.at > 0
    assert released.cells == {"日期": "soon"}
    discarded = store.imports.discard(QuarantinePlace("a", 3), BY)
    assert discarded.state == "discarded"
    for wrong in (place, QuarantinePlace("a", 3), QuarantinePlace("a", 9)):
        with pytest.raises(NotQuarantined):
            store.imports.release(wrong, BY, source, [new(5)])
        with pytest.raises(NotQuarantined):
            store.imports.discard(wrong, BY)
    assert len(store.statements.following(0, 9)) == 1
    assert store.imports.quarantined(place).row == released
    assert [event.act.action for event in store.audit.page(None, 9)] == [
        "quarantine.discard",
        "quarantine.release",
    ]
    with pytest.raises(Conflict):
        store.imports.release(QuarantinePlace("b", 2), BY, source, [new(1, b'{"a":2}')])
    assert store.imports.quarantined(QuarantinePlace("b", 2)).row.state == "quarantined"


def a_batch(number, sha256="x"):
    return DeviceBatch(number=number, sha256=sha256, import_id="a", received=0)


def test_batches_of_a_device_are_taken_once_and_gaps_are_seen(store):
    store.imports.add(an_import())
    device = Device(id="d", name="D", source="s", jwk={"kty": "EC"}, by="person:1", registered=0)
    added = store.devices.register(device)
    assert store.devices.register(device) == added == store.devices.get("d")
    assert store.devices.page(None, 9) == [added]
    assert store.devices.page((added.registered, "d"), 9) == []
    assert store.devices.take("d", a_batch(3)) is True
    assert store.devices.take("d", a_batch(3)) is False
    with pytest.raises(BatchTaken):
        store.devices.take("d", a_batch(3, "y"))
    assert store.devices.gaps("d", 9) == [(1, 2)]
    store.devices.take("d", a_batch(7))
    assert store.devices.gaps("d", 1) == [(1, 2)]
    assert store.devices.gaps("d", 9) == [(1, 2), (4, 6)]
    assert [one.number for one in store.devices.batches("d", 3, 9)] == [7]
    assert store.devices.batch("d", 7).received > 0
    assert (store.devices.get("d").highest, store.devices.get("d").accepted) == (7, 2)
    assert store.devices.revoke("d", "person:2", "lost").revoked > 0
    with pytest.raises(DeviceGone):
        store.devices.take("d", a_batch(8))
    with pytest.raises(DeviceGone):
        store.devices.take("e", a_batch(1))
    assert store.devices.revoke("e", "person:2", "lost") is None


def test_of_two_batches_of_one_number_at_once_one_is_taken(store):
    store.imports.add(an_import())
    store.devices.register(
        Device(id="d", name="D", source="s", jwk={"kty": "EC"}, by="person:1", registered=0)
    )
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(store.devices.take, "d", a_batch(1, sha)) for sha in "xy"]
    came = [type(one.exception()) if one.exception() else one.result() for one in waiting]
    assert set(came) == {True, BatchTaken}
    assert store.devices.get("d").accepted == 1


def a_person(number, name="李娜"):
    return RosterPerson(id=str(number), name=name, identifiers=(f"mbox:mailto:{number}@b.cn",))


def test_a_change_of_a_roster_is_followed_once(store):
    rosters = store.rosters
    assert rosters.put("hr", "a", [a_person(1), a_person(2)]) == [True, True]
    assert rosters.put("hr", "b", [a_person(1), a_person(2, "王强")]) == [False, True]
    first, second = rosters.following(0, 9)
    assert (first.entry, second.entry.name) == (a_person(1), "王强")
    assert rosters.following(second.seq, 9) == []
    assert rosters.end("hr", "person", ["1", "9"]) == 1
    (ended,) = rosters.following(second.seq, 9)
    assert (ended.entry.id, ended.ended) == ("1", True)
    assert rosters.entry("hr", "person", "1") == ended
    assert [one.entry.id for one in rosters.entries("hr", "person", None, 9)] == ["2"]
    assert rosters.entries("hr", "person", "2", 9) == []
    assert rosters.put("hr", "c", [a_person(1)]) == [True]
    assert rosters.end_others("hr", "person", "c") == 1
    assert [one.entry.id for one in rosters.entries("hr", "person", None, 9)] == ["1"]


def test_nouns_and_rosters_are_apart(store):
    store.rosters.put("hr", "a", [a_person(1), RosterOrganisation(id="1", name="某某集团")])
    store.rosters.put("lms", "a", [a_person(1)])
    assert store.rosters.names() == ["hr", "lms"]
    assert store.rosters.entry("hr", "organisation", "1").entry.name == "某某集团"
    assert store.rosters.entry("lms", "organisation", "1") is None
    assert store.rosters.end_others("hr", "person", "b") == 1
    assert store.rosters.entry("lms", "person", "1").ended is False
