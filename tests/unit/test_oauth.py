"""Our authorization server and the tokens that open our doors. Each trap that the libraries leave
open has a test of its own here."""

import base64
import time
import uuid

import pytest
from click.testing import CliRunner
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from adapters.oauth import client_assertion
from lrs.app import create_app
from lrs.cli import lrs
from lrs.oauth import access_tokens, signing_keys
from lrs.settings import Settings
from tests.unit.test_statement_resource import V, signed_in
from tests.unit.test_statement_rules import GOOD

URL = "http://localhost"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def new_key(kid="key-1"):
    return ECKey.generate_key("P-256", {"kid": kid})


KEY = new_key()
ED25519 = OKPKey.generate_key("Ed25519", {"kid": "ed"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})


@pytest.fixture
def app(tmp_path):
    app = create_app(Settings(data=tmp_path, public_url=URL))
    app.extensions["lrs"].credentials.ensure("admin", "s3cret", name="Administrator")
    yield app
    app.extensions["lrs"].close()


@pytest.fixture
def admin(app):
    return signed_in(app, "admin", "s3cret")


@pytest.fixture
def acme(admin):
    """A client with keys, that may read everything and be the source `tool` at xAPI."""
    admin.post("/api/v1/sources", json={"key": "tool", "name": "Tool", "provenance": "server"})
    keys = [key.as_dict(private=False) for key in (KEY, ED25519)]
    body = {
        "id": "acme",
        "name": "ACME",
        "method": "private_key_jwt",
        "scopes": ["all/read", "statements/write", "statements/read/mine"],
        "source": "tool",
        "jwks": {"keys": keys},
    }
    answer = admin.post("/api/v1/clients", json=body)
    assert answer.status_code == 201, answer.json
    assert answer.json["secret"] is None


def assertion(key=KEY, alg="ES256", header=(), **changes):
    now = int(time.time())
    claims = {
        "iss": "acme",
        "sub": "acme",
        "aud": URL,
        "iat": now,
        "exp": now + 60,
        "jti": uuid.uuid4().hex,
        **changes,
    }
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": alg, "kid": key.kid, **dict(header)}, claims, key, [alg])


def ask(app, signed, path="/oauth/token", **form):
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION,
        "client_assertion": signed,
        **form,
    }
    return app.test_client().post(path, data=form)


def token_of(app, **form):
    answer = ask(app, assertion(), **form)
    assert answer.status_code == 200, answer.json
    return answer.json["access_token"]


def bearing(app, token, path="/api/v1/me", method="get", **rest):
    headers = {"Authorization": f"Bearer {token}", **V}
    return getattr(app.test_client(), method)(path, headers=headers, **rest)


def test_a_token_has_what_rfc_9068_asks_for_and_opens_what_its_scope_says(app, acme):
    answer = ask(app, assertion(), scope="all/read")
    assert answer.json["token_type"] == "Bearer"
    assert answer.json["scope"] == "all/read"
    assert answer.headers["Cache-Control"] == "no-store"
    token = answer.json["access_token"]
    keys = {one["kid"]: one for one in app.test_client().get("/oauth/jwks").json["keys"]}
    header = jwt.decode(token, ECKey.import_key(next(iter(keys.values()))))
    assert header.header["typ"] == "at+jwt"
    assert header.header["kid"] in keys
    assert {"iss", "exp", "aud", "sub", "client_id", "iat", "jti"} <= header.claims.keys()
    me = bearing(app, token).json
    assert (me["id"], me["roles"]) == ("client:acme", ["reader"])
    assert bearing(app, token, "/api/v1/records").status_code == 200
    assert bearing(app, token, "/api/v1/sources").status_code == 403
    assert bearing(app, token, "/xapi/statements", "post", json=GOOD).status_code == 403


def test_xapi_is_used_as_the_clients_source_as_far_as_the_token_goes(app, admin, acme):
    token = token_of(app, scope="statements/write")
    posted = bearing(app, token, "/xapi/statements", "post", json=GOOD)
    assert posted.status_code == 200
    kept = admin.get(f"/xapi/statements?statementId={posted.json[0]}").json
    assert kept["authority"]["account"]["name"] == "tool"
    assert bearing(app, token, "/xapi/statements").status_code == 403
    assert bearing(app, token).status_code == 403
    admin.post("/api/v1/sources/tool/revoke", json={"reason": "gone"})
    assert bearing(app, token, "/xapi/statements", "post", json=GOOD).status_code == 401


def test_trap_1_our_client_makes_a_fresh_assertion_for_every_request(app, acme):
    """The library writes `jti` into the claims it is given, and would use it again."""
    for _ in range(3):
        assert ask(app, client_assertion(URL, "acme", KEY)).status_code == 200


def test_trap_2_our_clients_assertions_are_short_es256_and_for_the_issuer():
    decoded = jwt.decode(client_assertion(URL, "acme", KEY), KEY, ["ES256"])
    assert decoded.claims["aud"] == URL
    assert decoded.claims["exp"] - decoded.claims["iat"] <= 60


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": int(time.time()) + 365 * 86_400},
        {"exp": None},
        {"iat": None},
        {"iat": True},
        {"jti": None},
        {"jti": ""},
        {"jti": 1},
        {"jti": "x" * 300},
        {"aud": f"{URL}/oauth/token"},
        {"aud": [URL, "https://elsewhere.example"]},
        {"iss": "other"},
        {"sub": "nobody"},
        {"sub": ["acme"]},
        {"iat": 1, "exp": 50},
    ],
    ids=lambda value: "-".join(value) or "plain",
)
def test_trap_3_an_assertion_that_is_too_wide_is_refused(app, acme, changes):
    answer = ask(app, assertion(**changes))
    assert answer.status_code in (400, 401)
    assert answer.json["error"] == "invalid_client"


@pytest.mark.parametrize(
    ("key", "alg"),
    [
        (RSA, "RS256"),
        (OctKey.import_key("acme" * 10, {"kid": "key-1"}), "HS256"),
        (new_key("key-1"), "ES256"),
        (new_key("unknown"), "ES256"),
    ],
    ids=["RS256", "HS256", "another key", "unknown kid"],
)
def test_trap_3_an_assertion_with_another_algorithm_or_key_is_refused(app, acme, key, alg):
    assert ask(app, assertion(key, alg)).json["error"] == "invalid_client"


def test_trap_3_an_assertion_is_used_once_and_the_method_has_its_name(app, acme):
    once = assertion()
    assert ask(app, once).status_code == 200
    assert ask(app, once).json["error"] == "invalid_client"
    metadata = app.test_client().get("/.well-known/oauth-authorization-server").json
    assert "private_key_jwt" in metadata["token_endpoint_auth_methods_supported"]


def forged(app, header=(), key=None, alg="ES256", **changes):
    """A token as our server signs them, but for the changes."""
    signing = key or app.extensions["lrs"].signing_keys.current()
    now = int(time.time())
    claims = {
        "iss": URL,
        "aud": URL,
        "sub": "acme",
        "client_id": "acme",
        "iat": now,
        "exp": now + 60,
        "jti": uuid.uuid4().hex,
        "scope": "all/read",
        **changes,
    }
    claims = {name: value for name, value in claims.items() if value is not None}
    head = {"alg": alg, "typ": "at+jwt", "kid": signing.kid, **dict(header)}
    head = {name: value for name, value in head.items() if value is not None}
    return jwt.encode(head, claims, signing, [alg])


def test_what_is_forged_here_is_good_where_nothing_is_changed(app, acme):
    assert bearing(app, forged(app)).status_code == 200


@pytest.mark.parametrize(
    ("header", "changes"),
    [
        ({"typ": None}, {}),
        ({"typ": "JWT"}, {}),
        ({}, {"cnf": {"jkt": "x"}}),
        ({}, {"exp": 1}),
        ({}, {"exp": None}),
        ({}, {"iat": int(time.time()) + 3600}),
        ({}, {"jti": None}),
        ({}, {"jti": 5}),
        ({}, {"sub": None}),
        ({}, {"aud": "https://elsewhere.example"}),
        ({}, {"iss": "https://elsewhere.example"}),
        ({}, {"client_id": "nobody"}),
        ({}, {"client_id": None}),
        ({"kid": "unknown"}, {}),
        ({"kid": None}, {}),
    ],
    ids=lambda value: "-".join(value) or "plain",
)
def test_trap_4_a_token_that_is_no_plain_access_token_opens_nothing(app, acme, header, changes):
    answer = bearing(app, forged(app, header, **changes))
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_trap_4_a_token_of_another_algorithm_or_key_opens_nothing(app, acme):
    mine = app.extensions["lrs"].signing_keys.current()
    public = base64.urlsafe_b64encode(str(mine.as_dict(private=False)).encode())
    assert bearing(app, forged(app, key=new_key(mine.kid))).status_code == 401
    mixed = OctKey.import_key(public, {"kid": mine.kid})
    assert bearing(app, forged(app, key=mixed, alg="HS256")).status_code == 401
    for junk in ("", "x", "a.b.c", "a" * 20_000, assertion(), "é"):
        assert bearing(app, junk.encode("latin-1").decode("latin-1")).status_code == 401


def test_trap_5_ed25519_is_taken_by_its_name_and_rs384_is_for_xapi_signatures(app, acme):
    assert ask(app, assertion(ED25519, "Ed25519")).status_code == 200
    assert "Ed25519" in access_tokens.OUTSIDE_ALGORITHMS


def test_a_secret_works_by_basic_until_another_takes_its_place(app, admin):
    body = {"id": "s", "name": "S", "method": "client_secret_basic", "scopes": ["all/read"]}
    first = admin.post("/api/v1/clients", json=body).json["secret"]
    second = admin.post("/api/v1/clients/s/secret").json["secret"]
    form = {"grant_type": "client_credentials"}
    answers = [
        app.test_client().post("/oauth/token", data=form, auth=("s", secret)).status_code
        for secret in (first, second, "")
    ]
    assert answers == [401, 200, 401]
    assert ask(app, assertion(iss="s", sub="s")).json["error"] == "invalid_client"
    in_form = {**form, "client_id": "s", "client_secret": second}
    assert app.test_client().post("/oauth/token", data=in_form).status_code == 401
    assert first not in admin.get("/api/v1/clients/s").text


def test_a_scope_that_is_not_the_clients_is_not_granted(app, acme):
    assert ask(app, assertion(), scope="all").json["error"] == "invalid_scope"
    assert ask(app, assertion(), scope="all all/read").json["scope"] == "all/read"
    assert ask(app, assertion(), grant_type="password").json["error"] == "unsupported_grant_type"


@pytest.mark.parametrize("how", ["token", "client", "scopes"])
def test_what_is_taken_back_is_felt_at_the_next_request(app, admin, acme, how):
    token = token_of(app, scope="all/read")
    assert bearing(app, token, "/api/v1/records").status_code == 200
    if how == "token":
        assert ask(app, assertion(), "/oauth/revoke", token=token).status_code == 200
    elif how == "client":
        assert admin.post("/api/v1/clients/acme/revoke").status_code == 204
        assert ask(app, assertion()).json["error"] == "invalid_client"
    else:
        admin.patch("/api/v1/clients/acme", json={"scopes": ["statements/write"]})
    refused = 403 if how == "scopes" else 401
    assert bearing(app, token, "/api/v1/records").status_code == refused


def test_introspection_tells_a_client_of_its_own_tokens_only(app, admin, acme):
    token = token_of(app, scope="all/read")
    told = ask(app, assertion(), "/oauth/introspect", token=token).json
    assert (told["active"], told["scope"], told["client_id"]) == (True, "all/read", "acme")
    body = {"id": "s", "name": "S", "method": "client_secret_basic", "scopes": ["all/read"]}
    other = ("s", admin.post("/api/v1/clients", json=body).json["secret"])
    for path in ("/oauth/introspect", "/oauth/revoke"):
        answer = app.test_client().post(path, data={"token": token}, auth=other)
        assert answer.status_code == 200
    assert answer.json == {}
    asked = app.test_client().post("/oauth/introspect", data={"token": token}, auth=other)
    assert asked.json == {"active": False}
    assert bearing(app, token).status_code == 200
    ask(app, assertion(), "/oauth/revoke", token=token)
    assert ask(app, assertion(), "/oauth/introspect", token=token).json == {"active": False}
    assert ask(app, assertion(), "/oauth/introspect", token="x").json == {"active": False}
    stranger = app.test_client().post("/oauth/introspect", data={"token": token})
    assert stranger.status_code == 401


def test_keys_are_renewed_with_an_overlap_and_seen_by_other_processes(app, acme, monkeypatch):
    service = app.extensions["lrs"]
    old = token_of(app, scope="all/read")
    other = signing_keys.SigningKeys(service.store.clients, service.root_secret)
    first = other.current().kid
    renewed = service.signing_keys.renew().kid
    assert renewed != first
    assert bearing(app, old).status_code == 200
    monkeypatch.setattr(other, "_looked", 0.0)
    assert other.current().kid == renewed
    published = [one["kid"] for one in app.test_client().get("/oauth/jwks").json["keys"]]
    assert published == [renewed, first]
    assert all("d" not in one for one in app.test_client().get("/oauth/jwks").json["keys"])
    monkeypatch.setattr(signing_keys, "OVERLAP", -1_000_000)
    service.signing_keys.renew()
    service.signing_keys.renew()
    assert bearing(app, old).status_code == 401


def test_an_old_key_is_renewed_by_itself(app, monkeypatch):
    keys = app.extensions["lrs"].signing_keys
    first = keys.current().kid
    assert keys.current().kid == first
    monkeypatch.setattr(signing_keys, "RENEWED_AFTER", 0)
    assert keys.current().kid != first


def test_metadata_leads_from_a_refusal_to_a_token(app):
    client = app.test_client()
    challenge = client.get("/api/v1/records").headers["WWW-Authenticate"]
    assert challenge.startswith("Basic ")
    assert f'resource_metadata="{URL}/.well-known/oauth-protected-resource"' in challenge
    resource = client.get("/.well-known/oauth-protected-resource").json
    assert resource["resource"] == URL
    assert resource["authorization_servers"] == [URL]
    server = client.get("/.well-known/oauth-authorization-server").json
    assert server["issuer"] == URL
    assert server["token_endpoint"] == f"{URL}/oauth/token"
    assert client.get(server["jwks_uri"]).status_code == 200


def test_oauth_goes_by_https_only_but_for_this_machine(tmp_path):
    app = create_app(Settings(data=tmp_path, public_url="http://lrs.example"))
    assert app.test_client().post("/oauth/token").status_code == 403
    app.extensions["lrs"].close()


PRIVATE = KEY.as_dict(private=True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"jwks": None}, "needs the client's public keys"),
        ({"jwks": {"keys": [PRIVATE]}}, "private part"),
        ({"jwks": {"keys": [{**PRIVATE, "d": None, "kid": ""}]}}, "kid"),
        ({"jwks": {"keys": [{"kty": "RSA", "kid": "x"}]}}, "EC P-256 or OKP Ed25519"),
        ({"jwks": {"keys": [{"kty": "EC", "crv": "P-256", "kid": "x"}]}}, "cannot be used"),
        ({"scopes": ["enterprise"]}, "needs an organisation"),
        ({"scopes": ["state"]}, "needs a source"),
        ({"source": "nothing"}, "no source"),
        ({"method": "client_secret_basic"}, "without keys"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_client_that_could_not_work_is_not_added(admin, change, said):
    keys = {"keys": [KEY.as_dict(private=False)]}
    body = {"id": "x", "name": "X", "method": "private_key_jwt", "scopes": ["all/read"]}
    answer = admin.post("/api/v1/clients", json={**body, "jwks": keys, **change})
    assert answer.status_code == 400
    assert said in answer.json["detail"]
    assert admin.get("/api/v1/clients").json["items"] == []


def test_from_the_command_line(tmp_path, monkeypatch):
    monkeypatch.setenv("LRS_DATA", "unset")

    def run(*arguments):
        return (
            CliRunner()
            .invoke(lrs, ["client", *arguments, f"--data={tmp_path}"], catch_exceptions=False)
            .output
        )

    assert "secret" in run("add", "hr", "--method=client_secret_basic", "--scope=all/read")
    assert "already" in run("add", "hr", "--method=client_secret_basic", "--scope=all/read")
    assert "public keys" in run("add", "x", "--scope=all/read")
    assert "hr" in run("list")
    assert "signed with the key" in run("rotate-key")
    assert "is revoked" in run("revoke", "hr")
    assert "no client" in run("revoke", "nobody")
