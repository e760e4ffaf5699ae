"""The bank's two signing keys, one for access tokens and one for receipts."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey

from adapters.oauth import ALGORITHM

KEY_FILE = "bank-keys.json"


@dataclass(frozen=True)
class BankKeys:
    """Private P-256 keys with different `kid`s, so that neither kind of JWS passes as the other.

    Not shown by `repr`.
    """

    tokens: ECKey = field(repr=False)
    receipts: ECKey = field(repr=False)

    @classmethod
    def load(cls, data: Path) -> BankKeys:
        """Return the keys in the data folder, made on first use in a file of mode 0600."""
        path = data / KEY_FILE
        if not path.exists():
            _write_once(path, {"tokens": _new_key("token"), "receipts": _new_key("receipt")})
        kept = json.loads(path.read_bytes())
        return cls(ECKey.import_key(kept["tokens"]), ECKey.import_key(kept["receipts"]))

    def public(self) -> dict[str, Any]:
        """Return the JWK set that the bank publishes (RFC 7517 5)."""
        return {"keys": [key.as_dict(private=False) for key in (self.tokens, self.receipts)]}


def _new_key(purpose: str) -> dict[str, Any]:
    key = ECKey.generate_key("P-256")
    kid = f"{purpose}-{key.thumbprint()[:16]}"
    return {**key.as_dict(private=True), "kid": kid, "use": "sig", "alg": ALGORITHM}


def _write_once(path: Path, content: dict[str, Any]) -> None:
    """Link the file into place whole, so that a crash or a second process never halves it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
