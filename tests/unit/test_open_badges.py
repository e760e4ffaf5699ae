"""What an achievement becomes as a credential, and what of it can be relied on."""

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey

from adapters.open_badges import (
    SigningKey,
    VerificationError,
    add_proof,
    build_achievement_credential,
    build_status_list,
    canonical,
    is_about,
    issuer_document,
    sign_jwt,
    verify_credential,
)
from adapters.open_badges.achievement_credential import identity_hash
from adapters.open_badges.keys import algorithm_of, key_of_multikey
from schemas.achievements import Achievement, Renewal
from schemas.credentials import Issuer, Learner, NotExpressible, Outcome, StatusPlace
from schemas.units import Completed, Unit

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ACHIEVED = datetime(2026, 5, 31, 16, 30, 0, 123456, tzinfo=UTC)
ISSUER = Issuer(
    id="https://lrs.example.edu.cn/issuer",
    name={"en": "Training Centre", "zh-CN": "教育培训中心"},
    url="https://www.example.edu.cn/",
    country="CN",
)
LEARNER = Learner(
    id="urn:uuid:6d5b1bd6-6a8d-4f0b-9d1c-3f4f3cb7a001",
    name="张三",
    identifiers=("mbox:mailto:zhang@example.cn", "account:https://lms.example.cn|2026000101"),
)
SALT = "5f1f0b7e3b0a4c55a1f4"
STATUS_URL = "https://lrs.example.edu.cn/status/1"

EDDSA = SigningKey(id=f"{ISSUER.id}#ed", key=OKPKey.generate_key("Ed25519"))
ES256 = SigningKey(id=f"{ISSUER.id}#ec", key=ECKey.generate_key("P-256"))
RS256 = SigningKey(id=f"{ISSUER.id}#rsa", key=RSAKey.generate_key(2048))
KEYS = {key.id: key.key for key in (EDDSA, ES256, RS256)}


def key_of(issuer, key_id):
    return KEYS.get(key_id) if issuer == ISSUER.id else None


def no_list(url):
    raise AssertionError("no status list should be asked for")


def unit(**more):
    return Unit(
        **{
            "code": "OUC/安全-1",
            "version": 2,
            "title": {"en": "Work safety", "zh-CN": "安全生产"},
            "field": "safety",
            "level": 4,
            "credits": 2.5,
            "hours": 32,
            "awarding_body": "国家开放大学",
            "kind": "training",
            "rule": Completed(activity="https://lms.example.cn/course/1"),
            **more,
        }
    )


def outcome(unit_=None, parts=(), **more):
    found = unit_ or unit()
    return Outcome(
        achievement=Achievement(
            **{
                "id": "8a3e6a8e-33f5-5b5e-8d47-111111111111",
                "persona": "p1",
                "unit": found.code,
                "version": found.version,
                "state": "verified",
                "achieved_at": ACHIEVED,
                "score": 0.875,
                "evidence_hash": "ab" * 32,
                **more,
            }
        ),
        unit=found,
        parts=parts,
    )


def credential(outcome_=None, **more):
    return build_achievement_credential(
        outcome_ or outcome(),
        LEARNER,
        ISSUER,
        **{
            "credential_id": "urn:uuid:0f0b2f3e-6a57-4f0f-8f7e-222222222222",
            "issued_at": NOW,
            "salt": SALT,
            **more,
        },
    )


def signed(document, key):
    """Return the credential in the form that the key is for, as text."""
    if key is EDDSA:
        return canonical(add_proof(document, key, NOW)).decode()
    return sign_jwt(document, key)


def verify(text, status_list_of=no_list, now=NOW):
    return verify_credential(text, key_of, status_list_of, now)


# --- what is in it


def test_a_credential_says_what_was_achieved():
    built = credential(language="zh-CN", status=StatusPlace(url=STATUS_URL, index=7))
    subject = built["credentialSubject"]
    assert built["name"] == "安全生产"
    assert built["issuer"]["name"] == "教育培训中心"
    assert (built["validFrom"], built["awardedDate"]) == (
        "2026-06-01T00:00:00Z",
        "2026-05-31T16:30:00Z",
    )
    assert subject["creditsEarned"] == 2.5
    assert subject["achievement"]["id"] == f"{ISSUER.id}/units/OUC%2F%E5%AE%89%E5%85%A8-1/2"
    assert subject["achievement"]["achievementType"] == "CertificateOfCompletion"
    assert subject["result"][0]["value"] == "87.5"
    assert (
        subject["result"][0]["resultDescription"]
        == subject["achievement"]["resultDescription"][0]["id"]
    )
    digest = base64.urlsafe_b64encode(b"\xab" * 32).decode().rstrip("=")
    assert built["evidence"][0]["id"] == f"ni:///sha-256;{digest}"
    assert built["credentialStatus"]["statusListIndex"] == "7"
    assert "validUntil" not in built


def test_nothing_personal_is_in_it_in_the_clear():
    text = canonical(credential()).decode()
    for personal in ("张三", "zhang@example.cn", "2026000101", "p1"):
        assert f'"{personal}' not in text and personal + '"' not in text
    assert "zhang" not in text and "张三" not in text


def test_who_is_known_is_recognised_by_the_hash():
    built = credential()
    assert is_about(built, "emailAddress", "zhang@example.cn")
    assert is_about(built, "ext:name", "张三")
    assert is_about(built, "ext:account", "https://lms.example.cn|2026000101")
    assert not is_about(built, "emailAddress", "li@example.cn")
    assert not is_about(built, "ext:name", "zhang@example.cn")


def test_an_identity_hash_is_the_value_and_the_salt():
    # The example of Open Badges 3.0, IdentityHash.
    assert identity_hash("mayze", "") == (
        "sha256$7a1a1b3f7d40552e4299180e346e3add12bf9a751a43d9c4ca4518febc2c60c6"
    )
    assert identity_hash("may", "ze") == identity_hash("mayze", "")


@pytest.mark.parametrize(
    ("achieved", "months", "until"),
    [
        (datetime(2026, 1, 31, 3, tzinfo=UTC), 1, "2026-02-28T15:59:59Z"),
        (datetime(2024, 2, 29, 3, tzinfo=UTC), 12, "2025-02-28T15:59:59Z"),
        (datetime(2026, 11, 30, 3, tzinfo=UTC), 3, "2027-02-28T15:59:59Z"),
        # The day is the bank's: half past midnight of 1 June there.
        (datetime(2026, 5, 31, 16, 30, tzinfo=UTC), 36, "2029-06-01T15:59:59Z"),
    ],
)
def test_validity_ends_with_the_day(achieved, months, until):
    built = credential(outcome(unit(validity=months), achieved_at=achieved))
    assert built["validUntil"] == until


def test_a_renewal_puts_off_the_end_of_the_validity():
    later = datetime(2027, 3, 31, 3, tzinfo=UTC)
    renewal = Renewal(achieved_at=later, evidence={}, evidence_hash="e" * 64)
    once = credential(outcome(unit(validity=12)))
    again = credential(outcome(unit(validity=12), renewals=(renewal,)))
    assert again["validUntil"] == "2028-03-31T15:59:59Z" > once["validUntil"]
    assert again["awardedDate"] == once["awardedDate"]
    assert len(again["evidence"]) == 2
    assert again["evidence"][0] == once["evidence"][0]


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (outcome(state="candidate"), "is candidate: only what is verified"),
        (outcome(state="revoked"), "is revoked"),
        (outcome(version=1), "rests on version 1 of .*, not on version 2"),
        (outcome(unit="OUC-9"), "rests on version 2 of OUC-9"),
        (outcome(score=float("nan")), "score must be a number"),
        (outcome(unit(credits=float("inf"))), "credits must be a number"),
        (outcome(unit(title={})), "at least one language"),
        (outcome(unit(validity=120_000)), "beyond the year 9999"),
    ],
)
def test_what_cannot_be_a_credential_is_refused(found, message):
    with pytest.raises(NotExpressible, match=message):
        credential(found)


def test_a_short_salt_is_refused():
    with pytest.raises(NotExpressible, match="at least 16 characters"):
        credential(salt="short")


# --- signing and verifying


@pytest.mark.parametrize("key", [EDDSA, ES256, RS256], ids=["di", "es256", "rs256"])
def test_what_is_signed_verifies(key):
    built = credential()
    assert verify(signed(built, key)) == built


def test_a_jwt_by_an_ed25519_key_verifies_under_both_names():
    token = sign_jwt(credential(), EDDSA)
    assert json.loads(_bytes(token.split(".")[0]))["alg"] == "EdDSA"
    assert verify(token) == credential()
    header, payload = {"alg": "Ed25519", "kid": EDDSA.id}, _bytes(token.split(".")[1])
    assert verify(jws.serialize_compact(header, payload, EDDSA.key, ["Ed25519"])) == credential()


def test_a_jwt_repeats_the_credential_in_its_claims():
    header, payload = (
        json.loads(_bytes(part))
        for part in sign_jwt(credential(outcome(unit(validity=1))), ES256).split(".")[:2]
    )
    assert header == {"alg": "ES256", "kid": ES256.id, "typ": "JWT"}
    assert payload["iss"] == ISSUER.id
    assert payload["sub"] == LEARNER.id
    assert payload["jti"] == payload["id"]
    assert payload["nbf"] == int(NOW.timestamp())
    assert payload["exp"] == int(datetime(2026, 7, 1, 15, 59, 59, tzinfo=UTC).timestamp())


SIGNED = {
    "di": signed(credential(), EDDSA),
    "es256": signed(credential(), ES256),
    "rs256": signed(credential(), RS256),
}


@pytest.mark.parametrize("form", SIGNED)
def test_no_byte_can_be_changed(form):
    text = SIGNED[form].encode()
    for place, old in enumerate(text):
        for new in {old ^ 1, old ^ 0x20, ord("A"), ord("0"), ord(" "), ord("=")} - {old}:
            changed = text[:place] + bytes([new]) + text[place + 1 :]
            with pytest.raises(VerificationError):
                verify(changed.decode(errors="surrogateescape"))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(SIGNED)), st.data())
def test_nor_replaced_left_out_or_put_in(form, data):
    text = SIGNED[form]
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start, min(start + 3, len(text))))
    new = data.draw(st.text(max_size=3))
    changed = text[:start] + new + text[end:]
    assume(changed != text)
    try:
        found = verify(changed)
    except VerificationError:
        return
    # White space between the tokens of JSON is no part of the credential.
    assert form == "di" and json.loads(changed) == json.loads(text) and found == credential()


def test_the_same_name_twice_is_refused():
    text = SIGNED["di"]
    with pytest.raises(VerificationError, match="a name stands twice"):
        verify('{"name":"Doctor",' + text[1:])


def test_the_key_must_be_the_issuers():
    stranger = {**credential(), "issuer": {"id": "https://other.example/"}}
    for key in (EDDSA, ES256):
        with pytest.raises(VerificationError, match="does not publish"):
            verify(signed(stranger, key))
    forged = SigningKey(id=ES256.id, key=ECKey.generate_key("P-256"))
    with pytest.raises(VerificationError, match="not the issuer's"):
        verify(sign_jwt(credential(), forged))


def _token(header, key, algorithm, payload=None):
    content = payload or _bytes(SIGNED["es256"].split(".")[1])
    return jws.serialize_compact(header, content, key, [algorithm])


def test_algorithm_none_and_key_confusion_are_refused():
    payload = SIGNED["es256"].split(".")[1]
    header = _text(json.dumps({"alg": "none", "kid": ES256.id}).encode())
    with pytest.raises(VerificationError):
        verify(f"{header}.{payload}.")
    for key in (ES256, RS256):
        content = f"{_text(json.dumps({'alg': 'HS256', 'kid': key.id}).encode())}.{payload}"
        tag = hmac.digest(key.key.as_pem(private=False), content.encode(), "sha256")
        with pytest.raises(VerificationError, match="not the issuer's"):
            verify(f"{content}.{_text(tag)}")


def test_a_key_within_the_token_is_not_trusted():
    forged = ECKey.generate_key("P-256")
    header = {"alg": "ES256", "jwk": forged.as_dict(private=False)}
    with pytest.raises(VerificationError, match="does not publish"):
        verify(_token(header, forged, "ES256"))
    with pytest.raises(VerificationError, match="not the issuer's"):
        verify(_token({**header, "kid": ES256.id}, forged, "ES256"))


def test_headers_that_open_badges_does_not_know_are_refused():
    for more in ({"typ": "at+jwt"}, {"cty": "vc"}, {"x5u": "https://evil.example/"}):
        with pytest.raises(VerificationError, match="headers"):
            verify(_token({"alg": "ES256", "kid": ES256.id, **more}, ES256.key, "ES256"))


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://other.example/"},
        {"sub": "urn:uuid:1"},
        {"jti": "urn:uuid:1"},
        {"nbf": 0},
        {"nbf": True},
        {"nbf": float(NOW.timestamp())},
        {"exp": int(NOW.timestamp()) + 9},
    ],
    ids=str,
)
def test_claims_that_differ_from_the_credential_are_refused(changed):
    payload = json.loads(_bytes(SIGNED["es256"].split(".")[1]))
    content = json.dumps({**payload, **changed}).encode()
    header = {"alg": "ES256", "kid": ES256.id, "typ": "JWT"}
    with pytest.raises(VerificationError, match=f"claim {next(iter(changed))} differs"):
        verify(_token(header, ES256.key, "ES256", content))


@pytest.mark.parametrize("key", [EDDSA, ES256], ids=["di", "jwt"])
def test_time_is_checked(key):
    text = signed(credential(outcome(unit(validity=1))), key)
    assert verify(text, now=NOW)
    assert verify(text, now=datetime(2026, 7, 1, 15, 59, 58, tzinfo=UTC))
    with pytest.raises(VerificationError, match="no longer valid"):
        verify(text, now=datetime(2026, 7, 1, 15, 59, 59, tzinfo=UTC))
    with pytest.raises(VerificationError, match="not valid yet"):
        verify(text, now=NOW - timedelta(seconds=1))


@pytest.mark.parametrize("text", ["", "{", "[]", "a.b", "a.b.c", "....", "\ud800", "{}", "é.é.é"])
def test_what_is_no_credential_is_refused(text):
    with pytest.raises(VerificationError):
        verify(text)


@settings(max_examples=60, deadline=None)
@given(
    title=st.text(min_size=1),
    code=st.text(min_size=1),
    score=st.none() | st.floats(0, 1),
    credits=st.floats(0, 1e6),
    validity=st.none() | st.integers(1, 600),
    kind=st.sampled_from(["academic", "certificate", "training"]),
    language=st.sampled_from(["en", "zh-CN", "fr"]),
    name=st.text(),
)
def test_whatever_was_achieved_verifies(
    title, code, score, credits, validity, kind, language, name
):
    found = unit(title={"en": title}, code=code, credits=credits, validity=validity, kind=kind)
    built = build_achievement_credential(
        outcome(found, score=score),
        Learner(id=LEARNER.id, name=name),
        ISSUER,
        credential_id="urn:uuid:1",
        issued_at=NOW,
        salt=SALT,
        language=language,
    )
    assert json.loads(json.dumps(built)) == built
    for key in (EDDSA, ES256):
        assert verify(signed(built, key)) == built


# --- keys


def test_other_keys_are_refused():
    with pytest.warns(SecurityWarning):
        small = RSAKey.generate_key(1024)
    for key in (ECKey.generate_key("P-384"), OKPKey.generate_key("X25519"), small):
        with pytest.raises(NotExpressible, match="P-256, Ed25519, or RSA"):
            SigningKey(id="https://a.example/1", key=key)
    public = ECKey.import_key(ES256.key.as_dict(private=False))
    with pytest.raises(NotExpressible, match="no private half"):
        SigningKey(id="https://a.example/1", key=public)
    with pytest.raises(NotExpressible, match="needs an Ed25519 key"):
        add_proof(credential(), ES256, NOW)


def test_no_private_key_is_shown_or_published():
    keys = [EDDSA.key, ES256.key, RS256.key]
    ids = [EDDSA.id, ES256.id, RS256.id]
    published = json.dumps(issuer_document(ISSUER, keys, ids))
    for key in (EDDSA, ES256, RS256):
        secret = key.key.as_dict(private=True)["d"]
        assert secret not in published
        assert secret not in repr(key)


def test_the_published_keys_are_those_that_sign():
    document = issuer_document(ISSUER, [EDDSA.key, ES256.key], [EDDSA.id, ES256.id])
    multi, json_web = document["verificationMethod"]
    assert {method["controller"] for method in (multi, json_web)} == {document["id"]}
    keys = {
        multi["id"]: key_of_multikey(multi["publicKeyMultibase"]),
        json_web["id"]: ECKey.import_key(json_web["publicKeyJwk"]),
    }
    assert [algorithm_of(key) for key in keys.values()] == ["EdDSA", "ES256"]
    for key in (EDDSA, ES256):
        text = signed(credential(), key)
        assert verify_credential(text, lambda _, kid: keys.get(kid), no_list, NOW)


# --- revocation is in test_open_badges_status.py, where the lists are


def status_list(revoked, key=ES256, **more):
    document = build_status_list(
        **{
            "url": STATUS_URL,
            "issuer": ISSUER,
            "revoked": revoked,
            "issued_at": NOW,
            "valid_until": NOW + timedelta(days=1),
            **more,
        }
    )
    return signed(document, key)


def _bytes(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _text(content):
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
