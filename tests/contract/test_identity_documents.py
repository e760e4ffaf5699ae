from schemas.audit import Act
from tests.contract.test_exchange import look_up


def test_a_look_up_on_the_shelf_is_made_again_with_an_identity_document(store):
    queued = look_up(store)
    (lookup,) = (one for one in queued.outbox.lease(10, 60) if one.kind == "lookup")
    queued.outbox.park(lookup, "no identity document")
    act = Act(principal="person:1", action="identity-document.keep", subject="p1", persona="p1")
    queued.identity_documents.put("p1", b"sealed", act)
    assert queued.identity_documents.get("p1") == b"sealed"
    assert [one.kind for one in queued.outbox.lease(10, 60)] == ["lookup"]
    assert queued.identity_documents.remove("p1", act)
    assert not queued.identity_documents.remove("p1", act)
