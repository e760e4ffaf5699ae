"""What every store of the ledger must do."""

from lrs.store.ledger import Growth, LedgerKey, NewLeaf, Opening


def growth(size, number, persona="p"):
    leaves = [
        NewLeaf(
            fact=100 + index,
            entry=b"entry %d" % index,
            opening=Opening(persona=persona, secret=b"s" * 32, document=b"{}"),
        )
        for index in range(size, size + number)
    ]
    return Growth(
        size=size,
        leaves=leaves,
        tiles={(0, 0): b"h" * 32 * (size + number)},
        root=b"r" * 32,
        note=f"note of {size + number}\n",
    )


def test_what_is_appended_stands_in_its_order(store):
    assert store.ledger.place() == (0, 0)
    assert store.ledger.checkpoint() is None
    assert store.ledger.append(growth(0, 3))
    assert store.ledger.append(growth(3, 2))
    assert store.ledger.place() == (5, 104)
    assert store.ledger.entries(1, 3) == [b"entry 1", b"entry 2", b"entry 3"]
    assert store.ledger.tile(0, 0) == b"h" * 160
    assert store.ledger.tile(0, 1) is None
    found = store.ledger.of_facts([101, 104, 999])
    assert {fact: leaf.index for fact, leaf in found.items()} == {101: 1, 104: 4}
    assert found[101].opening.secret == b"s" * 32
    assert store.ledger.checkpoint().note == "note of 5\n"


def test_a_growth_of_a_tree_that_has_grown_leaves_nothing(store):
    assert store.ledger.append(growth(0, 3))
    assert not store.ledger.append(growth(0, 5))
    assert not store.ledger.append(growth(4, 1))
    assert store.ledger.place() == (3, 102)
    assert store.ledger.checkpoint().size == 3
    assert store.ledger.tile(0, 0) == b"h" * 96


def test_the_checkpoint_with_most_to_show_is_found(store):
    for size in (0, 1, 2):
        store.ledger.append(growth(size, 1))
    store.ledger.add_cosignature(2, "line\n")
    store.ledger.add_cosignature(2, "line\n")
    assert store.ledger.checkpoint().size == 3
    assert store.ledger.checkpoint(1).size == 2
    assert store.ledger.checkpoint(1).cosignatures == "line\n"
    assert store.ledger.checkpoint(3).size == 3
    store.ledger.add_timestamp(1, b"token")
    assert store.ledger.checkpoint(1).timestamp == b"token"
    assert store.ledger.checkpoint(4) is None
    store.ledger.resign(store.ledger.checkpoint(3), "another note\n")
    assert store.ledger.checkpoint().note == "another note\n"


def test_keys_are_added_in_turn_and_destroyed_when_their_time_is_over(store):
    assert store.ledger.add_key(LedgerKey(key="a", since=1, sealed=b"A"), 1)
    assert not store.ledger.add_key(LedgerKey(key="x", since=2, sealed=b"X"), 2)
    assert store.ledger.add_key(LedgerKey(key="b", since=5, sealed=b"B", introduction="n"), 9)
    first, second = store.ledger.known_keys()
    assert (first.key, first.until, second.key, second.until) == ("a", 9, "b", None)
    store.ledger.destroy_keys(8)
    assert store.ledger.known_keys()[0].sealed == b"A"
    store.ledger.destroy_keys(9)
    assert [key.sealed for key in store.ledger.known_keys()] == [None, b"B"]
