"""Signed statements: JWS, the statement in it, certificates (1.0.3 part two 2.6; RFC 7515)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.verification import (
    ExtensionPolicy,
    PolicyBuilder,
    Store,
    VerificationError,
)
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from schemas.sources import SignatureResult
from schemas.times import parse_timestamp
from schemas.xapi import StatementError, XapiVersion, decode_statement, same_statement

USAGE = "http://adlnet.gov/expapi/attachments/signature"
MEDIA_TYPE = "application/octet-stream"
SIZE_LIMIT = 4 * 1024 * 1024
"""Octets of a signature, which holds the statement itself."""
CHAIN_LIMIT = 10
ALGORITHMS: dict[XapiVersion, tuple[str, ...]] = {
    "1.0.3": ("RS256", "RS384", "RS512"),
    "2.0.0": ("RS256", "RS384", "RS512", "ES256"),
}


class _Registry(jws.JWSRegistry):
    """JWS with room for a statement in the payload and a chain of certificates in the header."""

    max_header_length = 128 * 1024
    max_payload_length = SIZE_LIMIT


class SignatureFault(Exception):
    """A signature with which the specification has a statement refused; the text is the rule."""


class Trust:
    """The certificates and revocation lists that signatures are held against."""

    def __init__(
        self,
        roots: Sequence[x509.Certificate] = (),
        revocations: Sequence[x509.CertificateRevocationList] = (),
    ) -> None:
        self._roots = list(roots)
        self._revocations = list(revocations)

    @classmethod
    def load(cls, path: Path | None) -> Trust:
        """Read a PEM file of root certificates and, where there are, their revocation lists.

        None trusts nobody. Raises ValueError or OSError where the file cannot be used.
        """
        if path is None:
            return cls()
        begin, end = b"-----BEGIN X509 CRL-----", b"-----END X509 CRL-----"
        pem = path.read_bytes()
        lists = [begin + part.split(end)[0] + end + b"\n" for part in pem.split(begin)[1:]]
        return cls(
            x509.load_pem_x509_certificates(pem), [x509.load_pem_x509_crl(one) for one in lists]
        )

    def judge(self, chain: Sequence[x509.Certificate], signed_at: datetime) -> SignatureResult:
        """Say what a chain, the signer's certificate first, was worth when it signed."""
        leaf = chain[0]
        in_time = leaf.not_valid_before_utc <= signed_at <= leaf.not_valid_after_utc
        # Out of its time it may still be seen whose it is: looked at while it was good.
        path = self._path(chain, signed_at if in_time else leaf.not_valid_after_utc)
        if path is None:
            return "untrusted"
        if not in_time or any(self._is_revoked(one, path) for one in path):
            return "invalid"
        return "valid"

    def _path(
        self, chain: Sequence[x509.Certificate], at: datetime
    ) -> Sequence[x509.Certificate] | None:
        """The certificates from the signer's to a root of ours, if there is such a way."""
        if chain[0] in self._roots:
            return chain[:1]
        if not self._roots:
            return None
        verifier = (
            PolicyBuilder()
            .store(Store(self._roots))
            .time(at)
            .extension_policies(
                ca_policy=ExtensionPolicy.webpki_defaults_ca(),
                ee_policy=ExtensionPolicy.permit_all(),
            )
            .build_client_verifier()
        )
        try:
            return verifier.verify(chain[0], list(chain[1:])).chain
        except (VerificationError, UnsupportedAlgorithm):
            return None

    def _is_revoked(self, one: x509.Certificate, path: Sequence[x509.Certificate]) -> bool:
        """Revoked at any time: the time of signing is only what the signer says it is."""
        issuers = [*path, *self._roots]
        for revoked in self._revocations:
            if revoked.issuer != one.issuer:
                continue
            if revoked.get_revoked_certificate_by_serial_number(one.serial_number) is None:
                continue
            for issuer in issuers:
                key = issuer.public_key()
                if (
                    issuer.subject == revoked.issuer
                    and isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey)
                    and revoked.is_signature_valid(key)
                ):
                    return True
        return False


def signature_attachments(properties: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the statement's attachments that are its signatures."""
    return [one for one in properties.get("attachments", ()) if one["usageType"] == USAGE]


def check_signature(
    content: bytes, properties: dict[str, Any], version: XapiVersion, trust: Trust
) -> SignatureResult:
    """Verify a signature of a statement; `content` is the attachment's.

    Raises SignatureFault where the specification has the statement refused: no JWS, another
    algorithm, another statement in it, or not made with the certificate it names.
    """
    try:
        signature = jws.extract_compact(content.strip(), registry=_Registry())
    except (JoseError, ValueError) as error:
        raise SignatureFault(f"must be a JWS in compact serialization: {error}") from None
    header = signature.headers()
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS[version]:
        allowed = ", ".join(ALGORITHMS[version])
        raise SignatureFault(f"must use one of the algorithms {allowed}, not {algorithm!r:.20}")
    _check_payload(signature.payload, properties, version)
    chain = _chain(header.get("x5c"))
    if not chain:
        return "untrusted"
    _check_made_with(chain[0], content.strip(), algorithm)
    return trust.judge(chain, _signed_at(properties))


def _check_payload(payload: bytes, properties: dict[str, Any], version: XapiVersion) -> None:
    """What was signed is logically the statement, before the signature was added."""
    try:
        signed = decode_statement(payload, version).properties
    except StatementError as error:
        raise SignatureFault(f"must sign a statement as JSON; in what it signs, {error}") from None
    ids = {one["id"].lower() for one in (signed, properties) if "id" in one}
    if len(ids) > 1 or not same_statement(_unsigned(signed), _unsigned(properties)):
        raise SignatureFault("must sign this statement; what it signs says something else")


def _unsigned(properties: dict[str, Any]) -> dict[str, Any]:
    rest = dict(properties)
    others = [one for one in rest.pop("attachments", ()) if one["usageType"] != USAGE]
    return {**rest, "attachments": others} if others else rest


def _chain(x5c: object) -> list[x509.Certificate]:
    """The certificates of a JWS header (RFC 7515 4.1.6), the signer's first."""
    if x5c is None:
        return []
    if not isinstance(x5c, list) or not 0 < len(x5c) <= CHAIN_LIMIT:
        raise SignatureFault(f"must have 1 to {CHAIN_LIMIT} certificates in x5c, where it has any")
    try:
        return [x509.load_der_x509_certificate(base64.b64decode(one)) for one in x5c]
    except (TypeError, ValueError, binascii.Error):
        raise SignatureFault("must have certificates (DER in base64) in x5c") from None


def _check_made_with(certificate: x509.Certificate, content: bytes, algorithm: str) -> None:
    wrong = SignatureFault("must be made with the key of the first certificate in x5c")
    try:
        public = certificate.public_key()
        if not isinstance(public, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
            raise wrong
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        key = RSAKey if isinstance(public, rsa.RSAPublicKey) else ECKey
        registry = _Registry(algorithms=[algorithm], strict_check_header=False)
        jws.deserialize_compact(content, key.import_key(pem), registry=registry)
    except (JoseError, ValueError, TypeError, UnsupportedAlgorithm):
        raise wrong from None


def _signed_at(properties: dict[str, Any]) -> datetime:
    """When it says it was signed, but not later than now."""
    now = datetime.now(UTC)
    if "timestamp" not in properties:
        return now
    try:
        return min(parse_timestamp(properties["timestamp"]), now)
    except ValueError:
        return now
