"""Clients that publish their keys themselves (`jwks_uri`): fetched, remembered, rotated."""

import pytest
from joserfc.jwk import OKPKey

from adapters import oauth
from lrs.app import create_app
from lrs.oauth.client_keys import KEYS_LIFE, KEYS_PAUSE, keys_of
from lrs.settings import Settings
from tests.unit.test_oauth import URL, ask, assertion, new_key
from tests.unit.test_oauth_client import ScriptedServer
from tests.unit.test_statement_resource import signed_in
from tests.unit.test_webhooks import LOOPBACK

OLD, NEW = new_key("old"), new_key("new")
ED25519 = OKPKey.generate_key("Ed25519", {"kid": "ed"})


@pytest.fixture
def server():
    server = ScriptedServer()
    yield server
    server.close()


def started(tmp_path, networks):
    app = create_app(Settings(data=tmp_path, public_url=URL, webhook_networks=networks))
    app.extensions["lrs"].credentials.ensure("admin", "s3cret", name="Administrator")
    return app


@pytest.fixture
def app(tmp_path):
    app = started(tmp_path, LOOPBACK)
    yield app
    app.extensions["lrs"].close()


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 10_000.0

    monkeypatch.setattr(oauth.time, "monotonic", lambda: Clock.now)
    return Clock


def publish(server, *keys):
    server.script["GET /keys"] = (200, {}, {"keys": [key.as_dict(private=False) for key in keys]})


def registered(app, server, **change):
    body = {
        "id": "acme",
        "name": "ACME",
        "method": "private_key_jwt",
        "scopes": ["all/read"],
        "jwks_uri": f"{server.url}/keys",
        **change,
    }
    return signed_in(app, "admin", "s3cret").post("/api/v1/clients", json=body)


def status(app, key, alg="ES256"):
    return ask(app, assertion(key, alg)).status_code


def test_published_keys_are_fetched_once_and_let_in(app, server):
    publish(server, OLD, ED25519)
    answer = registered(app, server)
    assert answer.json["jwks_uri"] == f"{server.url}/keys"
    assert server.seen == []
    assert status(app, OLD) == 200
    assert status(app, ED25519, "Ed25519") == 200
    assert len(server.seen) == 1


def test_a_rotation_is_honoured_without_a_word_to_us(app, server, clock):
    publish(server, OLD)
    registered(app, server)
    assert status(app, OLD) == 200
    publish(server, OLD, NEW)
    clock.now += KEYS_PAUSE
    assert status(app, NEW) == 200, "a new key is found at once"
    publish(server, NEW)
    assert status(app, OLD) == 200, "the set is remembered for a while"
    clock.now += KEYS_LIFE
    assert status(app, OLD) == 400, "a key that is gone lets nobody in"
    assert status(app, NEW) == 200


def test_strangers_cannot_make_us_fetch_in_a_row(app, server, clock):
    publish(server, OLD)
    registered(app, server)
    for number in range(5):
        assert status(app, new_key(f"stranger-{number}")) == 400
    assert len(server.seen) == 1
    clock.now += KEYS_PAUSE
    status(app, new_key("stranger"))
    assert len(server.seen) == 2


@pytest.mark.parametrize(
    "answer",
    [(500, {}, b""), (404, {}, b""), (200, {}, b"<html>"), (200, {}, [1]), (302, {}, b"")],
)
def test_a_set_that_cannot_be_had_refuses_and_is_not_asked_for_in_a_row(app, server, clock, answer):
    server.script["GET /keys"] = answer
    registered(app, server)
    for _ in range(3):
        refused = ask(app, assertion(OLD))
        assert refused.status_code == 400
        assert refused.json["error"] == "invalid_client"
    assert len(server.seen) == 1
    publish(server, OLD)
    clock.now += KEYS_PAUSE
    assert status(app, OLD) == 200


def test_a_set_that_is_away_lets_known_keys_in_until_it_has_aged(app, server, clock):
    publish(server, OLD)
    registered(app, server)
    assert status(app, OLD) == 200
    server.script["GET /keys"] = (503, {}, b"")
    clock.now += KEYS_LIFE - 1
    assert status(app, OLD) == 200
    clock.now += 1
    assert status(app, OLD) == 400


def test_private_addresses_are_not_asked(tmp_path, server):
    app = started(tmp_path, ())
    publish(server, OLD)
    registered(app, server)
    assert status(app, OLD) == 400
    assert server.seen == []
    app.extensions["lrs"].close()


@pytest.mark.parametrize(
    "change",
    [
        {"jwks": {"keys": [OLD.as_dict(private=False)]}},
        {"jwks_uri": "http://acme.example/keys"},
        {"jwks_uri": "https://me:secret@acme.example/keys"},
        {"jwks_uri": None},
        {"method": "client_secret_basic"},
    ],
)
def test_what_does_not_go_together_is_refused(app, server, change):
    assert registered(app, server, **change).status_code == 400


def test_from_registered_keys_to_published_ones(app, server):
    publish(server, NEW)
    keys = {"keys": [OLD.as_dict(private=False)]}
    assert registered(app, server, jwks=keys, jwks_uri=None).status_code == 201
    assert (status(app, OLD), status(app, NEW)) == (200, 400)
    change = {"jwks": None, "jwks_uri": f"{server.url}/keys"}
    admin = signed_in(app, "admin", "s3cret")
    assert admin.patch("/api/v1/clients/acme", json=change).status_code == 200
    assert (status(app, OLD), status(app, NEW)) == (400, 200)


@pytest.mark.parametrize(
    "entry",
    [
        1,
        {},
        {"kty": "oct", "k": "AA", "kid": "a"},
        {**OLD.as_dict(private=False), "use": "enc"},
        {**OLD.as_dict(private=False), "alg": "ES384"},
        {**OLD.as_dict(private=False), "kid": 1},
        {**OLD.as_dict(private=False), "x": "!"},
        {"kty": ["EC"], "crv": {}, "kid": "a"},
    ],
)
def test_keys_that_are_none_are_passed_over(entry):
    assert set(keys_of({"keys": [entry, NEW.as_dict(private=False)]})) == {"new"}


def test_private_parts_are_dropped():
    assert not keys_of({"keys": [OLD.as_dict(private=True)]})["old"].is_private
