"""Data Integrity proofs of the cryptosuite `eddsa-jcs-2022` (W3C vc-di-eddsa, 3.3)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from adapters.open_badges.document import (
    Credential,
    VerificationError,
    canonical,
    id_in,
    moment_in,
    parse,
    time_text,
)
from adapters.open_badges.keys import KeyOf, SigningKey, base58, base58_bytes
from schemas.credentials import NotExpressible
from schemas.texts import Text

CRYPTOSUITE: Final = "eddsa-jcs-2022"


def add_proof(credential: Mapping[str, Any], key: SigningKey, created: datetime) -> Credential:
    """Return the credential with a proof by an Ed25519 key. Raises NotExpressible."""
    private = key.key.private_key
    if not isinstance(private, Ed25519PrivateKey):
        raise NotExpressible(
            Text(
                "%(cryptosuite)s needs an Ed25519 key, %(id)s is none",
                cryptosuite=CRYPTOSUITE,
                id=key.id,
            )
        )
    if "proof" in credential:
        raise NotExpressible(Text("the credential has a proof already"))
    options = {
        "type": "DataIntegrityProof",
        "cryptosuite": CRYPTOSUITE,
        "created": time_text(created),
        "verificationMethod": key.id,
        "proofPurpose": "assertionMethod",
        "@context": credential["@context"],
    }
    signature = private.sign(signed_bytes(credential, options))
    return {**credential, "proof": {**options, "proofValue": base58(signature)}}


def verify_proof(text: str | bytes, key_of: KeyOf, now: datetime) -> Credential:
    """Return the credential that its issuer signed, without the proof.

    Raises VerificationError where the JSON is not strict, the proof is not a single one of
    this cryptosuite for assertions, has expired at `now`, is by a key that is not the issuer's,
    or does not fit the credential. Times and status of the credential are not looked at.
    """
    return check_proof(parse(text), key_of, now)


def check_proof(document: Mapping[str, Any], key_of: KeyOf, now: datetime) -> Credential:
    """Return the credential without its proof, as `verify_proof` does, from parsed JSON."""
    credential, proof = _parted(document)
    if "@context" in proof and proof["@context"] != credential.get("@context"):
        # The cryptosuite lets a holder append contexts; what they mean nobody signed.
        raise VerificationError("its context is not the one that was signed")
    expires = moment_in(proof, "expires")
    if expires is not None and expires <= now:
        raise VerificationError("its proof has expired")
    moment_in(proof, "created")
    method, value = proof.get("verificationMethod"), proof.pop("proofValue", None)
    if not isinstance(method, str) or not isinstance(value, str):
        raise VerificationError("its proof names no key or has no value")
    issuer = id_in(credential.get("issuer"), "the issuer")
    key = key_of(issuer, method)
    public = key.public_key if key is not None else None
    if not isinstance(public, Ed25519PublicKey):
        raise VerificationError("it is signed with a key that its issuer does not publish")
    try:
        public.verify(base58_bytes(value), signed_bytes(credential, proof))
    except InvalidSignature as error:
        raise VerificationError("its signature is not the issuer's") from error
    except NotExpressible as error:
        raise VerificationError(str(error)) from error
    return credential


def signed_bytes(credential: Mapping[str, Any], options: Mapping[str, Any]) -> bytes:
    """Return what is signed: the hashes of the proof's options and of the credential (3.3.4)."""
    return (
        hashlib.sha256(canonical(options)).digest() + hashlib.sha256(canonical(credential)).digest()
    )


def _parted(document: Mapping[str, Any]) -> tuple[Credential, dict[str, Any]]:
    """Return the credential and its one proof, both to be changed freely."""
    proof = document.get("proof")
    if isinstance(proof, list) and len(proof) == 1:
        proof = proof[0]
    if not isinstance(proof, dict):
        raise VerificationError("it must have exactly one proof")
    found = (proof.get("type"), proof.get("cryptosuite"), proof.get("proofPurpose"))
    if found != ("DataIntegrityProof", CRYPTOSUITE, "assertionMethod"):
        raise VerificationError(f"its proof is not of {CRYPTOSUITE} for assertions")
    credential = {name: value for name, value in document.items() if name != "proof"}
    return credential, dict(proof)
