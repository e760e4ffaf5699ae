"""Where the secrets of receivers and webhooks are: the environment, a file, or sealed in the store.

Settings name the place (`env:NAME`, `file:PATH`, `store:NAME`) and never the secret.
"""

from __future__ import annotations

import os
from pathlib import Path

from lrs.auth.secrets import RootSecret
from lrs.store.sealed import SealedValues

_PURPOSE = b"secret of a receiver "


class SecretError(Exception):
    """A secret that cannot be had; the message names its place and never the secret."""


class SecretPlaces:
    """Reads secrets, and keeps those that are to be kept here."""

    def __init__(self, values: SealedValues, root: RootSecret) -> None:
        self._values = values
        self._root = root

    def read(self, place: str) -> str:
        """Return the secret at a place. Raises SecretError."""
        kind, _, name = place.partition(":")
        try:
            if kind == "env":
                secret = os.environ[name]
            elif kind == "file":
                secret = Path(name).read_text("utf-8").strip()
            elif kind == "store":
                sealed = self._values.get(name)
                if sealed is None:
                    raise SecretError(f"the store has no secret {name!r}: `lrs receiver secret`")
                secret = self._root.open(sealed, _PURPOSE + name.encode()).decode()
            else:
                raise SecretError(f"{place!r} is not env:NAME, file:PATH or store:NAME")
        except (OSError, KeyError, ValueError) as error:
            raise SecretError(f"the secret at {place} cannot be read") from error
        if not secret:
            raise SecretError(f"the secret at {place} is empty")
        return secret

    def keep(self, name: str, secret: str) -> None:
        """Keep a secret in the store, sealed, as `store:NAME`."""
        self._values.put(name, self._root.seal(secret.encode(), _PURPOSE + name.encode()))
