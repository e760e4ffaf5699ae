from lrs.store.mongo import sessions as mongo
from lrs.store.sqlite import sessions as sqlite
from schemas.audit import Act

ACT = Act(principal="test", action="tested", subject="it")
HOUR = 3_600_000_000


def test_a_session_is_found_until_it_ends(store):
    for hashed, principal in ((b"1", "person:a"), (b"2", "person:a"), (b"3", "person:b")):
        store.sessions.start(hashed, principal, ACT)
    assert store.sessions.find(b"1", idle=HOUR, life=HOUR).principal == "person:a"
    assert store.sessions.find(b"1", idle=0, life=HOUR) is None
    assert store.sessions.find(b"1", idle=HOUR, life=0) is None
    assert [one.hash for one in store.sessions.of("person:a")] == [b"2", b"1"]
    store.sessions.end(b"1", ACT)
    assert store.sessions.find(b"1", idle=HOUR, life=HOUR) is None
    assert store.sessions.end_all("person:a", ACT) == 1
    assert store.sessions.find(b"3", idle=HOUR, life=HOUR) is not None


def test_only_what_was_there_to_end_is_told_of(store):
    store.sessions.end(b"1", ACT)
    assert store.audit.page(None, 10) == []
    store.sessions.start(b"1", "person:a", ACT)
    store.sessions.end(b"1", ACT)
    assert len(store.audit.page(None, 10)) == 2


def test_that_a_session_is_used_is_noted_once_in_a_while(store, monkeypatch):
    store.sessions.start(b"1", "person:a", ACT)
    first = store.sessions.find(b"1", idle=HOUR, life=HOUR)
    assert store.sessions.find(b"1", idle=HOUR, life=HOUR) == first
    for module in (mongo, sqlite):
        monkeypatch.setattr(module, "USE_NOTED_EVERY", 0)
    store.sessions.find(b"1", idle=HOUR, life=HOUR)
    later = store.sessions.find(b"1", idle=HOUR, life=HOUR)
    assert later.used > first.used
    assert later.created == first.created
