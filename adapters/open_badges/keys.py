"""Keys that credentials are signed with, and how their public halves are published."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import ECKey, OKPKey, RSAKey

from adapters.open_badges.document import CREDENTIALS_CONTEXT, VerificationError
from schemas.credentials import Issuer, NotExpressible, text_in
from schemas.texts import Text

Key: TypeAlias = ECKey | OKPKey | RSAKey
KeyOf: TypeAlias = Callable[[str, str], Key | None]
"""Gives an issuer's public key by the issuer's id and the key's id, None where it is not theirs."""

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ED25519_PUBLIC: Final = b"\xed\x01"
_SMALLEST_RSA: Final = 2048


@dataclass(frozen=True, kw_only=True)
class SigningKey:
    """A private key and the URL under which its public half is published.

    `id` is what a credential names in `kid` or `verificationMethod`. The key is not shown by
    `repr`.
    """

    id: str
    key: Key = field(repr=False)

    def __post_init__(self) -> None:
        algorithm_of(self.key)
        if not self.key.is_private:
            raise NotExpressible(
                Text("the key %(id)s has no private half to sign with", id=self.id)
            )


def algorithm_of(key: Key) -> str:
    """Return the JWS algorithm of a key: the key decides, never the token.

    P-256 gives ES256, Ed25519 EdDSA (the name that verifiers in use know, RFC 8037), RSA of
    2048 bits and more RS256. Raises NotExpressible for any other key.
    """
    match key:
        case ECKey() if key.curve_name == "P-256":
            return "ES256"
        case OKPKey() if key.curve_name == "Ed25519":
            return "EdDSA"
        case RSAKey() if key.public_key.key_size >= _SMALLEST_RSA:
            return "RS256"
    raise NotExpressible(Text("a signing key must be P-256, Ed25519, or RSA of at least 2048 bits"))


def multikey(key: Key) -> str:
    """Return an Ed25519 public key as a Multikey string (Controlled Identifiers 1.0, 2.2.2)."""
    public = key.public_key
    if not isinstance(public, Ed25519PublicKey):
        raise NotExpressible(Text("only an Ed25519 key is published as a Multikey here"))
    return base58(_ED25519_PUBLIC + public.public_bytes(Encoding.Raw, PublicFormat.Raw))


def key_of_multikey(text: str) -> OKPKey:
    """Return the Ed25519 public key of a Multikey string. Raises VerificationError."""
    content = base58_bytes(text)
    if not content.startswith(_ED25519_PUBLIC) or len(content) != 34:
        raise VerificationError("it is not the Multikey of an Ed25519 key")
    return OKPKey.import_key(Ed25519PublicKey.from_public_bytes(content[2:]))


def issuer_document(issuer: Issuer, keys: Sequence[Key], ids: Sequence[str]) -> dict[str, Any]:
    """Return what is to be published under the issuer's id: profile and public keys.

    A controlled identifier document (W3C Controlled Identifiers 1.0) that is an Open Badges
    profile as well. An Ed25519 key is written as a Multikey, every other as a JSON Web Key.
    """
    methods = [_method(issuer, key, key_id) for key, key_id in zip(keys, ids, strict=True)]
    return {
        "@context": [
            "https://www.w3.org/ns/cid/v1",
            CREDENTIALS_CONTEXT,
            "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
        ],
        "id": issuer.id,
        "type": ["Profile"],
        "name": text_in(issuer.name, "en"),
        "url": issuer.url,
        "verificationMethod": methods,
        "assertionMethod": list(ids),
    }


def _method(issuer: Issuer, key: Key, key_id: str) -> dict[str, Any]:
    method: dict[str, Any] = {"id": key_id, "controller": issuer.id}
    if algorithm_of(key) == "EdDSA":
        return {**method, "type": "Multikey", "publicKeyMultibase": multikey(key)}
    public = {**key.as_dict(private=False), "kid": key_id, "alg": algorithm_of(key), "use": "sig"}
    return {**method, "type": "JsonWebKey", "publicKeyJwk": public}


def base58(content: bytes) -> str:
    """Return bytes as multibase base58-btc, `z` and the digits (Controlled Identifiers, 2.4)."""
    number, digits = int.from_bytes(content, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        digits = _ALPHABET[digit] + digits
    zeros = len(content) - len(content.lstrip(b"\0"))
    return "z" + _ALPHABET[0] * zeros + digits


def base58_bytes(text: str) -> bytes:
    """Return the bytes of multibase base58-btc. Raises VerificationError."""
    if not text.startswith("z") or len(text) > 200:
        raise VerificationError("it is not a key or signature in multibase base58-btc")
    number = 0
    for digit in text[1:]:
        value = _ALPHABET.find(digit)
        if value < 0:
            raise VerificationError("it is not in multibase base58-btc")
        number = number * 58 + value
    zeros = len(text) - 1 - len(text[1:].lstrip(_ALPHABET[0]))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")
