"""The sandbox's own certificate authority, for https on this machine."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

AUTHORITY, GOOD, EXPIRED = "ca.pem", "server.pem", "expired.pem"
LIFE = timedelta(days=365)

_Key = ec.EllipticCurvePrivateKey


def ensure_certificates(folder: Path) -> None:
    """Make the authority, a good and an expired certificate in a folder where there are none."""
    if (folder / GOOD).exists():
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    now = datetime.now(UTC)
    authority_key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Credit Bank sandbox authority")])
    authority = (
        _builder(name, name, authority_key, now, now + LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    for file, since, until in (
        (EXPIRED, now - timedelta(days=30), now - timedelta(days=1)),
        (GOOD, now - timedelta(hours=1), now + LIFE),
    ):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Credit Bank sandbox")])
        hosts: list[x509.GeneralName] = [
            x509.DNSName("localhost"),
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
            x509.IPAddress(ipaddress.ip_address("::1")),
        ]
        certificate = (
            _builder(subject, name, key, since, until)
            .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
            .sign(authority_key, hashes.SHA256())
        )
        if file == GOOD:
            _write(folder / AUTHORITY, authority.public_bytes(serialization.Encoding.PEM))
        _write(folder / file, _private(key) + certificate.public_bytes(serialization.Encoding.PEM))


def server_context(
    folder: Path, clients: Iterable[Path], expired: Callable[[], bool]
) -> ssl.SSLContext:
    """Return how the sandbox speaks TLS: a client's certificate is asked for and taken where it is
    one of `clients`; `expired` is asked for each connection whether the expired certificate is
    shown.
    """
    good, late = (_context(folder / file, clients) for file in (GOOD, EXPIRED))

    def choose(connection: ssl.SSLObject, host: str | None, context: ssl.SSLContext) -> None:
        if expired():
            connection.context = late

    good.sni_callback = choose
    return good


def _context(certificate: Path, clients: Iterable[Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate)
    context.verify_mode = ssl.CERT_OPTIONAL
    for client in clients:
        context.load_verify_locations(client)
    return context


def _builder(
    subject: x509.Name, issuer: x509.Name, key: _Key, since: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
    )


def _private(key: _Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
