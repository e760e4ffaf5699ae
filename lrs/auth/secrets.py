"""The root secret of an installation, and what is derived from it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import serialization
from joserfc.jwk import ECKey

ROOT_SECRET_FILE = "secret.key"  # noqa: S105 - a file's name


class RootSecret:
    """256 random bits, from LRS_SECRET_KEY or a file that only its owner can read.

    Whoever has the store but not this secret can neither test guesses of API secrets nor use
    the client keys in it.
    """

    def __init__(self, value: bytes) -> None:
        self._value = value
        self._api_secrets = self.derive(b"api secrets")
        self._opened: dict[bytes, ECKey] = {}

    @classmethod
    def load(cls, data: Path) -> RootSecret:
        """Return the installation's secret, making the file on first use."""
        given = os.environ.get("LRS_SECRET_KEY")
        if given:
            return cls(hashlib.sha256(given.encode()).digest())
        path = data / ROOT_SECRET_FILE
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            # Linked into place whole, so that two processes at their first start agree on one.
            draft = path.with_name(f".{path.name}.{os.getpid()}")
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(32))
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return cls(path.read_bytes())

    def hash_of(self, secret: str) -> bytes:
        """Return the keyed SHA-256 under which an API secret is stored.

        API secrets are 256 random bits, so that no slow hash is needed.
        """
        return hmac.digest(self._api_secrets, secret.encode(), "sha256")

    def matches(self, secret: str, stored: bytes) -> bool:
        """Compare a secret with its stored hash in constant time."""
        return hmac.compare_digest(self.hash_of(secret), stored)

    def seal_key(self, key: ECKey) -> bytes:
        """Return a private key as PEM (PKCS #8) that only this secret opens."""
        private = key.private_key
        assert private is not None  # noqa: S101
        return private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(self.derive(b"client keys").hex().encode()),
        )

    def open_key(self, sealed: bytes) -> ECKey:
        """Return the private key that `seal_key` sealed. Raises ValueError with a wrong secret."""
        if (opened := self._opened.get(sealed)) is not None:
            return opened
        private = serialization.load_pem_private_key(
            sealed, self.derive(b"client keys").hex().encode()
        )
        pem = private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        key = ECKey.import_key(pem)
        opened = ECKey.import_key(pem, {"kid": key.thumbprint(), "use": "sig", "alg": "ES256"})
        self._opened[sealed] = opened
        return opened

    def seal(self, value: bytes, purpose: bytes) -> bytes:
        """Return the value encrypted (Fernet), so that only `open` with the purpose reads it."""
        return self._fernet(purpose).encrypt(value)

    def open(self, sealed: bytes, purpose: bytes) -> bytes:
        """Return what `seal` sealed. Raises ValueError with a wrong secret or purpose."""
        try:
            return self._fernet(purpose).decrypt(sealed)
        except InvalidToken as error:
            raise ValueError("sealed with another secret or for another purpose") from error

    def _fernet(self, purpose: bytes) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(self.derive(b"seal " + purpose)))

    def derive(self, purpose: bytes) -> bytes:
        """Return 256 bits for one purpose; nothing can be learnt from them about another."""
        return hmac.digest(self._value, purpose, "sha256")


def new_api_secret() -> str:
    """Return a new API secret: 256 random bits as URL-safe text."""
    return secrets.token_urlsafe(32)
