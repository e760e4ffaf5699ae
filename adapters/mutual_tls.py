"""Access tokens bound to a client's certificate: mutual TLS (RFC 8705)."""

from __future__ import annotations

import base64
import hashlib
import ssl


def thumbprint(certificate: str) -> str:
    """Return the `x5t#S256` of a certificate in PEM (RFC 8705 3.1)."""
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
