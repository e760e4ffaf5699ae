"""The cryptosuite `eddsa-jcs-2022` against the vectors of its specification."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import OKPKey

from adapters.open_badges import SigningKey, VerificationError, add_proof, canonical, verify_proof
from adapters.open_badges.data_integrity import signed_bytes
from adapters.open_badges.keys import base58, base58_bytes, key_of_multikey, multikey
from schemas.credentials import NotExpressible
from tests.unit.test_open_badges import EDDSA, NOW, credential, key_of

CREATED = datetime(2023, 2, 24, 23, 36, 38, tzinfo=UTC)


@pytest.fixture
def vectors(shared_data):
    folder = shared_data / "vc-di-eddsa"

    def read(name):
        text = (folder / name).read_text().strip()
        return json.loads(text) if name.endswith(".json") else text

    return read


@pytest.fixture
def vector_key(vectors):
    """The key pair of the vectors; the private multikey has the prefix 0x8026."""
    pair = vectors("keyPair.json")
    private = base58_bytes(pair["privateKeyMultibase"])
    assert private[:2] == b"\x80\x26"
    public = key_of_multikey(pair["publicKeyMultibase"])
    d = OKPKey.import_key({**public.as_dict(private=False), "d": _base64url(private[2:])})
    name = pair["publicKeyMultibase"]
    return SigningKey(id=f"did:key:{name}#{name}", key=d)


def test_canonical_forms_and_hashes_are_those_of_the_vectors(vectors):
    document = vectors("unsigned.json")
    options = vectors("eddsa-jcs-2022/proofConfigJCS.json")
    assert canonical(document).decode() == vectors("eddsa-jcs-2022/canonDocJCS.txt")
    assert canonical(options).decode() == vectors("eddsa-jcs-2022/proofCanonJCS.txt")
    assert signed_bytes(document, options).hex() == vectors("eddsa-jcs-2022/combinedHashJCS.txt")


def test_the_proof_is_that_of_the_vectors(vectors, vector_key):
    made = add_proof(vectors("unsigned.json"), vector_key, CREATED)
    assert made == vectors("eddsa-jcs-2022/signedJCS.json")
    value = made["proof"]["proofValue"]
    assert value == vectors("eddsa-jcs-2022/sigBTC58JCS.txt")
    assert base58_bytes(value).hex() == vectors("eddsa-jcs-2022/sigHexJCS.txt")


def test_the_vector_verifies_and_no_other_key_does(vectors, vector_key):
    text = json.dumps(vectors("eddsa-jcs-2022/signedJCS.json"))
    asked = []

    def key_of_issuer(issuer, key_id):
        asked.append((issuer, key_id))
        return vector_key.key

    assert verify_proof(text, key_of_issuer, NOW) == vectors("unsigned.json")
    assert asked == [("https://vc.example/issuers/5678", vector_key.id)]
    with pytest.raises(VerificationError, match="not the issuer's"):
        verify_proof(text, lambda *_: EDDSA.key, NOW)
    with pytest.raises(VerificationError, match="does not publish"):
        verify_proof(text, lambda *_: None, NOW)


def test_the_public_key_is_written_as_in_the_vectors(vectors, vector_key):
    assert multikey(vector_key.key) == vectors("keyPair.json")["publicKeyMultibase"]


def _changed(**proof):
    document = add_proof(credential(), EDDSA, NOW)
    return json.dumps({**document, "proof": {**document["proof"], **proof}})


@pytest.mark.parametrize(
    ("proof", "message"),
    [
        ({"type": "Ed25519Signature2020"}, "not of eddsa-jcs-2022"),
        ({"cryptosuite": "eddsa-rdfc-2022"}, "not of eddsa-jcs-2022"),
        ({"proofPurpose": "authentication"}, "not of eddsa-jcs-2022"),
        ({"created": "yesterday"}, "created is not a time"),
        ({"created": "2026-06-01T00:00:01Z"}, "not the issuer's"),
        ({"domain": "other.example"}, "not the issuer's"),
        ({"expires": "2026-06-01T00:00:00Z"}, "has expired"),
        ({"expires": "2026-06-02T00:00:00Z"}, "not the issuer's"),
        ({"verificationMethod": None}, "names no key"),
        ({"proofValue": None}, "has no value"),
        ({"proofValue": "u" + "A" * 86}, "base58"),
        ({"proofValue": "z0OIl"}, "base58"),
        ({"proofValue": "z"}, "not the issuer's"),
        ({"proofValue": "z" + "1" * 500}, "base58"),
        (
            {"@context": ["https://www.w3.org/ns/credentials/v2", "https://other.example"]},
            "context",
        ),
        ({"@context": ["https://www.w3.org/ns/credentials/v2"]}, "context"),
    ],
)
def test_a_changed_proof_is_refused(proof, message):
    with pytest.raises(VerificationError, match=message):
        verify_proof(_changed(**proof), key_of, NOW)


def test_terms_cannot_be_given_another_meaning_by_a_further_context():
    document = json.loads(_changed())
    document["@context"].append({"name": "https://other.example/term"})
    with pytest.raises(VerificationError, match="context is not the one"):
        verify_proof(json.dumps(document), key_of, NOW)


def test_a_proof_that_expires_later_verifies():
    options = {"expires": "2026-06-02T00:00:00Z", "@context": credential()["@context"]}
    options |= {"type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022"}
    options |= {"proofPurpose": "assertionMethod", "verificationMethod": EDDSA.id}
    value = base58(EDDSA.key.private_key.sign(signed_bytes(credential(), options)))
    text = json.dumps({**credential(), "proof": [{**options, "proofValue": value}]})
    assert verify_proof(text, key_of, NOW) == credential()
    with pytest.raises(VerificationError, match="has expired"):
        verify_proof(text, key_of, NOW + timedelta(days=1))


def test_none_or_several_proofs_are_refused():
    document = json.loads(_changed())
    for proof in ([], [document["proof"]] * 2, "z123", None):
        with pytest.raises(VerificationError, match="exactly one proof"):
            verify_proof(json.dumps({**document, "proof": proof}), key_of, NOW)


def test_what_is_signed_is_not_signed_again():
    with pytest.raises(NotExpressible, match="has a proof already"):
        add_proof(add_proof(credential(), EDDSA, NOW), EDDSA, NOW)


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"a":NaN}', '{"a":1e999}', '{"a":123456789012345678901234567890}', '{"a":1,}'],
    ids=["deep", "nan", "infinite", "large", "comma"],
)
def test_json_that_others_may_read_differently_is_refused(text):
    proof = json.dumps(json.loads(_changed())["proof"])
    for content in (text, text.replace("{", f'{{"proof":{proof},"issuer":"i",')):
        with pytest.raises(VerificationError):
            verify_proof(content, lambda *_: EDDSA.key, NOW)


def test_what_has_no_canonical_json_is_not_signed():
    for value in (float("nan"), 2**60, "\ud800"):
        with pytest.raises(NotExpressible, match="canonical JSON"):
            add_proof({**credential(), "name": value}, EDDSA, NOW)


@given(st.binary(max_size=70))
def test_base58_is_read_as_it_was_written(content):
    assert base58_bytes(base58(content)) == content


def _base64url(content):
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
