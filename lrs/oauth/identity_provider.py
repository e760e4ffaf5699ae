"""The outside identity provider, found by OpenID Connect Discovery 1.0: its keys for the access
tokens of machines, and its sign-in for people (OpenID Connect Core 1.0, authorization code with
PKCE, RFC 7636).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
import time
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from authlib.oauth2.rfc7523.client import ASSERTION_TYPE
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import ECKey, GuestProtocol, KeySet

from adapters.oauth import client_assertion, fetch_keys
from adapters.outbound_http import OutboundError, OutboundHttp, Unacceptable
from lrs.oauth.access_tokens import OUTSIDE_ALGORITHMS
from lrs.oauth.client_assertions import LEEWAY

METADATA_LIFE = 600.0
KEYS_PAUSE = 5.0
"""Seconds: that metadata is remembered, and between two loads of keys, whatever strangers send."""

BACK_PATH = "/sign-in/outside/back"


class ProviderMetadata(msgspec.Struct, frozen=True):
    """What is used of a provider's metadata (OpenID Connect Discovery 1.0, 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class TokenAnswer(msgspec.Struct, frozen=True):
    """What is used of the token endpoint's answer (OpenID Connect Core 1.0, 3.1.3.3)."""

    id_token: str


class Journey(msgspec.Struct, frozen=True):
    """What a browser carries to the provider and back, to tell that it is the same one."""

    state: str
    nonce: str
    verifier: str
    after: str


class NotSignedIn(Exception):
    """The provider signed nobody in, or not for us; the message says why, without secrets."""


class IdentityProvider:
    """One provider. Safe to use from many threads; asks nothing before it has to."""

    def __init__(
        self,
        http: OutboundHttp,
        issuer: str,
        client_id: str,
        *,
        secret: str | None,
        key: ECKey,
        public_url: str,
    ) -> None:
        """Sign in at the provider with the secret, or with an assertion by `key` without one."""
        self.issuer = issuer
        self._http = http
        self._client_id = client_id
        self._secret = secret
        self._key = key
        self._back = public_url + BACK_PATH
        self._lock = threading.Lock()
        self._metadata: ProviderMetadata | None = None
        self._keys: dict[str, Any] = {}
        self._read = self._loaded = float("-inf")

    def key(self, kid: str) -> Any:
        """Return the provider's signing key with the id, or None where it has none or cannot be
        asked now.
        """
        with self._lock:
            if kid not in self._keys or time.monotonic() - self._loaded > METADATA_LIFE:
                self._load_keys()
            return self._keys.get(kid)

    def departure(self, after: str) -> tuple[str, Journey]:
        """Return the address to send a browser to, and what it must bring back; `after` is
        where it wants to go then. Raises OutboundError.
        """
        journey = Journey(_random(), _random(), _random(), after)
        challenge = hashlib.sha256(journey.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._back,
            "scope": "openid",
            "state": journey.state,
            "nonce": journey.nonce,
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        address = self.metadata().authorization_endpoint
        return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}", journey

    def arrival(self, answer: dict[str, str], journey: Journey) -> str:
        """Return who came back with the parameters in `answer`: `ISSUER|SUB`.

        Raises NotSignedIn, OutboundError.
        """
        if not hmac.compare_digest(answer.get("state", "").encode(), journey.state.encode()):
            raise NotSignedIn("state is not the one that left")
        if answer.get("iss", self.issuer) != self.issuer:  # RFC 9207
            raise NotSignedIn("another issuer answered")
        if "error" in answer or not answer.get("code"):
            raise NotSignedIn("the provider gave no code")
        token = self._id_token(answer["code"], journey.verifier)
        claims = self._claims(token)
        if not hmac.compare_digest(str(claims.get("nonce")).encode(), journey.nonce.encode()):
            raise NotSignedIn("nonce is not the one that left")
        return f"{self.issuer}|{claims['sub']}"

    def metadata(self) -> ProviderMetadata:
        """Return the provider's metadata. Raises OutboundError."""
        if self._metadata is None or time.monotonic() - self._read > METADATA_LIFE:
            answer = self._http.get(f"{self.issuer}/.well-known/openid-configuration")
            if answer.status != 200:
                raise Unacceptable(f"{answer.url} answered {answer.status}, not metadata")
            found = answer.decoded(ProviderMetadata)
            if found.issuer != self.issuer:
                raise Unacceptable(f"{answer.url} is the metadata of another issuer")
            self._metadata, self._read = found, time.monotonic()
        return self._metadata

    def _load_keys(self) -> None:
        if time.monotonic() - self._loaded < KEYS_PAUSE:
            return
        self._loaded = time.monotonic()
        try:
            document = msgspec.json.decode(fetch_keys(self._http, self.metadata().jwks_uri))
            entries = [one for one in document["keys"] if one.get("use", "sig") == "sig"]
            keys = KeySet.import_key_set({"keys": entries}).keys
        except (OutboundError, JoseError, ValueError, TypeError, KeyError, AttributeError):
            return
        self._keys = {key.kid: key for key in keys if key.kid and key.key_type != "oct"}

    def _id_token(self, code: str, verifier: str) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "code_verifier": verifier,
        }
        headers = {}
        if self._secret is not None:
            pair = f"{quote(self._client_id, safe='')}:{quote(self._secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form["client_id"] = self._client_id
            form["client_assertion_type"] = ASSERTION_TYPE
            form["client_assertion"] = client_assertion(self.issuer, self._client_id, self._key)
        answer = self._http.request(
            "POST", self.metadata().token_endpoint, headers=headers, body=form
        )
        if answer.status != 200:
            raise NotSignedIn(f"the token endpoint answered {answer.status}")
        return answer.decoded(TokenAnswer).id_token

    def _claims(self, token: str) -> dict[str, Any]:
        """The claims of an ID token for us (OpenID Connect Core 1.0, 3.1.3.7)."""

        def key_of(signature: GuestProtocol) -> Any:
            kid = signature.headers().get("kid")
            key = self.key(kid) if isinstance(kid, str) else None
            if key is None:
                raise InvalidKeyIdError("no such key")
            return key

        try:
            decoded = jwt.decode(token, key_of, algorithms=OUTSIDE_ALGORITHMS)
            if str(decoded.header.get("typ", "JWT")).lower() not in ("jwt", "id_token+jwt"):
                raise NotSignedIn("that is no ID token")
            names = ("iss", "sub", "aud", "exp", "iat")
            options: dict[str, Any] = {name: {"essential": True} for name in names}
            options["iss"]["value"] = self.issuer
            options["aud"]["value"] = self._client_id
            jwt.JWTClaimsRegistry(leeway=LEEWAY, **options).validate(decoded.claims)
        except (JoseError, ValueError, TypeError, AttributeError, RecursionError) as error:
            raise NotSignedIn(f"the ID token does not hold ({type(error).__name__})") from error
        party = decoded.claims.get("azp", self._client_id)
        if party != self._client_id or not isinstance(decoded.claims["sub"], str):
            raise NotSignedIn("the ID token is for another party")
        return dict(decoded.claims)


def _random() -> str:
    return secrets.token_urlsafe(32)
