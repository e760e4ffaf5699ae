"""The bank's authorization server; the traps are those of Authlib's defaults."""

import base64
import hmac
import json
import secrets
import time

import pytest
from authlib.oauth2.rfc7523.client import ASSERTION_TYPE
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jws, jwt
from joserfc.jwk import ECKey, RSAKey

from adapters.oauth import client_assertion
from lrs.bank import clients
from lrs.bank.app import create_app
from lrs.bank.settings import BankSettings
from lrs.settings import SettingsError
from tests.bank_process import client_key, write_jwks

URL = "http://127.0.0.1:9090"
KEY = client_key()


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bank")
    jwks = write_jwks(folder / "jwks.json", KEY)
    app = create_app(
        BankSettings(data=folder / "data", url=URL, clients={"lrs": jwks, "other": jwks})
    )
    yield app
    app.extensions["bank"].close()


@pytest.fixture(scope="module")
def client(app):
    return app.test_client()


def ask(client, assertion, **form):
    return client.post(
        "/oauth/token",
        base_url=URL,
        data={
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
            **form,
        },
    )


def forged(key=KEY, header=None, **change):
    """Return an assertion that is good but for what is given."""
    now = int(time.time())
    claims = {"iss": "lrs", "sub": "lrs", "aud": URL, "iat": now, "exp": now + 60}
    claims = {**claims, "jti": secrets.token_hex(8), **change}
    claims = {name: value for name, value in claims.items() if value is not None}
    header = {"alg": "ES256", "kid": KEY.kid, **(header or {})}
    return jwt.encode(header, claims, key, algorithms=[header["alg"]])


def part(value):
    """Return a part of a compact JWS."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def signed_with_public_key(token, key):
    """Return the token as HS256 under the public key's PEM: the old confusion attack."""
    header, payload, _ = token.split(".")
    header = json.loads(base64.urlsafe_b64decode(header + "=="))
    signed = f"{part({**header, 'alg': 'HS256'})}.{payload}"
    mac = hmac.digest(key.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def refused(answer):
    assert answer.status_code in (400, 401), answer.text
    assert answer.json["error"] == "invalid_client"
    assert "access_token" not in answer.text
    return answer.json["error_description"]


def granted(client, **form):
    answer = ask(client, client_assertion(URL, "lrs", KEY), **form)
    assert answer.status_code == 200, answer.text
    return answer.json


# --- what is given


def test_metadata_says_what_is_taken(client):
    found = client.get("/.well-known/oauth-authorization-server", base_url=URL).json
    assert found["issuer"] == URL
    assert found["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert found["token_endpoint_auth_signing_alg_values_supported"] == ["ES256"]
    assert found["grant_types_supported"] == ["client_credentials"]


def test_a_good_assertion_gets_an_rfc9068_token(app, client):
    answer = ask(client, forged())
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json["expires_in"] == 300
    assert answer.json["scope"] == "claims.write claims.read learners.read"
    keys = client.get("/.well-known/jwks.json", base_url=URL).json["keys"]
    token = jws.extract_compact(answer.json["access_token"].encode())
    (key,) = [key for key in keys if key["kid"] == token.headers()["kid"]]
    read = jwt.decode(answer.json["access_token"], ECKey.import_key(key), algorithms=["ES256"])
    assert read.header["typ"] == "at+jwt"
    assert (read.claims["iss"], read.claims["aud"]) == (URL, URL)
    assert read.claims["client_id"] == read.claims["sub"] == "lrs"
    assert read.claims["exp"] - read.claims["iat"] == 300


def test_the_bank_publishes_no_private_part_and_two_kids(client):
    keys = client.get("/.well-known/jwks.json", base_url=URL).json["keys"]
    assert len({key["kid"] for key in keys}) == 2
    assert not any("d" in key for key in keys)


def test_private_keys_are_kept_for_the_owner_alone(app, tmp_path):
    jwks = write_jwks(tmp_path / "jwks.json", KEY)
    folder = tmp_path / "data"
    create_app(BankSettings(data=folder, url=URL, clients={"lrs": jwks})).extensions["bank"].close()
    for name in ("bank-keys.json", "bank.db"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600


def test_the_scope_asked_for_is_the_scope_granted(client):
    assert granted(client, scope="claims.read")["scope"] == "claims.read"
    answer = ask(client, forged(), scope="claims.read admin")
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_scope")


# --- trap 3: client assertions


def test_an_assertion_is_good_once(client):
    assertion = forged()
    assert ask(client, assertion).status_code == 200
    assert "used before" in refused(ask(client, assertion))


def test_the_same_jti_of_another_client_is_not_a_replay(client):
    jti = secrets.token_hex(8)
    assert ask(client, forged(jti=jti)).status_code == 200
    assert ask(client, forged(jti=jti, iss="other", sub="other")).status_code == 200


def test_used_assertions_are_forgotten_once_they_have_expired(app):
    store = app.extensions["bank"].store
    assert store.use_assertion("lrs", "a", expires=100, now=50)
    assert not store.use_assertion("lrs", "a", expires=100, now=100)
    assert store.use_assertion("lrs", "b", expires=200, now=101)
    assert store._read("SELECT jti FROM assertion WHERE expires <= 200") == [("b",)]


@pytest.mark.parametrize("life", [61, 3600, 365 * 86_400, 0, -10])
def test_an_assertion_lives_a_minute_at_most(client, life):
    now = int(time.time())
    refused(ask(client, forged(iat=now, exp=now + life)))


def test_an_assertion_from_the_future_does_not_stretch_its_life(client):
    later = int(time.time()) + 3600
    refused(ask(client, forged(iat=later, exp=later + 60)))


@pytest.mark.parametrize(
    "change",
    [
        {"iat": None},
        {"exp": None},
        {"jti": None},
        {"jti": ""},
        {"jti": "x" * 256},
        {"jti": 7},
        {"iss": None},
        {"sub": None},
        {"sub": ["lrs"]},
        {"iss": "other"},
        {"sub": "stranger", "iss": "stranger"},
        {"aud": None},
        {"aud": f"{URL}/oauth/token"},
        {"aud": f"{URL}/"},
        {"aud": "https://other.example"},
        {"aud": [URL, "https://other.example"]},
        {"exp": True},
        {"iat": 1.5},
        {"exp": "2999"},
        {"iat": 10**30, "exp": 10**30 + 60},
        {"nbf": 2**40},
    ],
)
def test_a_claim_that_is_wrong_or_missing(client, change):
    refused(ask(client, forged(**change)))


def test_an_expired_assertion(client):
    then = int(time.time()) - 120
    refused(ask(client, forged(iat=then, exp=then + 60)))


def test_only_es256_counts(client):
    rsa = RSAKey.generate_key(2048, {"kid": "rsa"})
    refused(ask(client, forged(rsa, {"alg": "RS256", "kid": "rsa"})))
    refused(ask(client, forged(rsa, {"alg": "RS256"})))
    refused(ask(client, signed_with_public_key(forged(), KEY)))
    _, payload, signature = forged().split(".")
    for alg in ("none", "None", "ES384", "", None, 7, 'a"\\é'):
        header = part({"alg": alg, "kid": KEY.kid})
        refused(ask(client, f"{header}.{payload}."))
        refused(ask(client, f"{header}.{payload}.{signature}"))


def test_another_key_under_the_clients_kid(client):
    refused(ask(client, forged(client_key(KEY.kid))))


@pytest.mark.parametrize("header", [{"kid": "unknown"}, {"kid": ""}])
def test_a_kid_that_the_client_does_not_have(client, header):
    refused(ask(client, forged(header=header)))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.text()
    | st.builds(
        lambda header, payload: ".".join((part(header), part(payload), "AAAA")),
        st.none()
        | st.lists(st.just("alg"))
        | st.dictionaries(st.just("alg"), st.text() | st.none()),
        st.none() | st.text() | st.dictionaries(st.sampled_from(["sub", "iss"]), st.just("lrs")),
    )
)
def test_no_text_at_all_is_an_assertion(client, text):
    refused(ask(client, text))


def test_no_other_way_to_authenticate(client):
    form = {"grant_type": "client_credentials", "client_id": "lrs", "client_secret": "x"}
    refused(client.post("/oauth/token", base_url=URL, data=form))
    refused(
        client.post(
            "/oauth/token",
            base_url=URL,
            data={"grant_type": "client_credentials"},
            auth=("lrs", "x"),
        )
    )
    for grant_type in ("password", "", '"\\é'):
        answer = ask(client, forged(), grant_type=grant_type)
        assert (answer.status_code, answer.json["error"]) == (400, "unsupported_grant_type")


# --- trap 4: access tokens


def access_token(app, header=None, key=None, **change):
    now = int(time.time())
    claims = {
        "iss": URL,
        "aud": URL,
        "sub": "lrs",
        "client_id": "lrs",
        "iat": now,
        "exp": now + 300,
        "jti": secrets.token_hex(8),
        "scope": "claims.write claims.read",
        **change,
    }
    claims = {name: value for name, value in claims.items() if value is not None}
    key = key or app.extensions["bank"].keys.tokens
    header = {"alg": "ES256", "kid": key.kid, "typ": "at+jwt", **(header or {})}
    header = {name: value for name, value in header.items() if value is not None}
    return jwt.encode(header, claims, key, algorithms=[header["alg"]], default_type=None)


def enter(client, token):
    return client.get("/claims/none", base_url=URL, headers={"Authorization": f"Bearer {token}"})


def test_a_token_made_as_the_bank_makes_it_enters(app, client):
    assert enter(client, access_token(app)).status_code == 404
    assert enter(client, granted(client)["access_token"]).status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"header": {"typ": None}},
        {"header": {"typ": "JWT"}},
        {"header": {"typ": "receipt+jwt"}},
        {"cnf": {"jkt": "x"}},
        {"iss": "https://other.example"},
        {"iss": None},
        {"aud": "https://other.example"},
        {"aud": None},
        {"exp": 1},
        {"exp": None},
        {"iat": 2**40},
        {"client_id": None},
        {"sub": None},
        {"jti": None},
    ],
)
def test_a_token_that_is_not_quite_one(app, client, change):
    answer = enter(client, access_token(app, **change))
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_a_token_under_another_key(app, client):
    keys = app.extensions["bank"].keys
    assert enter(client, access_token(app, key=keys.receipts)).status_code == 401
    stranger = client_key(keys.tokens.kid)
    assert enter(client, access_token(app, key=stranger)).status_code == 401
    confused = signed_with_public_key(access_token(app), keys.tokens)
    assert enter(client, confused).status_code == 401
    rsa = RSAKey.generate_key(2048)
    confused = access_token(app, {"alg": "RS256", "kid": keys.tokens.kid}, rsa)
    assert enter(client, confused).status_code == 401


@pytest.mark.parametrize(
    "authorization", [None, "Bearer", "Basic eDp5", "Bearer x", "Bearer a.b.c"]
)
def test_no_token_no_entry(client, authorization):
    headers = {"Authorization": authorization} if authorization else {}
    answer = client.get("/claims/x", base_url=URL, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.mimetype == "application/problem+json"


def test_a_scope_that_lacks(app, client):
    answer = enter(client, access_token(app, scope="claims.write"))
    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
    assert enter(client, access_token(app, scope=None)).status_code == 403


# --- clients


@pytest.mark.parametrize(
    "place", ["http://bank.example/jwks", "file:///etc/passwd", "/nowhere/jwks.json"]
)
def test_a_key_set_that_cannot_be_used_is_said_at_the_start(tmp_path, place):
    with pytest.raises(SettingsError, match="lrs"):
        create_app(BankSettings(data=tmp_path, url=URL, clients={"lrs": place}))


def test_a_new_key_in_the_file_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(clients, "KEYS_PAUSE", 0.0)
    path = tmp_path / "jwks.json"
    old, new = client_key("old"), client_key("new")
    app = create_app(BankSettings(data=tmp_path, url=URL, clients={"lrs": write_jwks(path, old)}))
    client = app.test_client()
    assert ask(client, client_assertion(URL, "lrs", old)).status_code == 200
    write_jwks(path, old, new)
    assert ask(client, client_assertion(URL, "lrs", new)).status_code == 200
    app.extensions["bank"].close()


def test_strangers_hear_nothing_under_another_host_name(client):
    assert client.get("/", base_url="http://evil.example:9090").status_code == 400
    assert client.get("/", base_url=URL).status_code == 200
