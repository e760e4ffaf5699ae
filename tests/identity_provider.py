"""A small OpenID Connect provider made of Authlib, in a process of its own.

Run as `python -m tests.identity_provider PORT CLIENT SECRET BACK`. Whoever comes to /authorize
with `login_hint`, or as `zhang` without, is signed in at once. `/odd?what=…` makes the next ID
token or answer wrong in one way.
"""

import contextlib
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from lrs.lifeline import bound_to_this_process, exit_with_parent

ROOT = Path(__file__).resolve().parents[1]


@contextlib.contextmanager
def identity_provider(port, client, secret, back):
    """The provider's address, for as long as it runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.identity_provider", str(port), client, secret, back],
        env={**os.environ, **bound_to_this_process(), "AUTHLIB_INSECURE_TRANSPORT": "1"},
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError), opener.open(f"{address}/jwks", timeout=2):
                break
            assert process.poll() is None and time.monotonic() < deadline, "no provider"
            time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait(10)


def create_app(issuer, client_id, secret, back):
    from authlib.integrations.flask_oauth2 import AuthorizationServer
    from authlib.oauth2.rfc6749 import ClientMixin
    from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, ClientCredentialsGrant
    from authlib.oauth2.rfc7636 import CodeChallenge
    from authlib.oidc.core.grants import OpenIDCode
    from flask import Flask, request
    from joserfc import jwt
    from joserfc.jwk import KeySet, RSAKey

    key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
    codes, odd = {}, {}

    class Client(ClientMixin):
        client_id = None
        id_token_signed_response_alg = "RS256"

        def get_client_id(self):
            return client_id

        def get_default_redirect_uri(self):
            return back

        def get_allowed_scope(self, scope):
            return scope

        def check_redirect_uri(self, uri):
            return uri == back

        def check_client_secret(self, given):
            return given == secret

        def check_endpoint_auth_method(self, method, endpoint):
            return method == "client_secret_basic"

        def check_response_type(self, kind):
            return kind == "code"

        def check_grant_type(self, grant):
            return True

    class Code:
        def __init__(self, code, asked, user):
            self.code, self.asked, self.user = code, asked.payload, user
            data = asked.payload.data
            self.code_challenge = data.get("code_challenge")
            self.code_challenge_method = data.get("code_challenge_method")
            self.nonce = data.get("nonce")
            self.scope = asked.payload.scope

        def get_redirect_uri(self):
            return back

        def get_scope(self):
            return self.scope

        def get_nonce(self):
            return self.nonce if odd.get("what") != "nonce" else "another"

        def get_auth_time(self):
            return int(time.time())

        def get_acr(self):
            return None

        get_amr = get_acr

    class Grant(AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

        def save_authorization_code(self, code, asked):
            codes[code] = Code(code, asked, asked.user)

        def query_authorization_code(self, code, client):
            return codes.get(code)

        def delete_authorization_code(self, code):
            codes.pop(code.code)

        def authenticate_user(self, code):
            return code.user

    class IdToken(OpenIDCode):
        def exists_nonce(self, nonce, asked):
            return False

        def resolve_client_private_key(self, client):
            return KeySet([key])

        def get_client_claims(self, client):
            wrong = odd.get("what")
            return {
                "iss": issuer if wrong != "iss" else "https://elsewhere.example",
                "aud": [client_id if wrong != "aud" else "another"],
                "exp": int(time.time()) + (300 if wrong != "exp" else -300),
            }

        get_compatible_claims = None

        def generate_user_info(self, user, scope):
            return {"sub": user}

    def compatible_claims(self, asked):
        return {**self.get_client_claims(asked.client), "iat": int(time.time())}

    def encode_header(self, client):
        return {"alg": "RS256", "kid": key.kid}

    IdToken.get_compatible_claims = compatible_claims
    IdToken.get_encode_header = encode_header
    IdToken.get_client_algorithm = lambda self, client: "RS256"

    app = Flask("provider")
    app.secret_key = "provider"
    server = AuthorizationServer(
        app,
        query_client=lambda name: Client() if name == client_id else None,
        save_token=lambda token, asked: None,
    )
    server.register_grant(Grant, [CodeChallenge(required=True), IdToken(require_nonce=True)])
    server.register_grant(ClientCredentialsGrant)

    @app.get("/.well-known/openid-configuration")
    def configuration():
        return {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/jwks",
        }

    @app.get("/jwks")
    def jwks():
        return {"keys": [key.as_dict(private=False)]}

    @app.get("/authorize")
    def authorize():
        user = request.args.get("login_hint", "zhang")
        return server.create_authorization_response(grant_user=user)

    @app.post("/token")
    def token():
        return server.create_token_response()

    @app.post("/odd")
    def make_odd():
        odd["what"] = request.args.get("what")
        return {}

    @app.post("/machine-token")
    def machine_token():
        """An access token (RFC 9068) with the claims that are asked for."""
        asked = request.get_json()
        header = {"alg": "RS256", "kid": key.kid, **asked["header"]}
        now = int(time.time())
        claims = {"iss": issuer, "iat": now, "exp": now + 300, "jti": os.urandom(8).hex()}
        return {"access_token": jwt.encode(header, {**claims, **asked["claims"]}, key)}

    return app


if __name__ == "__main__":
    from werkzeug.serving import run_simple

    exit_with_parent()
    port = int(sys.argv[1])
    run_simple("127.0.0.1", port, create_app(f"http://127.0.0.1:{port}", *sys.argv[2:5]))
