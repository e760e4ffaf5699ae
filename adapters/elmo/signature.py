"""Enveloped XML signatures of ELMO documents (schema.xsd, ds:Signature; W3C XMLDSig 1.1)."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate
from lxml import etree
from signxml.algorithms import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
)
from signxml.exceptions import SignXMLException
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from adapters.elmo.transcript import NAMESPACE
from schemas.credentials import NotExpressible
from schemas.texts import Text

_DS: Final = "{http://www.w3.org/2000/09/xmldsig#}"
_SIGNATURE: Final = f"{_DS}Signature"
_SMALLEST_RSA: Final = 2048
_EXPECTED: Final = SignatureConfiguration(
    location="./",
    expect_references=1,
    signature_methods=frozenset({SignatureMethod.RSA_SHA256, SignatureMethod.ECDSA_SHA256}),
    digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
)


class SignatureRefused(Exception):
    """A document that its issuer did not sign as it is; the message tells which check failed."""


def sign_elmo(
    document: bytes, key: RSAPrivateKey | EllipticCurvePrivateKey, certificate: Certificate
) -> bytes:
    """Return the document with an enveloped signature that holds the certificate.

    SHA-256 with RSA of at least 2048 bits or with P-256, one reference to the whole document.
    Raises NotExpressible where the key is another, is not the certificate's, or the document
    is signed already.
    """
    if key.public_key() != certificate.public_key():
        raise NotExpressible(Text("the certificate is not that of the signing key"))
    root: Any = etree.fromstring(document, _parser())
    if root.find(_SIGNATURE) is not None:
        raise NotExpressible(Text("the document is signed already"))
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=_method(key),
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_0,
    )
    signed = signer.sign(root, key=key, cert=[certificate])
    return etree.tostring(signed, xml_declaration=True, encoding="UTF-8")


def verify_elmo(document: bytes, certificate: Certificate, now: datetime) -> bytes:
    """Return what the certificate's owner signed: canonical XML without the signature.

    Trust nothing of `document` but what is returned: comments, for one, are not signed. The
    certificate is the one known beforehand; the one within must be the same, and `now` within
    its validity. Raises SignatureRefused.
    """
    try:
        root: Any = etree.fromstring(document, _parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        raise SignatureRefused("it is not XML that can be read") from error
    _check_form(root, certificate)
    try:
        result = XMLVerifier().verify(
            document,
            x509_cert=certificate,
            parser=_parser(),
            expect_config=replace(_EXPECTED, verification_time=now),
        )
    except (SignXMLException, etree.LxmlError, ValueError) as error:
        raise SignatureRefused(f"its signature does not hold: {error}") from error
    if not isinstance(result, VerifyResult):
        raise SignatureRefused("its signature has more than one reference")
    return result.signed_data


def _check_form(root: Any, certificate: Certificate) -> None:
    if root.tag != f"{{{NAMESPACE}}}elmo":
        raise SignatureRefused("it is not an ELMO document")
    signatures = root.findall(_SIGNATURE)
    if len(signatures) != 1:
        raise SignatureRefused("it must have exactly one signature")
    references = signatures[0].findall(f"{_DS}SignedInfo/{_DS}Reference")
    if [reference.get("URI") for reference in references] != [""]:
        raise SignatureRefused("its signature must refer to the whole document")
    within = signatures[0].findtext(f"{_DS}KeyInfo/{_DS}X509Data/{_DS}X509Certificate", "")
    known = base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
    if "".join(within.split()) != known:
        raise SignatureRefused("it was signed with another certificate")


def _method(key: RSAPrivateKey | EllipticCurvePrivateKey) -> SignatureMethod:
    if isinstance(key, RSAPrivateKey) and key.key_size >= _SMALLEST_RSA:
        return SignatureMethod.RSA_SHA256
    if isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1):
        return SignatureMethod.ECDSA_SHA256
    raise NotExpressible(Text("a signing key must be P-256, or RSA of at least 2048 bits"))


def _parser() -> Any:
    return etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False)
