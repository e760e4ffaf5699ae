"""A host of Open Badges, to which a learner lets us bring credentials (Open Badges 3.0, 6 and 7).

The host's interface is found in its service description. We register there as a client by
ourselves (RFC 7591), the learner agrees in the host's own pages (authorization code, RFC 6749 4.1,
with PKCE, RFC 7636), and every credential is then put there as a compact JWS. Putting it again
changes nothing.
"""

from __future__ import annotations

import base64
import secrets
import time
from typing import Final, Literal, TypeVar
from urllib.parse import quote_plus, urlencode, urlsplit

import msgspec
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from adapters.outbound import Refused, Unavailable
from adapters.outbound_http import Answer, OutboundHttp, Unacceptable, Unreachable
from schemas.texts import Text, text_of

BASE_PATH: Final = "/ims/ob/v3p0"
UPSERT: Final = "https://purl.imsglobal.org/spec/ob/v3p0/scope/credential.upsert"
"""All that we ask for: to add credentials, and not to read what else the learner has there."""

SCOPE: Final = f"{UPSERT} offline_access"
RENEW_BEFORE: Final = 30.0
"""Seconds before its end at which an access token is renewed."""

Shape = TypeVar("Shape")
Outcome = Literal["created", "replaced", "same"]


class Consent(Exception):
    """The learner's consent is not there any more, or was not given; the message says which."""


class Host(msgspec.Struct, frozen=True):
    """Where a host is spoken to; all addresses are https."""

    base: str
    registration: str
    authorization: str
    token: str


class Client(msgspec.Struct, frozen=True):
    """Who we are at a host."""

    client_id: str
    client_secret: str


class Tokens(msgspec.Struct, frozen=True):
    """What the learner's consent gave us; `expires_at` is seconds since the epoch."""

    access_token: str
    expires_at: float
    refresh_token: str | None = None


class _Flow(msgspec.Struct, rename="camel"):
    authorization_url: str
    token_url: str


class _Flows(msgspec.Struct, rename="camel"):
    authorization_code: _Flow


class _Scheme(msgspec.Struct):
    flows: _Flows
    registration: str = msgspec.field(name="x-imssf-registrationUrl")


class _Schemes(msgspec.Struct):
    scheme: _Scheme = msgspec.field(name="OAuth2ACG")


class _Components(msgspec.Struct, rename="camel"):
    security_schemes: _Schemes


class _Description(msgspec.Struct):
    components: _Components


class _Granted(msgspec.Struct):
    access_token: str
    token_type: str
    expires_in: float = 300.0
    refresh_token: str | None = None
    scope: str = SCOPE


class _Failed(msgspec.Struct):
    error: str = "unknown"


class BadgeHost:
    """Speaks to one host. Every method raises Unavailable and Refused (`adapters.outbound`)."""

    def __init__(self, http: OutboundHttp, url: str, redirect_uri: str) -> None:
        """`url` is the host's address, `redirect_uri` where it sends the learner back to."""
        self._http = http
        self._base = url.rstrip("/").removesuffix(BASE_PATH) + BASE_PATH
        self._redirect_uri = redirect_uri

    def discover(self) -> Host:
        """Return where the host is spoken to, from its service description (6.3.1)."""
        answer = self._ask("GET", f"{self._base}/discovery", {"Accept": "application/json"})
        described = _decoded(answer, _Description).components.security_schemes.scheme
        flow = described.flows.authorization_code
        host = Host(self._base, described.registration, flow.authorization_url, flow.token_url)
        for url in (host.registration, host.authorization, host.token):
            if urlsplit(url).scheme not in ("https", urlsplit(self._base).scheme):
                raise Refused(
                    Text("%(base)s names %(url)s, which is not https", base=self._base, url=url)
                )
        return host

    def register(self, host: Host, name: str, home: str) -> Client:
        """Register as a client (RFC 7591; Open Badges 3.0, 7.1)."""
        told = {
            "client_name": name,
            "client_uri": home,
            "logo_uri": f"{home}/static/icon.svg",
            "tos_uri": home,
            "policy_uri": home,
            "software_id": "learning-record-store",
            "software_version": "1",
            "redirect_uris": [self._redirect_uri],
            "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "scope": SCOPE,
        }
        answer = self._ask(
            "POST",
            host.registration,
            {"Content-Type": "application/json", "Accept": "application/json"},
            msgspec.json.encode(told),
        )
        return _decoded(answer, Client)

    def consent_url(self, host: Host, client: Client, state: str, verifier: str) -> str:
        """Return where the learner agrees; `verifier` is kept until they come back with a code."""
        asked = {
            "response_type": "code",
            "client_id": client.client_id,
            "redirect_uri": self._redirect_uri,
            "scope": SCOPE,
            "state": state,
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
        }
        separator = "&" if urlsplit(host.authorization).query else "?"
        return f"{host.authorization}{separator}{urlencode(asked)}"

    def redeem(self, host: Host, client: Client, code: str, verifier: str) -> Tokens:
        """Return the tokens for the code that the learner came back with. Raises Consent."""
        return self._tokens(
            host,
            client,
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self._redirect_uri,
                "code_verifier": verifier,
            },
            None,
        )

    def renewed(self, host: Host, client: Client, tokens: Tokens) -> Tokens:
        """Return tokens that are good for a while yet, renewed where need be. Raises Consent."""
        if time.time() < tokens.expires_at - RENEW_BEFORE:
            return tokens
        if tokens.refresh_token is None:
            raise Consent(Text("the consent has run out and the host lets nobody renew it"))
        return self._tokens(
            host,
            client,
            {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token},
            tokens.refresh_token,
        )

    def put(self, tokens: Tokens, token: str) -> Outcome:
        """Bring a credential (compact JWS) there (6.2.2). Raises Consent."""
        answer = self._ask(
            "POST",
            f"{self._base}/credentials",
            {"Authorization": f"Bearer {tokens.access_token}", "Content-Type": "text/plain"},
            token.encode(),
            expected=(200, 201, 304, 401, 403),
        )
        match answer.status:
            case 200:
                return "replaced"
            case 201:
                return "created"
            case 304:
                return "same"
        raise Consent(
            Text(
                "the host takes nothing on this consent any more (%(status)s)", status=answer.status
            )
        )

    def _tokens(
        self, host: Host, client: Client, asked: dict[str, str], refresh_token: str | None
    ) -> Tokens:
        answer = self._ask(
            "POST",
            host.token,
            {
                "Authorization": _basic(client),
                "Accept": "application/json",
            },
            asked,
            expected=(200, 400, 401),
        )
        if answer.status != 200:
            raise Consent(
                Text("the host refused: %(error)s", error=_decoded(answer, _Failed).error)
            )
        granted = _decoded(answer, _Granted)
        if granted.token_type.lower() != "bearer":
            raise Refused(
                Text(
                    "%(token)s gave a token of the type %(token_type)r",
                    token=host.token,
                    token_type=granted.token_type,
                )
            )
        if UPSERT not in granted.scope.split():
            raise Consent(Text("the learner did not agree that credentials are added"))
        return Tokens(
            granted.access_token,
            time.time() + granted.expires_in,
            granted.refresh_token or refresh_token,
        )

    def _ask(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes | dict[str, str] | None = None,
        expected: tuple[int, ...] = (200, 201),
    ) -> Answer:
        try:
            answer = self._http.request(method, url, headers=headers, body=body)
        except Unreachable as error:
            raise Unavailable(text_of(error), error.retry_after) from error
        except Unacceptable as error:
            raise Refused(text_of(error)) from error
        if answer.status not in expected:
            raise Refused(Text("%(url)s answered %(status)s", url=url, status=answer.status))
        return answer


def _basic(client: Client) -> str:
    """Return `client_secret_basic`: both parts form-encoded first (RFC 6749 2.3.1)."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def new_state() -> str:
    """Return a state that nobody guesses (RFC 6749 10.12)."""
    return secrets.token_urlsafe(32)


def new_verifier() -> str:
    """Return a code verifier of 256 random bits (RFC 7636 4.1)."""
    return secrets.token_urlsafe(48)


def _decoded(answer: Answer, shape: type[Shape]) -> Shape:
    try:
        return answer.decoded(shape)
    except Unacceptable as error:
        raise Refused(text_of(error)) from error
