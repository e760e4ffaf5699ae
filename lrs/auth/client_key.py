"""The keys by which this service signs in at receivers (RFC 7523, `private_key_jwt`)."""

from __future__ import annotations

from typing import Any

from joserfc.jwk import ECKey

from lrs.auth.secrets import RootSecret
from lrs.store.client_keys import ClientKeys

PUBLISHED_BEFORE = 900.0
"""Seconds that a new key is published before it signs: receivers keep our JWK set for a while."""

PUBLISHED_AFTER = 900.0
"""Seconds that a key stays published once another signs: what it signed is on its way."""


def client_key(keys: ClientKeys, root: RootSecret) -> ECKey:
    """Return the EC P-256 key that signs now, making the first one on first use."""
    signing = keys.signing()
    if signing is None:
        key = ECKey.generate_key("P-256")
        signing = keys.first(key.thumbprint(), root.seal_key(key))
    return root.open_key(signing)


def rotate_client_key(keys: ClientKeys, root: RootSecret, *, at_once: bool = False) -> str:
    """Publish a new key that takes over after `PUBLISHED_BEFORE` seconds, and return its `kid`.

    The one before stays published for `PUBLISHED_AFTER` seconds more. With `at_once` (the old key
    is known to others) the new one signs now and the old one is published no more.
    """
    client_key(keys, root)
    key = ECKey.generate_key("P-256")
    before, after = (0.0, 0.0) if at_once else (PUBLISHED_BEFORE, PUBLISHED_AFTER)
    keys.add(key.thumbprint(), root.seal_key(key), before, after)
    return str(key.thumbprint())


def public_jwks(keys: ClientKeys, root: RootSecret) -> dict[str, Any]:
    """Return the public keys as a JWK Set (RFC 7517), for receivers to check assertions with."""
    client_key(keys, root)
    return {"keys": [root.open_key(one).as_dict(private=False) for one in keys.published()]}
