"""The keys that credentials and transcripts are signed with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from joserfc.jwk import ECKey, OKPKey

from adapters.open_badges import SigningKey
from lrs.auth.secrets import RootSecret
from lrs.store.settings import StoreSettings
from schemas.credentials import Issuer, text_in

PURPOSE = b"credential keys"
CERTIFICATE_YEARS = 10


@dataclass(frozen=True, kw_only=True)
class KeyPair:
    """One generation of keys: P-256 for tokens and transcripts, Ed25519 for proofs in JSON.

    `certificate` is of the P-256 key, signed by itself: what an ELMO document carries.
    """

    number: int
    p256: ECKey
    ed25519: OKPKey
    certificate: x509.Certificate

    def token_key(self, issuer: Issuer) -> SigningKey:
        """Return the key of credentials as JWS."""
        return SigningKey(id=f"{issuer.id}#p256-{self.number}", key=self.p256)

    def proof_key(self, issuer: Issuer) -> SigningKey:
        """Return the key of Data Integrity proofs."""
        return SigningKey(id=f"{issuer.id}#ed25519-{self.number}", key=self.ed25519)

    @property
    def transcript_key(self) -> EllipticCurvePrivateKey:
        """The key of ELMO documents."""
        private = self.p256.private_key
        assert isinstance(private, EllipticCurvePrivateKey)  # noqa: S101
        return private


class CredentialKeys:
    """All generations of keys, sealed in the store; the newest signs, all are published."""

    def __init__(self, settings: StoreSettings, root: RootSecret, issuer: Issuer) -> None:
        self._settings = settings
        self._root = root
        self._issuer = issuer

    def newest(self) -> KeyPair:
        """Return the keys to sign with, making the first ones on first use."""
        return self.all()[-1]

    def all(self) -> Sequence[KeyPair]:
        """Return every generation, the oldest first."""
        found: list[KeyPair] = []
        while (sealed := self._settings.get(_name(len(found) + 1))) is not None:
            found.append(self._open(len(found) + 1, sealed))
        return found or [self._make(1)]

    def rotate(self) -> KeyPair:
        """Make new keys, which sign from now on; the old ones stay published."""
        return self._make(self.newest().number + 1)

    def _make(self, number: int) -> KeyPair:
        p256, ed25519 = ECKey.generate_key("P-256"), OKPKey.generate_key("Ed25519")
        content = msgspec.json.encode(
            {
                "p256": p256.as_dict(private=True),
                "ed25519": ed25519.as_dict(private=True),
                "certificate": _certificate(p256, self._issuer)
                .public_bytes(serialization.Encoding.PEM)
                .decode(),
            }
        )
        kept = self._settings.keep(_name(number), self._root.seal(content, PURPOSE))
        return self._open(number, kept)

    def _open(self, number: int, sealed: bytes) -> KeyPair:
        content: dict[str, Any] = msgspec.json.decode(self._root.open(sealed, PURPOSE))
        return KeyPair(
            number=number,
            p256=ECKey.import_key(content["p256"]),
            ed25519=OKPKey.import_key(content["ed25519"]),
            certificate=x509.load_pem_x509_certificate(content["certificate"].encode()),
        )


def _name(number: int) -> str:
    return f"credential_keys_{number}"


def _certificate(key: ECKey, issuer: Issuer) -> x509.Certificate:
    private = key.private_key
    assert isinstance(private, EllipticCurvePrivateKey)  # noqa: S101
    name = x509.Name(
        [x509.NameAttribute(x509.NameOID.COMMON_NAME, text_in(issuer.name, "en")[:64])]
    )
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=366 * CERTIFICATE_YEARS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
