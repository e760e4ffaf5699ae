"""Sign-in of people, and tokens of machines, at an outside OpenID Connect provider."""

import re
import socket
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from lrs.app import create_app
from lrs.settings import Settings, SettingsError
from schemas.audit import Act
from schemas.clients import Client
from schemas.people import Person
from tests.identity_provider import identity_provider

URL = "http://localhost"
BACK = f"{URL}/sign-in/outside/back"
ACT = Act(principal="test", action="test", subject="test")


@pytest.fixture(scope="module")
def provider():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with identity_provider(port, "lrs", "the-secret-of-the-lrs", BACK) as address:
        yield address


@pytest.fixture
def app(tmp_path, provider):
    requests.post(f"{provider}/odd", timeout=5)
    app = create_app(
        Settings(
            data=tmp_path,
            public_url=URL,
            oidc_issuer=provider,
            oidc_client_id="lrs",
            oidc_client_secret="the-secret-of-the-lrs",
        )
    )
    store = app.extensions["lrs"].store
    for name in ("zhang", "disabled"):
        person = Person(
            id=name,
            name=name,
            display_name=name,
            roles=("reader",),
            subject=f"{provider}|{name}",
            disabled=1 if name == "disabled" else None,
        )
        store.people.add(person, ACT)
    yield app
    app.extensions["lrs"].close()


def go(client, hint=None):
    """Go to the provider and come back to the address that it names."""
    away = client.get("/sign-in/outside?next=/learners/x")
    assert away.status_code == 303
    address = away.location + (f"&login_hint={hint}" if hint else "")
    back = requests.get(address, allow_redirects=False, timeout=10)
    return away.location, back.headers["Location"].removeprefix(URL)


def test_from_the_page_to_the_provider_and_back_to_where_one_wanted_to_go(app):
    client = app.test_client()
    assert "/sign-in/outside" in client.get("/sign-in").text
    asked, back = go(client)
    query = parse_qs(urlsplit(asked).query)
    assert query["code_challenge_method"] == ["S256"]
    assert {"state", "nonce", "code_challenge"} <= query.keys()
    arrived = client.get(back)
    assert (arrived.status_code, arrived.location) == (303, "/learners/x")
    assert client.get("/api/v1/me").json["id"] == "person:zhang"
    assert client.get(back).status_code == 403  # the journey is over


@pytest.mark.parametrize("hint", ["stranger", "disabled"])
def test_who_has_no_account_here_is_told_what_to_say_to_an_administrator(app, provider, hint):
    client = app.test_client()
    _, back = go(client, hint)
    refused = client.get(back)
    assert refused.status_code == 403
    assert f"{provider}|{hint}" in refused.json["detail"]
    assert client.get("/api/v1/me").status_code == 401
    (event,) = app.extensions["lrs"].store.audit.page(None, 1)
    assert event.act.action == "sign_in.refused"


@pytest.mark.parametrize("what", ["nonce", "iss", "aud", "exp"])
def test_an_id_token_that_is_not_for_this_sign_in_is_refused(app, provider, what):
    requests.post(f"{provider}/odd?what={what}", timeout=5)
    client = app.test_client()
    _, back = go(client)
    assert client.get(back).status_code == 403
    assert client.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize(
    "forge",
    [
        lambda back: re.sub("state=[^&]+", "state=another", back),
        lambda back: f"{back}&iss=https://elsewhere.example",
        lambda back: re.sub("code=[^&]+", "error=access_denied", back),
        lambda back: re.sub("code=[^&]+", "code=guessed", back),
    ],
    ids=["state", "iss", "error", "code"],
)
def test_an_answer_that_is_not_the_providers_to_this_browser_is_refused(app, forge):
    client = app.test_client()
    _, back = go(client)
    assert client.get(forge(back)).status_code == 403
    assert client.get("/api/v1/me").status_code == 401


def test_another_browser_cannot_arrive_with_a_journey_that_it_did_not_begin(app):
    _, back = go(app.test_client())
    other = app.test_client()
    assert other.get(back).status_code == 403
    go(other)
    assert other.get(back).status_code == 403


def machine_token(provider, header=(), **claims):
    claims = {"aud": URL, "sub": "hr", "client_id": "hr", "scope": "all/read all", **claims}
    body = {"header": {"typ": "at+jwt", **dict(header)}, "claims": claims}
    answer = requests.post(f"{provider}/machine-token", json=body, timeout=5)
    return answer.json()["access_token"]


@pytest.mark.parametrize(
    ("header", "claims", "status"),
    [
        ({}, {}, 200),
        ({"typ": "JWT"}, {}, 401),
        ({}, {"aud": "https://elsewhere.example"}, 401),
        ({}, {"client_id": "local"}, 401),
        ({}, {"client_id": "unknown"}, 401),
        ({}, {"cnf": {"jkt": "x"}}, 401),
        ({}, {"scope": ""}, 403),
    ],
    ids=["good", "typ", "aud", "a client of ours", "unknown", "bound", "no scope"],
)
def test_a_machines_token_opens_what_the_client_may_here(app, provider, header, claims, status):
    clients = app.extensions["lrs"].store.clients
    clients.add(Client(id="hr", name="HR", method="outside", scopes=("all/read",)), None, ACT)
    local = Client(id="local", name="L", method="client_secret_basic", scopes=("all/read",))
    clients.add(local, b"hash", ACT)
    bearer = {"Authorization": f"Bearer {machine_token(provider, header, **claims)}"}
    assert app.test_client().get("/api/v1/records", headers=bearer).status_code == status
    if status == 200:
        assert app.test_client().get("/api/v1/sources", headers=bearer).status_code == 403


def test_a_provider_that_cannot_be_reached_is_said_so(tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        issuer = f"http://127.0.0.1:{closed.getsockname()[1]}"
        settings = Settings(data=tmp_path, public_url=URL, oidc_issuer=issuer, oidc_client_id="x")
        app = create_app(settings)
        assert app.test_client().get("/sign-in/outside").status_code == 503
        app.extensions["lrs"].close()


def test_without_a_provider_there_is_nowhere_to_go(tmp_path):
    app = create_app(Settings(data=tmp_path, public_url=URL))
    assert app.test_client().get("/sign-in/outside").status_code == 404
    assert "/sign-in/outside" not in app.test_client().get("/sign-in").text
    app.extensions["lrs"].close()
    with pytest.raises(SettingsError, match="LRS_OIDC_CLIENT_ID"):
        Settings.from_environment({"LRS_OIDC_ISSUER": "https://idp.example"})
