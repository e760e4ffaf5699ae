import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, RSAKey

from lrs.settings import SettingsError
from lrs.store.statements import StatementQuery
from tests.unit.test_statement_rules import GOOD, with_
from tests.unit.xapi_service import V1, V2, attachment, service_client

USAGE = "http://adlnet.gov/expapi/attachments/signature"
NOW = datetime.now(UTC)
DAY = timedelta(days=1)


class Signer:
    """A key and its certificate, signed by `issuer` or by itself."""

    def __init__(self, name, issuer=None, *, ca=False, start=-10, end=10, kind="RSA"):
        self.key = (
            rsa.generate_private_key(65537, 2048)
            if kind == "RSA"
            else ec.generate_private_key(ec.SECP256R1())
        )
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.issuer = issuer or self
        builder = (
            x509.CertificateBuilder()
            .subject_name(self.name)
            .issuer_name(self.issuer.name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW + start * DAY)
            .not_valid_after(NOW + end * DAY)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.issuer.key.public_key()),
                critical=False,
            )
        )
        if ca:
            builder = builder.add_extension(
                x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False
            ).add_extension(x509.KeyUsage(*([False] * 5), True, True, False, False), critical=True)
        self.certificate = builder.sign(self.issuer.key, hashes.SHA256())

    @property
    def jwk(self):
        pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return (RSAKey if isinstance(self.key, rsa.RSAPrivateKey) else ECKey).import_key(pem)

    def revocations(self, *revoked):
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.name)
            .last_update(NOW - DAY)
            .next_update(NOW + DAY)
        )
        for one in revoked:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(one.certificate.serial_number)
                .revocation_date(NOW)
                .build()
            )
        return builder.sign(self.key, hashes.SHA256())


def sign(statement, signer, algorithm="RS256", chain=None, payload=None):
    """The signed statement and its signature."""
    header = {"alg": algorithm}
    chain = [signer] if chain is None else chain
    if chain:
        header["x5c"] = [
            base64.b64encode(one.certificate.public_bytes(Encoding.DER)).decode() for one in chain
        ]
    content = jws.serialize_compact(
        header, payload or json.dumps(statement).encode(), signer.jwk, algorithms=[algorithm]
    ).encode()
    return signed(statement, content), content


def signed(statement, content, **properties):
    signature = attachment(
        content, usageType=USAGE, contentType="application/octet-stream", **properties
    )
    return {**statement, "attachments": [*statement.get("attachments", []), signature]}


@pytest.fixture(scope="module")
def people():
    """A trusted authority, one below it, signers of theirs, and strangers."""
    root = Signer("Root", ca=True, start=-100, end=100)
    middle = Signer("Middle", root, ca=True, start=-100, end=100)
    stranger = Signer("Stranger", ca=True)
    return {
        "root": root,
        "middle": middle,
        "good": Signer("Good", middle),
        "ec": Signer("EC", middle, kind="EC"),
        "expired": Signer("Expired", middle, start=-50, end=-20),
        "revoked": Signer("Revoked", middle),
        "stranger": Signer("By a stranger", stranger),
        "self": Signer("Self"),
        "forged": Signer("Good", Signer("Middle", ca=True)),
    }


@pytest.fixture
def client(tmp_path, people):
    trust = tmp_path / "trust.pem"
    lists = [people["middle"].revocations(people["revoked"]), people["root"].revocations()]
    trust.write_bytes(
        people["root"].certificate.public_bytes(Encoding.PEM)
        + b"".join(one.public_bytes(Encoding.PEM) for one in lists)
    )
    with service_client(tmp_path / "data", signature_trust=trust) as client:
        yield client


def result_of(client, statement, content, version=V2):
    answer = client.post_parts([statement], [content] if content else [], version)
    assert answer.status_code == 200, answer.json
    (kept,) = client.service.store.statements.following(0, 10)
    (found,) = client.service.store.statements.find(StatementQuery())
    assert kept.signature == found.signature
    return kept.signature


@pytest.mark.parametrize(
    ("who", "with_middle", "algorithm", "days_ago", "result"),
    [
        ("good", True, "RS256", 0, "valid"),
        ("good", True, "RS384", 1, "valid"),
        ("good", True, "RS512", None, "valid"),
        ("ec", True, "ES256", 0, "valid"),
        ("good", False, "RS256", 0, "untrusted"),
        ("good", True, "RS256", 11, "invalid"),
        ("expired", True, "RS256", 0, "invalid"),
        ("expired", True, "RS256", 30, "valid"),
        ("revoked", True, "RS256", 0, "invalid"),
        ("revoked", True, "RS256", 5, "invalid"),
        ("stranger", True, "RS256", 0, "untrusted"),
        ("self", False, "RS256", 0, "untrusted"),
        ("forged", True, "RS256", 0, "untrusted"),
    ],
)
def test_the_result_is_kept(client, people, who, with_middle, algorithm, days_ago, result):
    statement = GOOD
    if days_ago is not None:
        statement = with_("timestamp", (NOW - days_ago * DAY).isoformat())
    chain = [people[who], *([people["middle"]] if with_middle else [])]
    assert result_of(client, *sign(statement, people[who], algorithm, chain)) == result


def test_without_a_trust_store_nobody_is_trusted(tmp_path, people):
    with service_client(tmp_path) as client:
        chain = [people["good"], people["middle"], people["root"]]
        assert result_of(client, *sign(GOOD, people["good"], chain=chain)) == "untrusted"


def test_a_trusted_certificate_may_sign_itself(tmp_path, people):
    trust = tmp_path / "trust.pem"
    trust.write_bytes(people["self"].certificate.public_bytes(Encoding.PEM))
    with service_client(tmp_path / "data", signature_trust=trust) as client:
        assert result_of(client, *sign(GOOD, people["self"])) == "valid"


def test_signatures_that_cannot_be_verified_here_are_untrusted(client, people):
    assert result_of(client, *sign(GOOD, people["good"], chain=[])) == "untrusted"


def test_a_signature_that_stays_elsewhere_is_untrusted(client):
    statement = signed(GOOD, b"", fileUrl="https://files.example/signature")
    assert result_of(client, statement, None) == "untrusted"


def test_a_statement_without_a_signature_is_unsigned(client):
    content = b"%PDF"
    statement = with_("attachments", [attachment(content)])
    assert result_of(client, statement, content) == "unsigned"


def test_other_attachments_are_signed_with_the_statement(client, people):
    content = b"%PDF"
    with_file = with_("attachments", [attachment(content, fileUrl="https://files.example/1")])
    statement, signature = sign(with_file, people["good"], chain=[people["good"], people["middle"]])
    assert result_of(client, statement, signature) == "valid"


def test_what_differs_only_in_writing_is_the_same_statement(client, people):
    payload = with_(
        "object.objectType", "Activity", with_("timestamp", "2026-01-01T08:00:00+08:00")
    )
    statement = with_("timestamp", "2026-01-01T00:00:00Z")
    signed_statement, content = sign(
        statement, people["good"], payload=json.dumps(payload, indent=2).encode()
    )
    assert client.post_parts([signed_statement], [content]).status_code == 200


def refused(client, statement, content, version=V2):
    answer = client.post_parts([GOOD, statement], [content], version)
    assert answer.status_code == 400
    (error,) = answer.json["errors"]
    assert (error["index"], error["path"]) == (1, "$.attachments")
    assert client("GET", "statements").json["statements"] == []
    return error["rule"]


@pytest.mark.parametrize(
    "payload",
    [
        b"{'actor': 1}",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        json.dumps(with_("result.success", True)).encode(),
        json.dumps(with_("id", "7b0d62f0-3c33-4e49-8f2b-0a1d9b2c4e5f")).encode(),
        json.dumps(with_("context.contextActivities", {"parent": ["x"]})).encode(),
    ],
)
def test_one_that_signs_something_else_is_refused(client, people, payload):
    statement = with_("id", "00000000-3c33-4e49-8f2b-0a1d9b2c4e5f")
    assert "sign" in refused(client, *sign(statement, people["good"], payload=payload))


@pytest.mark.parametrize("content", [b"", b"nonsense", b"a.b.c", b'{"payload":"","signatures":[]}'])
def test_what_is_no_jws_is_refused(client, content):
    assert "JWS" in refused(client, signed(GOOD, content), content)


def test_another_content_type_is_refused(client, people):
    _, content = sign(GOOD, people["good"])
    other = attachment(content, usageType=USAGE, contentType="text/plain")
    assert "contentType" in refused(client, with_("attachments", [other]), content)


@pytest.mark.parametrize(("algorithm", "version"), [("HS256", V1), ("HS256", V2), ("ES256", V1)])
def test_other_algorithms_are_refused(client, people, algorithm, version):
    if algorithm == "HS256":
        content = jws.serialize_compact(
            {"alg": "HS256"}, json.dumps(GOOD), OctKey.generate_key(256), algorithms=["HS256"]
        ).encode()
        statement = signed(GOOD, content)
    else:
        statement, content = sign(GOOD, people["ec"], algorithm)
    assert "algorithm" in refused(client, statement, content, version)


def test_the_algorithm_none_is_refused(client):
    parts = (b'{"alg":"none"}', json.dumps(GOOD).encode(), b"")
    content = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    assert refused(client, signed(GOOD, content), content)


def test_one_not_made_with_its_certificate_is_refused(client, people):
    chain = [people["good"], people["middle"]]
    assert "x5c" in refused(client, *sign(GOOD, people["stranger"], chain=chain))


def test_one_changed_after_signing_is_refused(client, people):
    _, content = sign(GOOD, people["good"])
    head, payload, signature = content.split(b".")
    changed = b".".join((head, payload, signature[:-8] + b"AAAAAAAA"))
    assert "x5c" in refused(client, signed(GOOD, changed), changed)


@pytest.mark.parametrize("x5c", [[], "text", ["!"], [1], [base64.b64encode(b"x").decode()]])
def test_certificates_that_are_none_are_refused(client, people, x5c):
    parts = json.dumps({"alg": "RS256", "x5c": x5c}).encode(), json.dumps(GOOD).encode(), b"x"
    content = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    assert refused(client, signed(GOOD, content), content)


def test_a_trust_file_that_is_none_is_told_at_once(tmp_path):
    broken = tmp_path / "trust.pem"
    broken.write_text("nothing")
    with (
        pytest.raises(SettingsError, match="LRS_SIGNATURE_TRUST"),
        service_client(tmp_path / "data", signature_trust=broken),
    ):
        pass
