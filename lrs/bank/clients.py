"""The clients that the bank was started with, and how each proves who it is."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from authlib.oauth2.rfc6749 import ClientMixin, list_to_scope, scope_to_list

from adapters.mutual_tls import thumbprint
from adapters.oauth import AuthenticationMethod, Keys, fetch_keys, parse_keys
from adapters.outbound_http import OutboundHttp, Unacceptable, require_safe
from lrs.settings import SettingsError

SCOPES = ("claims.write", "claims.read", "learners.read")
SHORTEST_SECRET = 32
KEYS_LIFE = 60.0
KEYS_PAUSE = 5.0
"""Seconds between two loads of a client's keys, however many unknown `kid`s strangers send."""


class BankClient(ClientMixin):  # type: ignore[misc]
    """An OAuth client: client credentials, and one way to prove who it is.

    `keys` are for `private_key_jwt`, `secret` for `client_secret_basic`, `certificate` (the
    thumbprint of the one that was registered) for `tls_client_auth`.
    """

    def __init__(
        self,
        client_id: str,
        method: AuthenticationMethod,
        *,
        keys: Keys | None = None,
        secret: str | None = None,
        certificate: str | None = None,
    ) -> None:
        self.client_id = client_id
        self.method = method
        self.keys = keys
        self.certificate = certificate
        self._secret = secret

    def get_client_id(self) -> str:
        """Return the client id."""
        return self.client_id

    def get_allowed_scope(self, scope: str | None) -> str:
        """Return the scope granted for the one asked for; all where none was (RFC 6749 3.3)."""
        return str(list_to_scope([one for one in scope_to_list(scope) or SCOPES if one in SCOPES]))

    def check_client_secret(self, secret: str) -> bool:
        """Tell whether the secret is the client's, in constant time."""
        return self._secret is not None and hmac.compare_digest(
            self._secret.encode(), secret.encode()
        )

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Tell whether the client may authenticate so."""
        return method == self.method and endpoint == "token"

    def key(self, kid: str) -> Any:
        """Return the key that an assertion names, or None. Raises OutboundError."""
        return self.keys.key(kid) if self.keys else None

    def check_grant_type(self, grant_type: str) -> bool:
        """Tell whether the client may use the grant."""
        return grant_type == "client_credentials"


def load_clients(places: Mapping[str, str], http: OutboundHttp) -> dict[str, BankClient]:
    """Return the clients by id, each from the address or file of its JWK set, from
    `secret:FILE` or from `certificate:FILE` (PEM).

    Raises SettingsError for an address that may not be asked or a file that cannot be used; what
    is behind an address is only seen when a client first comes.
    """
    return {name: _client(name, place, http) for name, place in places.items()}


def _client(client_id: str, place: str, http: OutboundHttp) -> BankClient:
    try:
        if place.startswith("secret:"):
            secret = Path(place.removeprefix("secret:")).read_text("utf-8").strip()
            if len(secret) < SHORTEST_SECRET:
                raise Unacceptable(f"a secret must have {SHORTEST_SECRET} characters at the least")
            return BankClient(client_id, "client_secret_basic", secret=secret)
        if place.startswith("certificate:"):
            pem = Path(place.removeprefix("certificate:")).read_text("ascii")
            return BankClient(client_id, "tls_client_auth", certificate=thumbprint(pem))
        return BankClient(client_id, "private_key_jwt", keys=_keys(place, http))
    except (OSError, ValueError, Unacceptable) as error:
        raise SettingsError(f"the JWK set of the client {client_id!r}, {place}: {error}") from error


def _keys(place: str, http: OutboundHttp) -> Keys:
    if "://" in place:
        require_safe(place)
        return Keys(lambda: fetch_keys(http, place), life=KEYS_LIFE, pause=KEYS_PAUSE)
    path = Path(place)
    if not parse_keys(path.read_bytes()):
        raise Unacceptable("it holds no P-256 signing key with a kid")
    return Keys(path.read_bytes, life=KEYS_LIFE, pause=KEYS_PAUSE)
