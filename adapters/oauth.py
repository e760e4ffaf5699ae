"""OAuth 2.0 for machines: client credentials, and keys of others.

RFC 6749 4.4 (grant) and 2.3.1 (password), RFC 7523 2.2 and 3 (client assertion), RFC 8414
(metadata), RFC 8705 (mutual TLS), RFC 8707 (resource), RFC 9449 (DPoP), RFC 7517 (keys).
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args
from urllib.parse import quote_plus

import msgspec
from authlib.oauth2.rfc7523 import private_key_jwt_sign
from authlib.oauth2.rfc7523.client import ASSERTION_TYPE
from authlib.oauth2.rfc8414 import get_well_known_url
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from adapters.dpop import make_proof
from adapters.outbound_http import (
    Answer,
    OutboundError,
    OutboundHttp,
    Unacceptable,
    Unreachable,
    same_origin,
)

ALGORITHM = "ES256"
ASSERTION_LIFE = 60
"""Seconds that a client assertion is good for."""

AuthenticationMethod = Literal["private_key_jwt", "client_secret_basic", "tls_client_auth"]
AUTHENTICATION_METHODS: tuple[AuthenticationMethod, ...] = get_args(AuthenticationMethod)
"""How we prove who we are at a token endpoint, the best first."""

METADATA_LIFE = 600.0
RENEW_BEFORE = 30.0
"""Seconds before its end at which an access token is replaced."""


class Metadata(msgspec.Struct, frozen=True):
    """What is used of an authorization server's metadata (RFC 8414 2)."""

    issuer: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("private_key_jwt",)
    token_endpoint_auth_signing_alg_values_supported: tuple[str, ...] = (ALGORITHM,)
    dpop_signing_alg_values_supported: tuple[str, ...] = ()
    mtls_endpoint_aliases: dict[str, str] = {}


class TokenResponse(msgspec.Struct, frozen=True):
    """A successful answer of the token endpoint (RFC 6749 5.1).

    A token without a stated life (seconds) is used once: nobody knows how long it is good.
    """

    access_token: str
    token_type: str
    expires_in: float = RENEW_BEFORE


class TokenError(msgspec.Struct, frozen=True):
    """An error of the token endpoint (RFC 6749 5.2)."""

    error: str


def discover(
    http: OutboundHttp, issuer: str, method: AuthenticationMethod = "private_key_jwt"
) -> Metadata:
    """Return the issuer's metadata.

    Raises Unacceptable unless it names this very issuer (RFC 8414 3.3), keeps its endpoints at
    the issuer's origin and takes `method`, with ES256 where it signs; Unreachable where it is not
    had.
    """
    answer = http.get(get_well_known_url(issuer, external=True))
    if answer.status != 200:
        raise Unacceptable(f"{answer.url} answered {answer.status} instead of the server metadata")
    metadata = answer.decoded(Metadata)
    if metadata.issuer != issuer:
        raise Unacceptable(f"{answer.url} is the metadata of another issuer, {metadata.issuer}")
    for name in ("token_endpoint", "jwks_uri"):
        if not same_origin(getattr(metadata, name), issuer):
            raise Unacceptable(f"{answer.url} places {name} away from {issuer}")
    if method not in metadata.token_endpoint_auth_methods_supported:
        raise Unacceptable(f"{issuer} does not take {method}")
    if (
        method == "private_key_jwt"
        and ALGORITHM not in metadata.token_endpoint_auth_signing_alg_values_supported
    ):
        raise Unacceptable(f"{issuer} does not take private_key_jwt with {ALGORITHM}")
    return metadata


def client_assertion(issuer: str, client_id: str, key: ECKey) -> str:
    """Return a fresh client assertion for `issuer`, good once and for `ASSERTION_LIFE` seconds."""
    return str(
        private_key_jwt_sign(
            key,
            client_id,
            issuer,  # as audience: RFC 7523 allows the token endpoint too, which can be confused
            alg=ALGORITHM,
            claims={},  # a new mapping each time: the library writes the `jti` into it
            header={"kid": key.kid},
            expires_in=ASSERTION_LIFE,
        )
    )


class ClientCredentials:
    """Our account at one authorization server. Safe to use from many threads."""

    def __init__(
        self,
        http: OutboundHttp,
        issuer: str,
        client_id: str,
        key: ECKey,
        scope: str,
        *,
        method: AuthenticationMethod = "private_key_jwt",
        secret: str | None = None,
        dpop_key: ECKey | None = None,
        resource: str | None = None,
    ) -> None:
        """Take a private P-256 `key` that has a `kid`. Makes no request yet.

        `secret` is for `client_secret_basic`; the certificate of `tls_client_auth` belongs to
        `http`. With `dpop_key` only tokens bound to it are taken. `resource` is what the token is
        asked for (RFC 8707).
        """
        self.issuer = issuer
        self._http = http
        self._client_id = client_id
        self._key = key
        self._scope = scope
        self._method = method
        self._secret = secret
        self._dpop_key = dpop_key
        self._resource = resource
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = 0.0
        self._metadata: Metadata | None = None
        self._metadata_until = 0.0
        self._nonces: dict[str, str] = {}

    def metadata(self) -> Metadata:
        """Return the server's metadata, asked for anew after `METADATA_LIFE` seconds."""
        if self._metadata is None or time.monotonic() >= self._metadata_until:
            self._metadata = discover(self._http, self.issuer, self._method)
            self._metadata_until = time.monotonic() + METADATA_LIFE
        return self._metadata

    def token(self, *, instead_of: str | None = None) -> str:
        """Return an access token that is good for a while yet, and is not `instead_of`.

        Raises Unreachable where none can be had now, also where the server does not know this
        client or its key (a person must register it there); Unacceptable for other refusals.
        """
        with self._lock:
            if self._token == instead_of or time.monotonic() >= self._renew_at:
                granted = self._ask()
                self._token = granted.access_token
                self._renew_at = time.monotonic() + granted.expires_in - RENEW_BEFORE
            return self._token

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Send a request with the access token, renewed once where the answer is 401.

        Raises as `OutboundHttp.request` and `token` do; Unreachable where the renewed token is
        refused too.
        """
        token = self.token()
        answer = self._send(method, url, token, headers, body)
        if answer.status == 401:
            token = self.token(instead_of=token)
            answer = self._send(method, url, token, headers, body)
        if answer.status == 401:
            raise Unreachable(f"{url} does not accept a fresh access token of {self._client_id!r}")
        return answer

    def _send(
        self,
        method: str,
        url: str,
        token: str,
        headers: Mapping[str, str] | None,
        body: bytes | None,
    ) -> Answer:
        scheme = "DPoP" if self._dpop_key else "Bearer"
        headers = {**(headers or {}), "Authorization": f"{scheme} {token}"}
        answer = self._with_proof(method, url, headers, body, token)
        if self._dpop_key is not None and _wants_nonce(answer):
            answer = self._with_proof(method, url, headers, body, token)
        return answer

    def _with_proof(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | Mapping[str, str] | None,
        token: str | None,
    ) -> Answer:
        place = url.partition("://")[2].partition("/")[0]
        if self._dpop_key is not None:
            nonce = self._nonces.get(place)
            proof = make_proof(self._dpop_key, method, url, token=token, nonce=nonce)
            headers = {**headers, "DPoP": proof}
        answer = self._http.request(method, url, headers=headers, body=body)
        nonce = answer.headers.get("DPoP-Nonce")
        if nonce is not None and _is_token(nonce):
            self._nonces[place] = nonce
        return answer

    def _ask(self) -> TokenResponse:
        metadata = self.metadata()
        url = metadata.token_endpoint
        form = {"grant_type": "client_credentials", "scope": self._scope}
        headers: dict[str, str] = {}
        if self._resource is not None:
            form["resource"] = self._resource
        if self._method == "private_key_jwt":
            form["client_assertion_type"] = ASSERTION_TYPE
        elif self._method == "client_secret_basic":
            headers["Authorization"] = _basic(self._client_id, self._secret or "")
        else:
            form["client_id"] = self._client_id
            url = metadata.mtls_endpoint_aliases.get("token_endpoint", url)
            if not same_origin(url, self.issuer):
                raise Unacceptable(f"{self.issuer} places its token endpoint elsewhere")
        answer = self._ask_once(url, headers, form)
        if self._dpop_key is not None and _wants_nonce(answer):
            answer = self._ask_once(url, headers, form)
        if answer.status == 200:
            granted = answer.decoded(TokenResponse)
            wanted = "dpop" if self._dpop_key else "bearer"
            if granted.token_type.lower() != wanted or not _is_token(granted.access_token):
                raise Unacceptable(f"{answer.url} granted a token that is not a {wanted} token")
            return granted
        error = "" if answer.status == 401 else answer.decoded(TokenError).error
        if answer.status == 401 or error == "invalid_client":
            raise Unreachable(
                f"{self.issuer} does not accept the client {self._client_id!r} or its key; "
                "is it registered there with our JWKS?"
            )
        raise Unacceptable(f"{self.issuer} grants no token: {printable(error)}")

    def _ask_once(self, url: str, headers: Mapping[str, str], form: Mapping[str, str]) -> Answer:
        if self._method == "private_key_jwt":
            # Each assertion is good once, so that one is made for every request.
            assertion = client_assertion(self.issuer, self._client_id, self._key)
            form = {**form, "client_assertion": assertion}
        return self._with_proof("POST", url, headers, form, None)


def _wants_nonce(answer: Answer) -> bool:
    """Tell whether the server asks for a proof with the nonce it sent (RFC 9449 8, 9)."""
    if answer.status == 401:
        return 'error="use_dpop_nonce"' in answer.headers.get("WWW-Authenticate", "")
    try:
        return answer.status == 400 and answer.decoded(TokenError).error == "use_dpop_nonce"
    except Unacceptable:
        return False


def _basic(client_id: str, secret: str) -> str:
    """Return the Basic credentials of a client: both parts form-encoded (RFC 6749 2.3.1)."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


class Keys:
    """Someone's public keys by `kid`, as a JWK set that is loaded again when it ages.

    A key that is gone from the set is not accepted for longer than `life` seconds; one that is
    new is found at once. It is loaded at most every `pause` seconds, also where that fails.
    Safe for many threads.
    """

    def __init__(
        self,
        load: Callable[[], bytes],
        *,
        life: float,
        pause: float,
        parse: Callable[[bytes], Mapping[str, Any]] | None = None,
    ) -> None:
        """`parse` reads the set, by default its P-256 keys alone (`parse_keys`)."""
        self._load = load
        self._life = life
        self._pause = pause
        self._parse = parse or parse_keys
        self._lock = threading.Lock()
        self._keys: Mapping[str, Any] = {}
        self._loaded = self._tried = -float("inf")
        self._failure: OutboundError | None = None

    def key(self, kid: str) -> Any:
        """Return the key, None where the set has none of that name. Raises what `load` raises,
        and Unacceptable where the set cannot be read.
        """
        with self._lock:
            now = time.monotonic()
            aged = now - self._loaded >= self._life
            if (aged or kid not in self._keys) and now - self._tried >= self._pause:
                self._tried = now
                try:
                    self._keys = self._parse(self._load())
                    self._loaded, self._failure = now, None
                    aged = False
                except OutboundError as error:
                    self._failure = error
            if self._failure is not None and (aged or kid not in self._keys):
                raise self._failure
            return self._keys.get(kid)


def fetch_keys(http: OutboundHttp, url: str) -> bytes:
    """Return the JWK set at `url` as received. Raises Unreachable and Unacceptable."""
    answer = http.get(url, headers={"Accept": "application/jwk-set+json, application/json"})
    if answer.status != 200:
        raise Unacceptable(f"{url} answered {answer.status} instead of a JWK set")
    return answer.body


def parse_keys(document: bytes) -> dict[str, ECKey]:
    """Return the public P-256 signing keys of a JWK set by `kid`.

    Keys of other kinds and purposes and broken ones are passed over (RFC 7517 5), private parts
    dropped. Raises Unacceptable where the document is no JWK set.
    """
    try:
        entries = json.loads(document)["keys"]
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise Unacceptable("that is not a JWK set (RFC 7517)") from error
    if not isinstance(entries, list):
        raise Unacceptable("that is not a JWK set (RFC 7517)")
    keys = (_public_key(entry) for entry in entries if isinstance(entry, dict))
    return {key.kid: key for key in keys if key is not None and key.kid}


def _public_key(entry: dict[str, Any]) -> ECKey | None:
    if (
        (entry.get("kty"), entry.get("crv")) != ("EC", "P-256")
        or entry.get("use", "sig") != "sig"
        or entry.get("alg", ALGORITHM) != ALGORITHM
    ):
        return None
    members = ("kty", "crv", "x", "y", "kid")
    public = {name: entry[name] for name in members if isinstance(entry.get(name), str)}
    if len(public) < len(members):
        return None
    try:
        return ECKey.import_key({**public, "use": "sig", "alg": ALGORITHM})
    except (ValueError, JoseError):
        return None


def _is_token(text: str) -> bool:
    """Tell whether a token can stand in a header (RFC 6750 2.1, widely)."""
    return text.isascii() and text.isprintable() and " " not in text and text != ""


def printable(text: str, limit: int = 300) -> str:
    """Return another system's words as one short line that is safe to log and to show."""
    return "".join(c if c.isprintable() else " " for c in text[:limit]).strip()
