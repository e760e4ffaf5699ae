"""The clients that the bank was started with, and where their public keys are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from authlib.oauth2.rfc6749 import ClientMixin, list_to_scope, scope_to_list

from adapters.oauth import Keys, fetch_keys, parse_keys
from adapters.outbound_http import OutboundHttp, Unacceptable, require_safe
from lrs.settings import SettingsError

SCOPES = ("claims.write", "claims.read")
KEYS_LIFE = 60.0
KEYS_PAUSE = 5.0
"""Seconds between two loads of a client's keys, however many unknown `kid`s strangers send."""


class BankClient(ClientMixin):  # type: ignore[misc]
    """An OAuth client: client credentials with `private_key_jwt`, and nothing else."""

    def __init__(self, client_id: str, keys: Keys) -> None:
        self.client_id = client_id
        self.keys = keys

    def get_client_id(self) -> str:
        """Return the client id."""
        return self.client_id

    def get_allowed_scope(self, scope: str | None) -> str:
        """Return the scope granted for the one asked for; all where none was (RFC 6749 3.3)."""
        return str(list_to_scope([one for one in scope_to_list(scope) or SCOPES if one in SCOPES]))

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Tell whether the client may authenticate so."""
        return method == "private_key_jwt" and endpoint == "token"

    def check_grant_type(self, grant_type: str) -> bool:
        """Tell whether the client may use the grant."""
        return grant_type == "client_credentials"


def load_clients(places: Mapping[str, str], http: OutboundHttp) -> dict[str, BankClient]:
    """Return the clients by id, from the address or file of each one's JWK set.

    Raises SettingsError for an address that may not be asked or a file that is no JWK set with a
    P-256 key; what is behind an address is only seen when a client first comes.
    """
    return {name: BankClient(name, _keys(name, place, http)) for name, place in places.items()}


def _keys(client_id: str, place: str, http: OutboundHttp) -> Keys:
    try:
        if "://" in place:
            require_safe(place)
            return Keys(lambda: fetch_keys(http, place), life=KEYS_LIFE, pause=KEYS_PAUSE)
        path = Path(place)
        if not parse_keys(path.read_bytes()):
            raise Unacceptable("it holds no P-256 signing key with a kid")
    except (OSError, Unacceptable) as error:
        raise SettingsError(f"the JWK set of the client {client_id!r}, {place}: {error}") from error
    return Keys(path.read_bytes, life=KEYS_LIFE, pause=KEYS_PAUSE)
