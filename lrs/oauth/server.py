"""The authorization server: client credentials (RFC 6749 4.4), introspection (RFC 7662) and
revocation (RFC 7009).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import flask
from authlib.common.security import is_secure_transport
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.integrations.flask_oauth2.requests import FlaskOAuth2Payload, FlaskOAuth2Request
from authlib.oauth2.rfc6749 import ClientMixin, OAuth2Request, list_to_scope, scope_to_list
from authlib.oauth2.rfc6749.errors import InvalidScopeError
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from flask import Flask, Request
from joserfc.jwk import KeySet

from lrs.auth.secrets import RootSecret
from lrs.oauth.access_tokens import ALGORITHM, AccessToken, AccessTokens, InvalidToken
from lrs.oauth.client_assertions import ALGORITHMS, METHOD, ClientAssertion
from lrs.oauth.client_keys import ClientKeys
from lrs.oauth.signing_keys import SigningKeys
from lrs.problems import Problem
from lrs.store.clients import Clients
from schemas.audit import Act
from schemas.clients import CLIENT_SCOPES, Client

TOKEN_LIFE = 600
"""Seconds that an access token is good for."""

METHODS = [METHOD, "client_secret_basic"]
TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path
INTROSPECTION_PATH = "/oauth/introspect"
REVOCATION_PATH = "/oauth/revoke"
KEYS_PATH = "/oauth/jwks"


class OAuthClient(ClientMixin):  # type: ignore[misc]
    """A client as Authlib asks about it."""

    def __init__(
        self, client: Client, secret_hash: bytes | None, root: RootSecret, keys: ClientKeys
    ) -> None:
        self.client = client
        self._keys = keys
        self.client_id = client.id
        self._secret_hash = secret_hash
        self._root = root

    def get_client_id(self) -> str:
        """Return the client id."""
        return self.client.id

    def get_allowed_scope(self, scope: str | None) -> str:
        """Return the scope granted for the one asked for; all where none was (RFC 6749 3.3)."""
        asked = scope_to_list(scope) or self.client.scopes
        return str(list_to_scope([one for one in asked if one in self.client.scopes]))

    def check_client_secret(self, secret: str) -> bool:
        """Tell whether the secret is the client's, in constant time."""
        return self._secret_hash is not None and self._root.matches(secret, self._secret_hash)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Tell whether the client may authenticate so."""
        return method == self.client.method

    def check_grant_type(self, grant_type: str) -> bool:
        """Tell whether the client may use the grant."""
        return grant_type == "client_credentials"

    def key(self, kid: str) -> Any:
        """Return the client's public key that an assertion names, or None. Raises OutboundError."""
        return self._keys.key(self.client, kid)


class ClientCredentials(ClientCredentialsGrant):  # type: ignore[misc]
    """RFC 6749 4.4."""

    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    def validate_token_request(self) -> None:
        """Refuse a request of which no scope could be granted: such a token would open nothing."""
        super().validate_token_request()
        if not self.request.client.get_allowed_scope(self.request.payload.scope):
            raise InvalidScopeError()


class TokenGenerator(JWTBearerTokenGenerator):  # type: ignore[misc]
    """RFC 9068 access tokens for ourselves."""

    def __init__(self, issuer: str, keys: SigningKeys) -> None:
        super().__init__(
            issuer, alg=ALGORITHM, expires_generator=lambda client, grant_type: TOKEN_LIFE
        )
        self._keys = keys

    def get_jwks(self) -> KeySet:
        """Return the signing key, as a set so that the token names it."""
        return KeySet([self._keys.current()])

    def get_audiences(self, client: OAuthClient, user: None, scope: str) -> str:
        """Return our own address."""
        return str(self.issuer)


class RequestAsReached(FlaskOAuth2Request):  # type: ignore[misc]
    """A request under the address that clients know: TLS may end before it comes to us."""

    def __init__(self, request: Request, uri: str) -> None:
        OAuth2Request.__init__(self, method=request.method, uri=uri, headers=request.headers)
        self._request = request
        self.payload = FlaskOAuth2Payload(request)


class Server(AuthorizationServer):  # type: ignore[misc]
    """Authlib's server, reached under our public address."""

    issuer: str

    def create_oauth2_request(self, request: None) -> RequestAsReached:
        """Return the current request. Raises Problem (403) where the address is no https."""
        if not is_secure_transport(self.issuer):
            raise Problem(403, "OAuth needs https; an administrator must set LRS_PUBLIC_URL so.")
        return RequestAsReached(flask.request, self.issuer + flask.request.path)


@dataclass(frozen=True, kw_only=True)
class AuthorizationParts:
    """Everything of the authorization server that needs the store."""

    issuer: str
    clients: Clients
    keys: SigningKeys
    tokens: AccessTokens
    root: RootSecret
    client_keys: ClientKeys

    def query_client(self, client_id: str) -> OAuthClient | None:
        """Return the client unless it is revoked or proves who it is elsewhere."""
        found = self.clients.client(client_id)
        if found is None or found.revoked is not None or found.method == "outside":
            return None
        return OAuthClient(found, self.clients.secret_hash(client_id), self.root, self.client_keys)

    def own_token(self, text: str) -> AccessToken | None:
        """Return the token where it is good now and we made it."""
        try:
            token = self.tokens.check(text)
        except InvalidToken:
            return None
        return token if token.claims["iss"] == self.issuer else None


def authorization_server(app: Flask, parts: AuthorizationParts) -> AuthorizationServer:
    """Return the authorization server of the application."""
    app.config["OAUTH2_SCOPES_SUPPORTED"] = list(CLIENT_SCOPES)
    server = Server(app, query_client=parts.query_client, save_token=lambda token, request: None)
    server.issuer = parts.issuer
    server.register_client_auth_method(
        METHOD, ClientAssertion(parts.issuer, parts.clients.use_assertion, ALGORITHMS)
    )
    server.register_grant(ClientCredentials)
    server.register_token_generator("default", TokenGenerator(parts.issuer, parts.keys))

    class Introspection(IntrospectionEndpoint):  # type: ignore[misc]
        """RFC 7662: a client learns of its own tokens, an administrator's of all."""

        CLIENT_AUTH_METHODS = METHODS

        def query_token(self, token_string: str, token_type_hint: str | None) -> AccessToken | None:
            return parts.own_token(token_string)

        def check_permission(self, token: AccessToken, client: OAuthClient, request: Any) -> bool:
            return token.client.id == client.client_id or "all" in client.client.scopes

        def create_introspection_payload(self, token: AccessToken | None) -> dict[str, Any]:
            if token is None:
                return {"active": False}
            told = ("client_id", "sub", "aud", "iss", "exp", "iat", "jti")
            return {
                "active": True,
                "token_type": "Bearer",
                "scope": " ".join(token.scopes),
                **{name: token.claims[name] for name in told},
            }

    class Revocation(RevocationEndpoint):  # type: ignore[misc]
        """RFC 7009: a client takes a token of its own back."""

        CLIENT_AUTH_METHODS = METHODS

        def authenticate_token(self, request: Any, client: OAuthClient) -> AccessToken | None:
            self.check_params(request, client)
            found = parts.own_token(request.form["token"])
            # Another client's is answered as one that does not exist (RFC 7009 2.1, 2.2).
            return found if found and found.client.id == client.client_id else None

        def revoke_token(self, token: AccessToken, request: Any) -> None:
            act = Act(
                principal=f"client:{token.client.id}",
                action="token.revoke",
                subject=token.client.id,
                detail={"jti": token.claims["jti"]},
            )
            parts.clients.revoke_token(token.claims["jti"], int(token.claims["exp"]), act)

    server.register_endpoint(Introspection)
    server.register_endpoint(Revocation)
    return server


def metadata(issuer: str) -> dict[str, Any]:
    """Return the authorization server's metadata (RFC 8414 2)."""
    signing = {"methods_supported": METHODS, "signing_alg_values_supported": ALGORITHMS}
    return {
        "issuer": issuer,
        "token_endpoint": issuer + TOKEN_PATH,
        "introspection_endpoint": issuer + INTROSPECTION_PATH,
        "revocation_endpoint": issuer + REVOCATION_PATH,
        "jwks_uri": issuer + KEYS_PATH,
        "scopes_supported": list(CLIENT_SCOPES),
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials"],
        **{
            f"{endpoint}_endpoint_auth_{name}": value
            for endpoint in ("token", "introspection", "revocation")
            for name, value in signing.items()
        },
    }


def resource_metadata(resource: str, issuers: list[str]) -> dict[str, Any]:
    """Return the metadata of ourselves as a protected resource (RFC 9728 2)."""
    return {
        "resource": resource,
        "authorization_servers": issuers,
        "scopes_supported": list(CLIENT_SCOPES),
        "bearer_methods_supported": ["header"],
        "resource_name": "Learning record store",
    }
