"""HTTP to other systems: encrypted, never redirected, bounded in time and size."""

from __future__ import annotations

import ipaddress
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError
from urllib3.util import Url, parse_url

from adapters.public_addresses import Network, PrivateAddress, PublicAddresses
from schemas.texts import Text, text_of

Shape = TypeVar("Shape")

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 20.0
TOTAL_TIMEOUT = 30.0
"""Seconds: to connect, between two pieces of an answer, for the whole answer."""

SIZE_LIMIT = 1024 * 1024
"""Octets of an answer, after decompression."""

LONGEST_WAIT = 86_400.0
"""Seconds: a receiver that asks for more patience than a day is asked again after a day."""

REDIRECTS = frozenset({301, 302, 303, 307, 308})

_PIECE = 16 * 1024
_DEFAULT_PORTS = {"https": 443, "http": 80}


class OutboundError(Exception):
    """An exchange failed; the message names the address and holds no secret."""


class Unreachable(OutboundError):
    """No answer, or one that says to come back; `retry_after` is seconds where it said so."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unacceptable(OutboundError):
    """An address that may not be used or an answer that cannot be; asking again will not help."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer whose body was read whole; `url` is where it came from."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    def decoded(self, shape: type[Shape]) -> Shape:
        """Return the JSON body as `shape`. Raises Unacceptable where it is not of that shape."""
        try:
            return msgspec.json.decode(self.body, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Unacceptable(
                Text(
                    "%(url)s answered what cannot be used: %(error)s",
                    url=self.url,
                    error=text_of(error),
                )
            ) from error


class OutboundHttp:
    """Connections to other systems; safe to use from many threads.

    Addresses are https, or http to this machine (loopback). Redirects are not followed, cookies
    not kept, and proxies, netrc files and certificate bundles named by the environment not used.
    """

    def __init__(
        self,
        *,
        authorities: Path | None = None,
        certificate: tuple[Path, Path] | None = None,
        networks: Sequence[Network] | None = None,
    ) -> None:
        """`authorities` is a PEM file of certificate authorities instead of the well-known ones,
        `certificate` our own and its private key, both PEM (mutual TLS). With `networks` only
        public addresses and those networks are connected to, whatever a name resolves to.
        """
        self._session = requests.Session()
        self._session.trust_env = False
        if authorities is not None:
            self._session.verify = str(authorities)
        if certificate is not None:
            self._session.cert = (str(certificate[0]), str(certificate[1]))
        if networks is not None:
            adapter = PublicAddresses(networks)
            self._session.mount("https://", adapter)
            self._session.mount("http://", adapter)
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for a resource; see `request`."""
        return self.request("GET", url, headers=headers)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request (a mapping as a form) and return the answer.

        Raises Unreachable where the network failed, the time was up, or the answer was 408, 425,
        429 or 5xx; Unacceptable for an address that may not be used, a redirect, or a body above
        `SIZE_LIMIT`. Any other status is for the caller to judge.
        """
        require_safe(url)
        deadline = time.monotonic() + TOTAL_TIMEOUT
        try:
            with self._session.request(
                method,
                url,
                headers=headers,
                data=body,
                allow_redirects=False,
                timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
                stream=True,
            ) as response:
                answer = Answer(
                    url, response.status_code, response.headers, _read(response, deadline)
                )
        except PrivateAddress as error:
            raise Unacceptable(
                Text("%(url)s is %(error)s", url=url, error=text_of(error))
            ) from error
        except (requests.RequestException, HTTPError, OSError) as error:
            raise Unreachable(f"{url} cannot be reached ({_cause(error)})") from error
        if answer.status in REDIRECTS:
            raise Unacceptable(
                Text("%(url)s answered with a redirect, which is not followed", url=url)
            )
        if answer.status >= 500 or answer.status in (408, 425, 429):
            wait = retry_after(answer.headers)
            raise Unreachable(f"{url} answered {answer.status}", wait)
        return answer

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()


def require_safe(url: str) -> None:
    """Raise Unacceptable unless `url` is https, or http to a loopback host, without user info."""
    parts = _parsed(url)
    if parts.auth is not None:
        raise Unacceptable(Text("an address must not hold a user name or password"))
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        return
    raise Unacceptable(
        Text("%(url)s is not https; plain http is only for this machine (127.0.0.1)", url=url)
    )


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address (IPv6 with or without brackets) is this machine's."""
    if host.lower() == "localhost":  # RFC 6761 6.3
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def same_origin(url: str, other: str) -> bool:
    """Tell whether two addresses share scheme, host and port (RFC 6454 5)."""
    return _origin(url) == _origin(other)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return `Retry-After` as seconds from now, 0 to `LONGEST_WAIT`; None where it says nothing.

    Both forms of RFC 9110 10.2.3 are read: a number of seconds and a date.
    """
    text = CaseInsensitiveDict(headers).get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text)
    else:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        if moment.tzinfo is None:  # "-0000", which email's dates leave without a zone
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), LONGEST_WAIT) if math.isfinite(seconds) else LONGEST_WAIT


def _read(response: requests.Response, deadline: float) -> bytes:
    """Read what each turn of the network brings, so that a trickle cannot hold us for hours."""
    pieces = bytearray()
    while piece := response.raw.read1(_PIECE, decode_content=True):
        pieces += piece
        if len(pieces) > SIZE_LIMIT:
            raise Unacceptable(
                Text(
                    "%(url)s answered more than %(size_limit)s octets",
                    url=response.url,
                    size_limit=SIZE_LIMIT,
                )
            )
        if time.monotonic() > deadline:
            raise Unreachable(f"{response.url} took longer than {TOTAL_TIMEOUT:.0f} s to answer")
    return bytes(pieces)


def _parsed(url: str) -> Url:
    """Parse with the parser that sends the request, so that both see the same host."""
    try:
        parts = parse_url(url)
    except HTTPError as error:
        raise Unacceptable(Text("%(url)r is not an address", url=url)) from error
    if not parts.scheme or not parts.host:
        raise Unacceptable(Text("%(url)r is not an address with a scheme and a host", url=url))
    return parts


def _origin(url: str) -> tuple[Any, ...]:
    parts = _parsed(url)
    return parts.scheme, parts.host, parts.port or _DEFAULT_PORTS.get(parts.scheme or "")


def _cause(error: BaseException) -> str:
    """Return what went wrong in a few words; a library's own message repeats whole requests."""
    if isinstance(error, requests.Timeout | TimeoutError | ReadTimeoutError):
        return "it did not answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate or encryption is not accepted"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    if isinstance(error, ProtocolError):
        return "the connection broke off"
    return type(error).__name__
