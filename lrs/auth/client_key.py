"""The key by which this service signs in at receivers (RFC 7523, `private_key_jwt`)."""

from __future__ import annotations

from typing import Any

from joserfc.jwk import ECKey

from lrs.auth.secrets import RootSecret
from lrs.store.sqlite.settings import SqliteSettings

NAME = "client_key"


def client_key(settings: SqliteSettings, root: RootSecret) -> ECKey:
    """Return the installation's EC P-256 key, making it on first use; sealed in the store."""
    sealed = settings.get(NAME)
    if sealed is None:
        sealed = settings.keep(NAME, root.seal_key(ECKey.generate_key("P-256")))
    return root.open_key(sealed)


def public_jwks(key: ECKey) -> dict[str, Any]:
    """Return the public key as a JWK Set (RFC 7517), for receivers to check assertions with."""
    return {"keys": [key.as_dict(private=False)]}
