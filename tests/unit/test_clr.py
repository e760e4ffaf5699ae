"""Learner records: several credentials as one."""

import base64
import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws

from adapters.clr import associations_of, build_clr_credential
from adapters.open_badges import VerificationError, add_proof, canonical, sign_jwt, unit_id
from schemas.credentials import Association, Learner, NotExpressible, StatusPlace
from tests.unit.test_open_badges import (
    EDDSA,
    ES256,
    ISSUER,
    LEARNER,
    NOW,
    SALT,
    STATUS_URL,
    credential,
    outcome,
    signed,
    status_list,
    unit,
    verify,
)

PARTS = tuple(outcome(unit(code=code)) for code in ("M1", "M2"))
WHOLE = outcome(unit(code="X1", kind="certificate", grade="中级"), parts=PARTS)


def wrapped(found, number, **more):
    built = credential(found, credential_id=f"urn:uuid:{number}", **more)
    return add_proof(built, EDDSA, NOW)


CREDENTIALS = [wrapped(found, number) for number, found in enumerate((WHOLE, *PARTS))]


def record(credentials=CREDENTIALS, associations=(), learner=LEARNER, **more):
    return build_clr_credential(
        credentials,
        associations,
        learner,
        ISSUER,
        **{"credential_id": "urn:uuid:clr", "issued_at": NOW, "salt": SALT, **more},
    )


def test_a_record_holds_credentials_and_how_they_relate():
    built = record(associations=associations_of([WHOLE], ISSUER), language="zh-CN")
    subject = built["credentialSubject"]
    assert built["name"] == "学习成果档案"
    assert subject["verifiableCredential"] == CREDENTIALS
    assert [
        (item["associationType"], item["sourceId"], item["targetId"])
        for item in subject["association"]
    ] == [("isParentOf", unit_id(ISSUER, WHOLE.unit), unit_id(ISSUER, part.unit)) for part in PARTS]
    held = {item["credentialSubject"]["achievement"]["id"] for item in CREDENTIALS}
    assert {item["sourceId"] for item in subject["association"]} <= held


def test_parts_of_parts_relate_too():
    top = outcome(unit(code="TOP"), parts=(WHOLE,))
    found = [(a.source, a.target) for a in associations_of([top], ISSUER)]
    assert found == [
        (unit_id(ISSUER, top.unit), unit_id(ISSUER, WHOLE.unit)),
        *((unit_id(ISSUER, WHOLE.unit), unit_id(ISSUER, part.unit)) for part in PARTS),
    ]


@pytest.mark.parametrize("key", [EDDSA, ES256], ids=["di", "jwt"])
def test_a_signed_record_verifies(key):
    built = record(associations=associations_of([WHOLE], ISSUER))
    assert verify(signed(built, key)) == built


def _refused(built, message, **more):
    for text in (canonical(add_proof(built, EDDSA, NOW)).decode(), sign_jwt(built, ES256)):
        with pytest.raises(VerificationError, match=message):
            verify(text, **more)


def test_a_record_is_no_better_than_what_it_holds():
    forged = json.loads(json.dumps(CREDENTIALS[0]))
    forged["credentialSubject"]["creditsEarned"] = 200
    _refused(record([forged, *CREDENTIALS[1:]]), "not the issuer's")


def test_a_revoked_credential_within_is_found():
    inner = wrapped(WHOLE, 7, status=StatusPlace(url=STATUS_URL, index=3))
    built = record([inner])
    assert verify(signed(built, EDDSA), {STATUS_URL: status_list([4])}.get)
    _refused(built, "is set", status_list_of={STATUS_URL: status_list([3])}.get)


def test_so_is_a_revoked_record():
    built = record(status=StatusPlace(url=STATUS_URL, index=3))
    assert verify(signed(built, ES256), {STATUS_URL: status_list([4])}.get)
    _refused(built, "is set", status_list_of={STATUS_URL: status_list([3])}.get)


def test_no_byte_of_a_record_can_be_changed():
    text = signed(record(associations=associations_of([WHOLE], ISSUER)), EDDSA).encode()
    for place in range(0, len(text), 7):
        changed = text[:place] + bytes([text[place] ^ 1]) + text[place + 1 :]
        with pytest.raises(VerificationError):
            verify(changed.decode(errors="surrogateescape"))


@pytest.mark.parametrize("inner", [[], None, "x", [1]], ids=["empty", "none", "text", "number"])
def test_a_record_of_nothing_that_can_be_read_is_refused(inner):
    built = record()
    built["credentialSubject"]["verifiableCredential"] = inner
    with pytest.raises(VerificationError, match="no credentials that can be read"):
        verify(sign_jwt(built, ES256))


def test_a_record_within_a_record_is_refused():
    built = record()
    built["credentialSubject"]["verifiableCredential"] = [add_proof(record(), EDDSA, NOW)]
    with pytest.raises(VerificationError, match="within a learner record"):
        verify(sign_jwt(built, ES256))


def base64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _places(value, path=()):
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from _places(value[key], (*path, key))


ODD = [None, True, 0, -1.5, 1e300, "", [], {}, [[]], [{}], "x", {"id": 1}, 10**30]
ODD += ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "\ud800"]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_whatever_an_issuer_signs_is_verified_or_refused(data):
    """No property of an odd kind makes the verifier fall over."""
    signed_record = sign_jwt(record(status=StatusPlace(url=STATUS_URL, index=1)), ES256)
    document = json.loads(base64url(signed_record.split(".")[1]))
    *path, last = data.draw(st.sampled_from([path for path in _places(document) if path]))
    place = document
    for key in path:
        place = place[key]
    place[last] = data.draw(st.sampled_from(ODD))
    token = jws.serialize_compact(
        {"alg": "ES256", "kid": ES256.id}, json.dumps(document), ES256.key, ["ES256"]
    )
    with contextlib.suppress(VerificationError):
        verify(token, {STATUS_URL: status_list([])}.get)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"credentials": []}, "at least one credential"),
        ({"credentials": [CREDENTIALS[0]] * 2}, "stands twice"),
        ({"credentials": [credential()]}, "no Data Integrity proof"),
        ({"credentials": [record()]}, "not an AchievementCredential"),
        ({"learner": Learner(id="urn:uuid:other", name="李四")}, "about somebody else"),
        (
            {"associations": [Association(type="isPartOf", source="urn:x", target="urn:y")]},
            "names urn:x, of which there is no credential",
        ),
        (
            {"associations": [Association(type="isCousinOf", source="urn:x", target="urn:y")]},
            "not an association",
        ),
    ],
    ids=["none", "twice", "unsigned", "record", "stranger", "unknown", "kind"],
)
def test_a_record_that_cannot_be_is_not_built(changed, message):
    with pytest.raises(NotExpressible, match=message):
        record(**changed)
