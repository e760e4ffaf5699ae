"""The bank's authorization server, and the check of the tokens it gave.

Authlib's parts, tightened where they take more than the specifications or this profile allow:
RFC 7523 (client assertions), RFC 9068 (access tokens), RFC 8414 (metadata), RFC 8707 (resource).
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidClientError, MissingAuthorizationError
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc6750.errors import InvalidTokenError
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator, JWTBearerTokenValidator
from authlib.oauth2.rfc9068.claims import JWTAccessTokenClaims
from flask import Flask, Response, g, has_app_context, request
from flask.typing import ResponseReturnValue
from joserfc import jwt
from joserfc.errors import InvalidClaimError, JoseError
from joserfc.jwk import ECKey, KeySet

from adapters.dpop import NonceWanted, ProofError
from adapters.mutual_tls import thumbprint
from adapters.oauth import ALGORITHM, AUTHENTICATION_METHODS
from lrs.bank.binding import Bindings, client_certificate
from lrs.bank.clients import SCOPES, BankClient
from lrs.bank.store import BankStore
from lrs.oauth.client_assertions import LEEWAY, METHOD, ClientAssertion
from lrs.problems import Problem

TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path
KEYS_PATH = "/.well-known/jwks.json"
TOKEN_LIFE = 300
"""Seconds that an access token is good for."""


def basic_authentication(query_client: Any, asked: Any) -> BankClient | None:
    """Authenticate by a password (RFC 6749 2.3.1), whose parts are form-encoded."""
    scheme, _, credentials = asked.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        pair = base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, UnicodeError) as error:
        raise InvalidClientError(status_code=401) from error
    client_id, _, secret = pair.partition(":")
    client: BankClient | None = query_client(unquote_plus(client_id))
    if client is None or not client.check_client_secret(unquote_plus(secret)):
        raise InvalidClientError(status_code=401, description="Not a client and its secret.")
    return client


def certificate_authentication(query_client: Any, asked: Any) -> BankClient | None:
    """Authenticate by the registered certificate of the connection (RFC 8705 2)."""
    certificate = client_certificate()
    client: BankClient | None = query_client(asked.form.get("client_id", ""))
    if client is None or client.certificate is None or certificate is None:
        return None
    if not hmac.compare_digest(thumbprint(certificate), client.certificate):
        raise InvalidClientError(description="Not the certificate of the client.")
    return client


class ClientCredentials(ClientCredentialsGrant):  # type: ignore[misc]
    """RFC 6749 4.4."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTHENTICATION_METHODS


class TokenGenerator(JWTBearerTokenGenerator):  # type: ignore[misc]
    """RFC 9068 access tokens for the bank itself."""

    def __init__(self, issuer: str, key: ECKey) -> None:
        super().__init__(
            issuer, alg=ALGORITHM, expires_generator=lambda client, grant_type: TOKEN_LIFE
        )
        self._keys = KeySet([key])

    def get_jwks(self) -> KeySet:
        """Return the signing key, as a set so that the token names it."""
        return self._keys

    def get_audiences(self, client: BankClient, user: None, scope: str) -> str:
        """Return the bank's base address."""
        return str(self.issuer)

    def get_extra_claims(
        self, client: BankClient, grant_type: str, user: None, scope: str
    ) -> dict[str, Any]:
        """Bind the token to what the request proved (RFC 7800 `cnf`)."""
        return {"cnf": bound} if (bound := _bound()) else {}

    def generate(self, *arguments: Any, **named: Any) -> dict[str, Any]:
        """Return the token, with the scheme that it is to be sent under."""
        token: dict[str, Any] = super().generate(*arguments, **named)
        if "jkt" in _bound():
            token["token_type"] = "DPoP"  # noqa: S105 - a scheme
        return token


class AccessToken(JWTAccessTokenClaims):  # type: ignore[misc]
    """The claims of an access token; the library would do without `typ`, and ignore `cnf`."""

    proven = False
    """Whether the request proved what `cnf` says."""

    def validate(self, now: int | None = None, leeway: int = LEEWAY) -> None:
        """Raise JoseError unless this is an RFC 9068 token that is good now."""
        if str(self.header.get("typ")).lower() not in ("at+jwt", "application/at+jwt"):
            raise InvalidClaimError("typ")
        if "cnf" in self and not self.proven:  # bound to a key whose proof nobody checked here
            raise InvalidClaimError("cnf")
        super().validate(now=now, leeway=leeway)


class TokenValidator(JWTBearerTokenValidator):  # type: ignore[misc]
    """Takes the bank's own tokens for the bank itself, signed with ES256, under one scheme."""

    def __init__(self, issuer: str, key: ECKey, bindings: Bindings, scheme: str) -> None:
        super().__init__(issuer, issuer)
        self.TOKEN_TYPE = scheme
        self._keys = KeySet([key])
        self._bindings = bindings

    def authenticate_token(self, token_string: str) -> AccessToken:
        """Return the token's claims, the signature verified. Raises InvalidTokenError."""
        try:
            token = jwt.decode(token_string, self._keys, algorithms=[ALGORITHM])
        except (JoseError, ValueError, TypeError, AttributeError, RecursionError) as error:
            raise InvalidTokenError() from error
        names = ("iss", "aud", "exp", "sub", "client_id", "iat", "jti")
        options: dict[str, dict[str, Any]] = {name: {"essential": True} for name in names}
        options["iss"]["value"] = self.issuer
        options["aud"]["value"] = self.resource_server
        claims = AccessToken(token.claims, token.header, options)
        try:
            self._bindings.require(token.claims.get("cnf"), token_string, self.TOKEN_TYPE)
        except NonceWanted:
            raise
        except ProofError as error:
            raise InvalidTokenError() from error
        claims.proven = True
        return claims


class Guard:
    """Lets requests in that bear an access token of the bank."""

    def __init__(self, issuer: str, key: ECKey, bindings: Bindings) -> None:
        """Take tokens that `issuer` signed with `key`."""
        self._protector = ResourceProtector()
        for scheme in ("bearer", "dpop"):
            validator = TokenValidator(issuer, key, bindings, scheme)
            self._protector.register_token_validator(validator)

    def client_id(self, scope: str) -> str:
        """Return the client whose token with `scope` the current request bears.

        Raises Problem (401, 403) with a challenge (RFC 6750 3) where there is none.
        """
        try:
            return str(self._protector.acquire_token(scope)["client_id"])
        except NonceWanted as error:
            what = "The proof lacks the nonce."
            raise _challenge(401, 'DPoP error="use_dpop_nonce"', what) from error
        except MissingAuthorizationError as error:
            raise _challenge(401, "Bearer", "The request bears no access token.") from error
        except OAuth2Error as error:
            code = "insufficient_scope" if error.status_code == 403 else "invalid_token"
            challenge = f'Bearer error="{code}", scope="{scope}"'
            raise _challenge(
                error.status_code, challenge, "The access token is not good."
            ) from error


def _challenge(status: int, challenge: str, what: str) -> Problem:
    detail = f"{what} Get one from {TOKEN_PATH}."
    return Problem(status, detail, headers={"WWW-Authenticate": challenge})


class TokenEndpoint:
    """The token endpoint of the bank."""

    def __init__(
        self,
        app: Flask,
        issuer: str,
        clients: Mapping[str, BankClient],
        *,
        store: BankStore,
        key: ECKey,
        bindings: Bindings,
    ) -> None:
        """`key` signs the tokens."""
        app.config["OAUTH2_SCOPES_SUPPORTED"] = list(SCOPES)
        self._issuer = issuer
        self._bindings = bindings
        server = AuthorizationServer(app, query_client=clients.get, save_token=_keep_nothing)
        server.register_client_auth_method(
            METHOD, ClientAssertion(issuer, store.use_assertion, [ALGORITHM])
        )
        server.register_client_auth_method("client_secret_basic", basic_authentication)
        server.register_client_auth_method("tls_client_auth", certificate_authentication)
        server.register_grant(ClientCredentials)
        server.register_token_generator("default", TokenGenerator(issuer, key))
        self._server = server

    def answer(self) -> ResponseReturnValue:
        """Answer the current request with a token or an error (RFC 6749 5)."""
        if any(place != self._issuer for place in request.form.getlist("resource")):
            return _error("invalid_target", f"Tokens are for {self._issuer} alone (RFC 8707).")
        try:
            g.bound_to = self._bindings.of_request()
        except NonceWanted:
            return _error("use_dpop_nonce", "Send a proof with the nonce of DPoP-Nonce.")
        except ProofError as error:
            return _error("invalid_dpop_proof", f"The DPoP proof does not hold: {error}.")
        response: Response = self._server.create_token_response()
        return response


def _bound() -> dict[str, str]:
    """Return what the current request proved, nothing where there is none."""
    return dict(g.get("bound_to", {})) if has_app_context() else {}


def _error(code: str, description: str) -> ResponseReturnValue:
    body = {"error": code, "error_description": description}
    return body, 400, {"Cache-Control": "no-store"}


def metadata(issuer: str, clients: Mapping[str, BankClient], bindings: Bindings) -> dict[str, Any]:
    """Return the authorization server's metadata (RFC 8414 2)."""
    used = {client.method for client in clients.values()}
    return {
        "issuer": issuer,
        "token_endpoint": issuer + TOKEN_PATH,
        "jwks_uri": issuer + KEYS_PATH,
        "scopes_supported": list(SCOPES),
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": [
            method for method in AUTHENTICATION_METHODS if method in used
        ],
        "token_endpoint_auth_signing_alg_values_supported": [ALGORITHM],
        "dpop_signing_alg_values_supported": [ALGORITHM],
        "tls_client_certificate_bound_access_tokens": "tls_client_auth" in used,
    }


def _keep_nothing(token: dict[str, Any], request: object) -> None:
    """Keep no token: each carries its own proof and ends within `TOKEN_LIFE` seconds."""
