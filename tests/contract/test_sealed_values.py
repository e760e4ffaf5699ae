def test_a_value_is_kept_until_another_takes_its_place(store):
    assert store.sealed_values.get("bank") is None
    store.sealed_values.put("bank", b"one")
    store.sealed_values.put("bank", b"two")
    store.sealed_values.put("other", b"")
    assert store.sealed_values.get("bank") == b"two"
    assert store.sealed_values.get("other") == b""
