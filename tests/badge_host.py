"""A host of Open Badges with an authorization server of its own (Authlib), for tests."""

import contextlib
import secrets
import threading
import time
from dataclasses import dataclass, field

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, grants
from authlib.oauth2.rfc6749.util import scope_to_list
from authlib.oauth2.rfc7636 import CodeChallenge
from flask import Flask, jsonify, request
from joserfc import jws
from werkzeug.serving import make_server

BASE = "/ims/ob/v3p0"
UPSERT = "https://purl.imsglobal.org/spec/ob/v3p0/scope/credential.upsert"
LEARNER = "learner-at-the-host"


@dataclass
class Books:
    """What the host knows; tests look into it and turn its dials."""

    clients: dict = field(default_factory=dict)
    codes: dict = field(default_factory=dict)
    tokens: dict = field(default_factory=dict)
    credentials: dict = field(default_factory=dict)
    puts: list = field(default_factory=list)
    life: int = 3600
    unavailable: int = 0


class Client(ClientMixin):
    def __init__(self, told):
        self.told = told
        self.client_id, self.secret = secrets.token_hex(8), secrets.token_hex(16)

    def get_client_id(self):
        return self.client_id

    def get_default_redirect_uri(self):
        return self.told["redirect_uris"][0]

    def get_allowed_scope(self, scope):
        return " ".join(one for one in scope_to_list(scope) if one in self.told["scope"].split())

    def check_redirect_uri(self, redirect_uri):
        return redirect_uri in self.told["redirect_uris"]

    def check_client_secret(self, client_secret):
        return secrets.compare_digest(client_secret, self.secret)

    def check_endpoint_auth_method(self, method, endpoint):
        return method == self.told["token_endpoint_auth_method"]

    def check_response_type(self, response_type):
        return response_type == "code"

    def check_grant_type(self, grant_type):
        return grant_type in self.told["grant_types"]


@dataclass
class Code:
    redirect_uri: str
    scope: str
    code_challenge: str
    code_challenge_method: str
    nonce: str | None = None
    auth_time: int = 0

    def get_redirect_uri(self):
        return self.redirect_uri

    def get_scope(self):
        return self.scope


@dataclass
class Refresh:
    scope: str

    def check_client(self, client):
        return True

    def get_scope(self):
        return self.scope

    def is_expired(self):
        return False

    def is_revoked(self):
        return False


def app_of(books, url):
    app = Flask("badge_host")
    server = AuthorizationServer(
        app,
        query_client=books.clients.get,
        save_token=lambda token, request: books.tokens.update(
            {
                token["access_token"]: (time.time() + token["expires_in"], token["scope"]),
                **({token["refresh_token"]: token["scope"]} if "refresh_token" in token else {}),
            }
        ),
    )
    server.register_token_generator(
        "default",
        lambda grant_type, client, user=None, scope=None, **rest: {
            "token_type": "Bearer",
            "access_token": secrets.token_hex(16),
            "refresh_token": secrets.token_hex(16),
            "expires_in": books.life,
            "scope": scope,
        },
    )

    class CodeGrant(grants.AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

        def save_authorization_code(self, code, request):
            data = request.payload.data
            books.codes[code] = Code(
                request.payload.redirect_uri,
                request.payload.scope,
                data["code_challenge"],
                data["code_challenge_method"],
            )

        def query_authorization_code(self, code, client):
            return books.codes.get(code)

        def delete_authorization_code(self, authorization_code):
            for code, known in list(books.codes.items()):
                if known is authorization_code:
                    del books.codes[code]

        def authenticate_user(self, authorization_code):
            return LEARNER

    class RefreshGrant(grants.RefreshTokenGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)
        INCLUDE_NEW_REFRESH_TOKEN = True

        def authenticate_refresh_token(self, refresh_token):
            scope = books.tokens.pop(refresh_token, None)
            return Refresh(scope) if isinstance(scope, str) else None

        def authenticate_user(self, refresh_token):
            return LEARNER

        def revoke_old_credential(self, refresh_token):
            pass

    server.register_grant(CodeGrant, [CodeChallenge(required=True)])
    server.register_grant(RefreshGrant)

    @app.get(f"{BASE}/discovery")
    def discovery():
        flow = {
            "authorizationUrl": f"{url}/authorize",
            "tokenUrl": f"{url}/token",
            "refreshUrl": f"{url}/token",
            "scopes": {UPSERT: "add credentials"},
        }
        scheme = {
            "type": "oauth2",
            "x-imssf-registrationUrl": f"{url}/register",
            "flows": {"authorizationCode": flow},
        }
        return {"openapi": "3.0.1", "components": {"securitySchemes": {"OAuth2ACG": scheme}}}

    @app.post("/register")
    def register():
        client = Client(request.get_json())
        books.clients[client.client_id] = client
        answer = {**client.told, "client_id": client.client_id, "client_secret": client.secret}
        return jsonify(answer), 201

    @app.get("/authorize")
    def authorize():
        agreed = LEARNER if request.args.get("agree", "yes") == "yes" else None
        return server.create_authorization_response(grant_user=agreed)

    @app.post("/token")
    def token():
        return server.create_token_response()

    @app.post(f"{BASE}/credentials")
    def credentials():
        if books.unavailable:
            books.unavailable -= 1
            return "", 503
        known = books.tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if not isinstance(known, tuple) or known[0] < time.time() or UPSERT not in known[1]:
            return "", 401
        text = request.get_data(as_text=True)
        told = jws.extract_compact(text.encode()).payload
        books.puts.append(text)
        same = books.credentials.get(told) == text
        books.credentials[told] = text
        return text, 304 if same else 201

    return app


@contextlib.contextmanager
def badge_host():
    """Serve on a port of its own; gives the address and the books."""
    books = Books()
    server = make_server("127.0.0.1", 0, Flask("placeholder"), threaded=True)
    url = f"http://127.0.0.1:{server.port}"
    server.app = app_of(books, url)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield url, books
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
