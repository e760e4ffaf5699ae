"""Every way to sign in, against a real bank: secrets, certificates, and bound tokens."""

import base64
import datetime
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters import dpop
from adapters.oauth import ClientCredentials
from adapters.outbound import Receiver, Refused, Unavailable, outbound_adapters
from adapters.outbound_http import OutboundHttp, Unacceptable
from tests.bank_process import BankProcess, client_key, write_jwks
from tests.unit.test_bank_claims import another
from tests.unit.test_credit_bank import claim_of
from tests.unit.test_oauth_client import ScriptedServer, granting

KEY = client_key()
SECRET = "a secret of 32 characters: +/%&é-"


def certificate(folder, name):
    """Write a self-signed certificate and its key, and return their files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / f"{name}.pem", folder / f"{name}.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("binding")


@pytest.fixture(scope="module")
def files(folder):
    (folder / "secret").write_text(SECRET)
    return certificate(folder, "ours"), certificate(folder, "theirs")


@pytest.fixture(scope="module")
def bank(folder, files):
    (ours, _), (theirs, _) = files
    clients = {
        "lrs": write_jwks(folder / "jwks.json", KEY),
        "password": f"secret:{folder / 'secret'}",
        "ours": f"certificate:{ours}",
        "theirs": f"certificate:{theirs}",
    }
    with BankProcess(folder, clients, "--tls") as bank:
        yield bank


def connect(bank, client_id, secret=None, **settings):
    receiver = Receiver(
        name="Bank",
        url=bank.url,
        client_id=client_id,
        client_key=KEY,
        client_secret=secret,
        settings={"authorities": str(bank.data / "tls" / "ca.pem"), **settings},
    )
    return outbound_adapters()["credit_bank"].connect(receiver)


def accepted(connection, number):
    try:
        return connection.submit(claim_of(another(number))).decision == "accepted"
    finally:
        connection.close()


def test_a_signed_assertion_over_tls(bank):
    assert accepted(connect(bank, "lrs"), 1)


def test_a_client_secret(bank):
    basic = {"method": "client_secret_basic"}
    assert accepted(connect(bank, "password", SECRET, oauth=basic), 2)
    with pytest.raises(Unavailable) as caught:
        accepted(connect(bank, "password", SECRET + "x", oauth=basic), 3)
    assert SECRET not in str(caught.value)
    with pytest.raises(Unavailable):
        accepted(connect(bank, "lrs", SECRET, oauth=basic), 3)
    with pytest.raises(Refused, match="secret"):
        connect(bank, "password", oauth=basic)


def test_a_client_certificate(bank, files):
    (ours, key), (theirs, their_key) = files
    tls = {"method": "tls_client_auth"}
    mine = {"certificate": str(ours), "key": str(key)}
    assert accepted(connect(bank, "ours", oauth=tls, certificate=mine), 4)
    with pytest.raises(Unavailable):
        accepted(connect(bank, "theirs", oauth=tls, certificate=mine), 5)
    with pytest.raises(Unavailable):
        accepted(connect(bank, "ours", oauth=tls), 5)
    assert accepted(
        connect(
            bank,
            "theirs",
            oauth=tls,
            certificate={"certificate": str(theirs), "key": str(their_key)},
        ),
        5,
    )


def test_a_token_bound_to_a_certificate_is_of_no_use_without_it(bank, files):
    (ours, key), _ = files
    authorities = bank.data / "tls" / "ca.pem"
    with_it = OutboundHttp(authorities=authorities, certificate=(ours, key))
    without = OutboundHttp(authorities=authorities)
    account = ClientCredentials(
        with_it, bank.url, "ours", KEY, "claims.read", method="tls_client_auth"
    )
    bearer = {"Authorization": f"Bearer {account.token()}"}
    assert with_it.get(f"{bank.url}/holdings", headers=bearer).status == 200
    assert without.get(f"{bank.url}/holdings", headers=bearer).status == 401
    with_it.close()
    without.close()


def test_a_bank_without_a_known_authority_is_not_spoken_to(bank):
    receiver = Receiver(name="Bank", url=bank.url, client_id="lrs", client_key=KEY)
    connection = outbound_adapters()["credit_bank"].connect(receiver)
    with pytest.raises(Unavailable, match="certificate"):
        accepted(connection, 6)


def test_an_expired_certificate_is_not_spoken_to(bank):
    bank.ask("PUT", "/faults", {"faults": {"expired-certificate": "1"}})
    try:
        with pytest.raises(Unavailable, match="certificate"):
            accepted(connect(bank, "lrs"), 6)
    finally:
        bank.ask("PUT", "/faults", {"faults": {}})


# --- DPoP


@pytest.fixture(scope="module")
def proving(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dpop")
    with BankProcess(folder, {"lrs": write_jwks(folder / "jwks.json", KEY)}, "--dpop") as bank:
        yield bank


def plain(bank, **settings):
    receiver = Receiver(
        name="Bank", url=bank.url, client_id="lrs", client_key=KEY, settings=settings
    )
    return outbound_adapters()["credit_bank"].connect(receiver)


def test_a_bank_that_wants_proofs_gets_them_with_its_nonce(proving):
    assert accepted(plain(proving, oauth={"dpop": True}), 1)
    with pytest.raises(Refused, match="invalid_dpop_proof"):
        accepted(plain(proving), 2)


@pytest.fixture
def bound(proving):
    """A token bound to a key, the key, and a way to send requests with any proof."""
    http, key = OutboundHttp(), dpop.new_key()
    account = ClientCredentials(http, proving.url, "lrs", KEY, "claims.read", dpop_key=key)
    url = f"{proving.url}/holdings"
    assert account.request("GET", url).status == 200
    nonce = next(iter(account._nonces.values()))

    def send(proof, scheme="DPoP"):
        headers = {"Authorization": f"{scheme} {account.token()}"}
        headers |= {"DPoP": proof} if proof else {}
        return http.get(url, headers=headers)

    def prove(**change):
        given = {"token": account.token(), "nonce": nonce, "key": key, "url": url, **change}
        return dpop.make_proof(
            given["key"], "GET", given["url"], token=given["token"], nonce=given["nonce"]
        )

    yield send, prove
    http.close()


def test_a_bound_token_goes_with_a_fresh_proof_of_its_key_alone(bound):
    send, prove = bound
    proof = prove()
    assert send(proof).status == 200
    assert send(proof).status == 401, "replayed"
    assert send(prove(key=dpop.new_key())).status == 401
    assert send(prove(token="another")).status == 401
    assert send(prove(url="http://127.0.0.1/claims")).status == 401
    assert send(None).status == 401
    assert send(prove(), "Bearer").status == 401, "never as a plain bearer"
    assert send(None, "Bearer").status == 401


def test_a_proof_without_the_nonce_is_answered_with_one(bound):
    send, prove = bound
    answer = send(prove(nonce=None))
    assert answer.status == 401
    assert 'error="use_dpop_nonce"' in answer.headers["WWW-Authenticate"]
    assert send(prove(nonce=answer.headers["DPoP-Nonce"])).status == 200


def test_a_server_that_gives_a_plain_token_instead_is_refused():
    server = ScriptedServer()
    server.speak_oauth()
    server.script["POST /token"] = granting("t1")
    http = OutboundHttp()
    account = ClientCredentials(http, server.url, "lrs", KEY, "s", dpop_key=dpop.new_key())
    with pytest.raises(Unacceptable, match="dpop"):
        account.token()
    http.close()
    server.close()


def test_nonces_are_followed_and_asked_for_once():
    server = ScriptedServer()
    server.speak_oauth()
    challenge = {"WWW-Authenticate": 'DPoP error="use_dpop_nonce"', "DPoP-Nonce": "n2"}
    server.script["POST /token"] = lambda headers, body: (
        (200, {}, {"access_token": "t1", "token_type": "DPoP", "expires_in": 300})
        if server.nonce_of(headers) == "n1"
        else (400, {"DPoP-Nonce": "n1"}, {"error": "use_dpop_nonce"})
    )
    server.nonce_of = lambda headers: json.loads(
        base64.urlsafe_b64decode(headers["DPoP"].split(".")[1] + "==")
    ).get("nonce")
    server.script["GET /x"] = lambda headers, body: (
        (200, {}, b"in") if server.nonce_of(headers) == "n2" else (401, challenge, b"")
    )
    http = OutboundHttp()
    account = ClientCredentials(http, server.url, "lrs", KEY, "s", dpop_key=dpop.new_key())
    assert account.request("GET", f"{server.url}/x").body == b"in"
    assert (len(server.calls("POST /token")), len(server.calls("GET /x"))) == (2, 2)
    assert len(set(server.assertions())) == 2, "each assertion is good once"
    http.close()
    server.close()


# --- resource indicators


def test_a_token_is_asked_for_by_its_resource(proving):
    http = OutboundHttp()
    for resource, good in ((proving.url, True), ("https://other.example", False)):
        account = ClientCredentials(
            http,
            proving.url,
            "lrs",
            KEY,
            "claims.read",
            dpop_key=dpop.new_key(),
            resource=resource,
        )
        if good:
            assert account.token()
        else:
            with pytest.raises(Unacceptable, match="invalid_target"):
                account.token()
    http.close()
