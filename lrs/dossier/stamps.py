"""RFC 3161 time stamps on checkpoints, checked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec

from cryptography import x509

from lrs.dossier.contents import TIMESTAMP
from lrs.dossier.fault import Fault
from lrs.dossier.verdict import Line


def check_timestamp(token: bytes, text: str, certificates: bytes | None) -> Iterator[Line]:
    """Check a time-stamp response of a checkpoint's text against trusted root certificates (PEM).

    Raises Fault where it is of another text, or is not signed by one they vouch for.
    """
    if find_spec("rfc3161_client") is None:
        why = "install the extra `timestamps`"
        yield Line(None, "timestamp-unchecked", TIMESTAMP, {"why": why})
        return
    rfc3161_client = import_module("rfc3161_client")
    try:
        response = rfc3161_client.decode_timestamp_response(token)
        imprint = response.tst_info.message_imprint.message
    except ValueError as error:
        raise Fault(TIMESTAMP, f"it is not a time-stamp response: {error}") from None
    if imprint not in (hashlib.new(name, text.encode()).digest() for name in ("sha256", "sha512")):
        raise Fault(TIMESTAMP, "it is not of this checkpoint")
    if certificates is None:
        why = "give the authority's certificate with --tsa"
        yield Line(None, "timestamp-unchecked", TIMESTAMP, {"why": why})
        return
    builder = rfc3161_client.VerifierBuilder()
    for root in x509.load_pem_x509_certificates(certificates):
        builder = builder.add_root_certificate(root)
    try:
        builder.build().verify_message(response, text.encode())
    except (rfc3161_client.VerificationError, ValueError) as error:
        raise Fault(TIMESTAMP, f"no trusted authority signed it: {error}") from None
    info = response.tst_info
    authority = str(info.name) if info.name is not None else "the authority"
    values = {"at": info.gen_time.isoformat(), "authority": authority}
    yield Line(True, "timestamp", TIMESTAMP, values)
