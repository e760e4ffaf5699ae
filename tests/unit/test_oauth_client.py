import contextlib
import gzip
import json
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from adapters import oauth, outbound_http
from adapters.oauth import ClientCredentials, Keys, client_assertion, discover, parse_keys
from adapters.outbound_http import (
    OutboundHttp,
    Unacceptable,
    Unreachable,
    is_loopback,
    require_safe,
    retry_after,
    same_origin,
)
from tests.bank_process import client_key


class ScriptedServer:
    """An HTTP server on a free port whose answers a test sets by `METHOD /path`.

    An answer is (status, headers, body) or a function of the request's headers and body.
    """

    def __init__(self):
        script = self.script = {}
        seen = self.seen = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.do_POST()

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                name = f"{self.command} {self.path}"
                seen.append((name, dict(self.headers), body))
                answer = script.get(name, (404, {}, b""))
                status, headers, content = (
                    answer(dict(self.headers), body) if callable(answer) else answer
                )
                if not isinstance(content, bytes):
                    content = json.dumps(content).encode()
                self.send_response(status)
                for header, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(header, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def speak_oauth(self, **metadata):
        self.script["GET /.well-known/oauth-authorization-server"] = (
            200,
            {},
            {
                "issuer": self.url,
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/jwks",
                **metadata,
            },
        )

    def calls(self, name):
        return [(headers, body) for seen, headers, body in self.seen if seen == name]

    def assertions(self):
        return [
            parse_qs(body.decode())["client_assertion"][0] for _, body in self.calls("POST /token")
        ]


@pytest.fixture
def server():
    server = ScriptedServer()
    yield server
    server.close()


@pytest.fixture
def http():
    http = OutboundHttp()
    yield http
    http.close()


KEY = client_key()


def granting(*tokens, expires_in=300):
    left = list(tokens)

    def answer(headers, body):
        token = left.pop(0) if len(left) > 1 else left[0]
        return (
            200,
            {},
            {"access_token": token, "token_type": "Bearer", "expires_in": expires_in},
        )

    return answer


def account(server, http):
    return ClientCredentials(http, server.url, "lrs", KEY, "claims.write")


# --- addresses and answers


@pytest.mark.parametrize(
    "url",
    [
        "http://bank.example/claims",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1.example/",
        "http://127.0.0.1@bank.example/",
        "https://user:secret@bank.example/",
        "http://0.0.0.0/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "//127.0.0.1/",
        "127.0.0.1",
        "",
    ],
)
def test_an_address_off_this_machine_must_be_https(url, http):
    with pytest.raises(Unacceptable) as caught:
        http.get(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["https://bank.example/", "http://localhost:1/", "http://[::1]:1/"])
def test_https_and_this_machine_are_safe(url):
    require_safe(url)


def test_a_redirect_is_refused_and_not_followed(server, http):
    server.script["GET /a"] = (302, {"Location": f"{server.url}/b"}, b"")
    with pytest.raises(Unacceptable, match="redirect"):
        http.get(f"{server.url}/a")
    assert [name for name, _, _ in server.seen] == ["GET /a"]


@pytest.mark.parametrize("encoding", [None, "gzip"])
def test_an_answer_above_the_limit_is_refused(server, http, encoding):
    body = b"x" * (outbound_http.SIZE_LIMIT + 1)
    headers = {}
    if encoding:
        body, headers = gzip.compress(body), {"Content-Encoding": encoding}
        assert len(body) < 10_000
    server.script["GET /a"] = (200, headers, body)
    with pytest.raises(Unacceptable, match="more than"):
        http.get(f"{server.url}/a")


def test_an_answer_at_the_limit_is_read_whole(server, http):
    body = b"y" * outbound_http.SIZE_LIMIT
    server.script["GET /a"] = (200, {}, body)
    assert http.get(f"{server.url}/a").body == body


def test_an_answer_cut_short_is_no_answer(server, http):
    server.script["GET /a"] = (200, {"Content-Length": "10", "Connection": "close"}, b"short")
    with pytest.raises(Unreachable):
        http.get(f"{server.url}/a")


def test_a_trickle_ends_at_the_deadline(server, http, monkeypatch):
    monkeypatch.setattr(outbound_http, "TOTAL_TIMEOUT", 0.0)
    server.script["GET /a"] = (200, {}, b"x")
    with pytest.raises(Unreachable, match="longer than"):
        http.get(f"{server.url}/a")


def test_no_connection_is_unreachable_and_says_so_shortly(http):
    server = ScriptedServer()
    server.close()
    with pytest.raises(Unreachable, match=r"cannot be reached \(no connection\)"):
        http.get(f"{server.url}/a")


def test_proxies_and_netrc_of_the_environment_are_not_used(server, http, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password leaked\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    server.script["GET /a"] = (200, {"Set-Cookie": "a=b"}, b"")
    http.get(f"{server.url}/a")
    http.get(f"{server.url}/a")
    for headers, _ in server.calls("GET /a"):
        assert "Authorization" not in headers
        assert "Cookie" not in headers


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_come_back_later_is_unreachable_with_the_wait(server, http, status):
    server.script["GET /a"] = (status, {"Retry-After": "17"}, b"")
    with pytest.raises(Unreachable) as caught:
        http.get(f"{server.url}/a")
    assert caught.value.retry_after == 17


def test_retry_after_is_seconds_or_a_date():
    soon = datetime.now(UTC) + timedelta(seconds=90)
    assert retry_after({"retry-after": "0"}) == 0
    assert 85 < retry_after({"Retry-After": format_datetime(soon, usegmt=True)}) <= 90
    assert retry_after({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0
    assert retry_after({"Retry-After": "9" * 400}) == outbound_http.LONGEST_WAIT
    assert retry_after({}) is None
    assert retry_after({"Retry-After": "soon"}) is None
    assert retry_after({"Retry-After": "-5"}) is None


@given(st.text())
def test_any_retry_after_is_read_or_passed_over(text):
    wait = retry_after({"Retry-After": text})
    assert wait is None or 0 <= wait <= outbound_http.LONGEST_WAIT


def test_origins_compare_with_default_ports():
    assert same_origin("https://bank.example/a", "https://BANK.example:443/b")
    assert not same_origin("https://bank.example", "https://bank.example:8443")
    assert not same_origin("https://bank.example", "http://bank.example:443")
    assert not same_origin("https://bank.example", "https://bank.example.evil.example")


def test_loopback_names():
    assert all(
        is_loopback(host) for host in ("127.0.0.1", "127.9.9.9", "::1", "[::1]", "LocalHost")
    )
    assert not any(is_loopback(host) for host in ("0.0.0.0", "bank.example", "localhost.example"))


# --- metadata


def test_metadata_of_another_issuer_is_refused(server, http):
    server.speak_oauth(issuer="https://other.example")
    with pytest.raises(Unacceptable, match="another issuer"):
        discover(http, server.url)


@pytest.mark.parametrize("name", ["token_endpoint", "jwks_uri"])
def test_endpoints_away_from_the_issuer_are_refused(server, http, name):
    server.speak_oauth(**{name: "https://evil.example/x"})
    with pytest.raises(Unacceptable, match=name):
        discover(http, server.url)


def test_a_server_without_our_way_to_authenticate_is_refused(server, http):
    server.speak_oauth(token_endpoint_auth_methods_supported=["client_secret_basic"])
    with pytest.raises(Unacceptable, match="private_key_jwt"):
        discover(http, server.url)


def test_metadata_of_an_issuer_with_a_path_is_between_host_and_path(server, http):
    issuer = f"{server.url}/bank"
    server.speak_oauth(issuer=issuer)
    server.script["GET /.well-known/oauth-authorization-server/bank"] = server.script[
        "GET /.well-known/oauth-authorization-server"
    ]
    assert discover(http, issuer).issuer == issuer


# --- assertions and tokens


def test_each_assertion_has_a_fresh_jti(server, http):
    server.speak_oauth()
    server.script["POST /token"] = granting("t1", "t2")
    client = account(server, http)
    client.token()
    client.token(instead_of="t1")
    first, second = (jwt.decode(a, KEY, algorithms=["ES256"]).claims for a in server.assertions())
    assert first["jti"] != second["jti"]


def test_an_assertion_is_es256_for_the_issuer_and_lives_a_minute():
    token = jwt.decode(client_assertion("https://bank.example", "lrs", KEY), KEY)
    assert (token.header["alg"], token.header["kid"]) == ("ES256", KEY.kid)
    assert token.claims["aud"] == "https://bank.example"
    assert token.claims["iss"] == token.claims["sub"] == "lrs"
    assert 0 < token.claims["exp"] - token.claims["iat"] <= 60


def test_a_token_is_kept_until_shortly_before_its_end(server, http, monkeypatch):
    now = 1000.0
    monkeypatch.setattr(oauth.time, "monotonic", lambda: now)
    server.speak_oauth()
    server.script["POST /token"] = granting("t1", "t2")
    client = account(server, http)
    assert [client.token(), client.token()] == ["t1", "t1"]
    now += 300 - oauth.RENEW_BEFORE - 1
    assert client.token() == "t1"
    now += 1
    assert client.token() == "t2"


def test_many_threads_ask_for_one_token(server, http):
    server.speak_oauth()
    server.script["POST /token"] = granting("t1", "t2", "t3")
    client = account(server, http)
    tokens = []
    threads = [threading.Thread(target=lambda: tokens.append(client.token())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tokens == ["t1"] * 8


def test_a_401_renews_the_token_once(server, http):
    server.speak_oauth()
    server.script["POST /token"] = granting("t1", "t2")
    server.script["GET /x"] = lambda headers, body: (
        (200, {}, b"in") if headers["Authorization"] == "Bearer t2" else (401, {}, b"")
    )
    assert account(server, http).request("GET", f"{server.url}/x").body == b"in"
    assert len(server.calls("GET /x")) == 2


def test_a_second_401_is_unreachable(server, http):
    server.speak_oauth()
    server.script["POST /token"] = granting("t1", "t2", "t3")
    server.script["GET /x"] = (401, {}, b"")
    with pytest.raises(Unreachable) as caught:
        account(server, http).request("GET", f"{server.url}/x")
    assert len(server.calls("GET /x")) == 2
    assert "t1" not in str(caught.value) and "t2" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "answer", "error"),
    [
        (400, {"error": "invalid_client"}, Unreachable),
        (401, b"<html>", Unreachable),
        (400, {"error": "invalid_scope"}, Unacceptable),
        (200, {"access_token": "a b", "token_type": "Bearer"}, Unacceptable),
        (200, {"access_token": "a\r\nX: y", "token_type": "Bearer"}, Unacceptable),
        (200, {"access_token": "a", "token_type": "DPoP"}, Unacceptable),
        (200, b"{", Unacceptable),
    ],
)
def test_a_token_that_is_not_granted(server, http, status, answer, error):
    server.speak_oauth()
    server.script["POST /token"] = (status, {}, answer)
    with pytest.raises(error):
        account(server, http).token()


# --- keys of others


def jwks(*keys, **change):
    return json.dumps({"keys": [{**key.as_dict(private=False), **change} for key in keys]}).encode()


def test_only_public_p256_signing_keys_are_taken():
    good = client_key("good")
    rsa = RSAKey.generate_key(2048, {"kid": "rsa"})
    wide = ECKey.generate_key("P-384", {"kid": "wide"})
    entries = [
        good.as_dict(private=True),
        rsa.as_dict(private=False),
        wide.as_dict(private=False),
        {**client_key("enc").as_dict(private=False), "use": "enc"},
        {**client_key("none").as_dict(private=False), "alg": "none"},
        {**client_key("off").as_dict(private=False), "x": "AAAA"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "hmac"},
        {"kty": "EC", "crv": "P-256", "kid": "empty"},
        7,
    ]
    keys = parse_keys(json.dumps({"keys": entries}).encode())
    assert list(keys) == ["good"]
    assert keys["good"].private_key is None


@given(
    st.binary()
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["keys", "kty"]), inner),
    ).map(lambda value: json.dumps(value).encode())
)
def test_anything_else_is_no_key_set(document):
    with contextlib.suppress(Unacceptable):
        assert parse_keys(document) == {}


def test_keys_are_loaded_again_with_age_and_for_an_unknown_kid_not_too_often(monkeypatch):
    now = 1000.0
    monkeypatch.setattr(oauth.time, "monotonic", lambda: now)
    published, loads = [client_key("a")], []

    def load():
        loads.append(now)
        return jwks(*published)

    keys = Keys(load, life=60, pause=5)
    assert keys.key("a") is not None and len(loads) == 1
    published.append(client_key("b"))
    assert keys.key("b") is None and len(loads) == 1, "strangers cannot make us load in a row"
    now += 5
    assert keys.key("b") is not None and len(loads) == 2
    published.clear()
    now += 59
    assert keys.key("a") is not None and len(loads) == 2
    now += 1
    assert keys.key("a") is None and len(loads) == 3
