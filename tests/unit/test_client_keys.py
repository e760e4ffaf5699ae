"""The keys that we sign in with: kept sealed, published, and taken over one from the other."""

import pytest
from joserfc.jwk import ECKey

from lrs.app import create_app
from lrs.auth import client_key as keys
from lrs.auth.client_key import client_key, public_jwks, rotate_client_key
from lrs.auth.secret_places import SecretError
from lrs.auth.secrets import RootSecret
from lrs.settings import Settings
from schemas.claims import IdentityDocument


@pytest.fixture
def service(tmp_path):
    app = create_app(Settings(data=tmp_path, public_url="http://lrs.example"))
    yield app.extensions["lrs"]
    app.extensions["lrs"].close()


@pytest.fixture
def held(service):
    return service.store.client_keys, service.root_secret


def published(held):
    return [key["kid"] for key in public_jwks(*held)["keys"]]


def test_the_first_key_stays_and_is_published_without_its_private_part(held):
    key = client_key(*held)
    assert client_key(*held) == key
    assert published(held) == [key.kid]
    assert "d" not in public_jwks(*held)["keys"][0]


def test_a_new_key_is_published_before_it_signs_and_the_old_one_after(held, monkeypatch):
    old = client_key(*held)
    new = rotate_client_key(*held)
    assert client_key(*held).kid == old.kid
    assert published(held) == [old.kid, new]
    later = held[0]._database.now() + int((keys.PUBLISHED_BEFORE + 1) * 1e6)
    monkeypatch.setattr(held[0]._database, "now", lambda: later)
    assert client_key(*held).kid == new
    assert published(held) == [old.kid, new]
    last = later + int(keys.PUBLISHED_AFTER * 1e6)
    monkeypatch.setattr(held[0]._database, "now", lambda: last)
    assert published(held) == [new]


def test_a_key_that_is_known_to_others_is_dropped_at_once(held):
    old = client_key(*held)
    new = rotate_client_key(*held, at_once=True)
    assert client_key(*held).kid == new != old.kid
    assert published(held) == [new]


def test_a_rotation_during_another_leaves_one_key_that_signs(held):
    client_key(*held)
    rotate_client_key(*held)
    last = rotate_client_key(*held, at_once=True)
    assert client_key(*held).kid == last
    assert last in published(held)


def test_the_only_key_of_an_earlier_version_is_taken_over(service):
    key = ECKey.generate_key("P-256")
    service.store.settings.keep("client_key", service.root_secret.seal_key(key))
    signing = client_key(service.store.client_keys, service.root_secret)
    assert signing.kid == key.thumbprint()


def test_another_root_secret_opens_no_key(held):
    client_key(*held)
    with pytest.raises(ValueError, match=r"."):
        client_key(held[0], RootSecret(b"another"))


# --- secrets of receivers, and identity documents


def test_secrets_are_read_from_where_the_settings_say(service, tmp_path, monkeypatch):
    places = service.secret_places
    monkeypatch.setenv("BANK_SECRET", "one")
    (tmp_path / "secret").write_text("two\n")
    places.keep("bank", "three")
    assert [
        places.read(place)
        for place in ("env:BANK_SECRET", f"file:{tmp_path / 'secret'}", "store:bank")
    ] == ["one", "two", "three"]
    places.keep("bank", "four")
    assert places.read("store:bank") == "four"
    for place in ("env:NOWHERE", "file:/nowhere", "store:none", "vault:x", ""):
        with pytest.raises(SecretError) as caught:
            places.read(place)
        assert "four" not in str(caught.value)


def test_a_sealed_secret_is_of_no_use_under_another_name(service):
    service.secret_places.keep("bank", "a secret")
    sealed = service.store.sealed_values.get("bank")
    assert b"a secret" not in sealed
    service.store.sealed_values.put("other", sealed)
    with pytest.raises(SecretError):
        service.secret_places.read("store:other")


def test_identity_documents_are_sealed_each_for_its_persona(service, tmp_path):
    document = IdentityDocument(type="resident", number="310101199001011234")
    documents = service.learner_documents
    documents.keep("p1", document, "person:1")
    assert documents.of("p1") == document
    assert documents.of("p2") is None
    assert "3101" not in repr(document)
    service.store.identity_documents.put(
        "p2", service.store.identity_documents.get("p1"), service.store.audit.page(None, 1)[0].act
    )
    with pytest.raises(ValueError, match=r"."):
        documents.of("p2")
    for file in tmp_path.glob("lrs.db*"):
        assert b"310101199001011234" not in file.read_bytes()
    acts = [event.act for event in service.store.audit.page(None, 10, persona="p1")]
    assert {act.action for act in acts} == {"identity-document.keep"}
    assert "3101" not in str(acts)
    assert documents.forget("p1", "person:1")
    assert not documents.forget("p1", "person:1")
