"""The public keys by which clients prove who they are: registered here, or published by them."""

from __future__ import annotations

import json
import threading
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from adapters.oauth import Keys, fetch_keys
from adapters.outbound_http import OutboundHttp, Unacceptable
from schemas.clients import Client
from schemas.texts import Text

KEYS_LIFE = 300.0
KEYS_PAUSE = 5.0
"""Seconds: that a published set is remembered, and between two loads of it, whatever `kid`s
strangers send."""

_KINDS: dict[tuple[str, str], tuple[type[ECKey | OKPKey], tuple[str, ...]]] = {
    ("EC", "P-256"): (ECKey, ("ES256",)),
    ("OKP", "Ed25519"): (OKPKey, ("Ed25519", "EdDSA")),
}


class ClientKeys:
    """The keys of clients. Safe to use from many threads."""

    def __init__(self, http: OutboundHttp) -> None:
        self._http = http
        self._lock = threading.Lock()
        self._published: dict[str, Keys] = {}

    def key(self, client: Client, kid: str) -> Any:
        """Return the client's key of that name, or None. Raises OutboundError where its published
        set cannot be had now.
        """
        if client.jwks_uri is None:
            return keys_of(client.jwks or {}).get(kid)
        return self._at(client.jwks_uri).key(kid)

    def _at(self, url: str) -> Keys:
        with self._lock:
            if url not in self._published:
                self._published[url] = Keys(
                    lambda: fetch_keys(self._http, url),
                    life=KEYS_LIFE,
                    pause=KEYS_PAUSE,
                    parse=_published_keys,
                )
            return self._published[url]


def keys_of(jwks: dict[str, Any]) -> dict[str, ECKey | OKPKey]:
    """Return the public keys for ES256 and Ed25519 of a JWK set (RFC 7517) by `kid`.

    Keys of other kinds and purposes and broken ones are passed over (RFC 7517 5), private parts
    dropped.
    """
    entries = jwks.get("keys")
    found = {}
    for entry in entries if isinstance(entries, list) else ():
        key = _public_key(entry) if isinstance(entry, dict) else None
        if key is not None and key.kid:
            found[key.kid] = key
    return found


def _published_keys(document: bytes) -> dict[str, ECKey | OKPKey]:
    try:
        jwks = json.loads(document)
    except (ValueError, RecursionError) as error:
        raise Unacceptable(Text("that is not a JWK set (RFC 7517)")) from error
    if not isinstance(jwks, dict) or not isinstance(jwks.get("keys"), list):
        raise Unacceptable(Text("that is not a JWK set (RFC 7517)"))
    return keys_of(jwks)


def _public_key(entry: dict[str, Any]) -> ECKey | OKPKey | None:
    kind = _KINDS.get((str(entry.get("kty")), str(entry.get("crv"))))
    if kind is None or entry.get("use", "sig") != "sig":
        return None
    made, algorithms = kind
    if entry.get("alg", algorithms[0]) not in algorithms or not isinstance(entry.get("kid"), str):
        return None
    public: dict[str, Any] = {
        name: entry[name] for name in ("kty", "crv", "x", "y", "kid") if name in entry
    }
    try:
        return made.import_key(public)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
