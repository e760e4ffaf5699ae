"""Our credentials before verifiers that others wrote: openbadgeslib and openvc-core."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey
from openbadgeslib.ob3.verifier import OB3VerificationError, OB3Verifier
from openvc.errors import OpenvcError
from openvc.verify import VerificationPolicy
from openvc.verify import verify_credential as openvc_verify

from adapters.clr import associations_of, build_clr_credential
from adapters.open_badges import (
    SigningKey,
    add_proof,
    bake,
    build_achievement_credential,
    build_status_list,
    canonical,
    sign_jwt,
)
from adapters.open_badges.keys import multikey
from schemas.credentials import Issuer, StatusPlace
from tests.unit.test_open_badges import LEARNER, SALT, outcome, unit
from tests.unit.test_open_badges_baking import SVG, png

# These verifiers look at the clock.
TODAY = datetime.now(UTC).replace(microsecond=0)
YESTERDAY = TODAY - timedelta(days=1)
PLACE = StatusPlace(url="https://lrs.example.edu.cn/status/1", index=131_071)

_ed25519 = OKPKey.generate_key("Ed25519")
_name = multikey(_ed25519)
# An issuer whose id is its key needs nothing to be fetched.
DID_ISSUER = Issuer(id=f"did:key:{_name}", name={"en": "Centre"}, url="https://example.edu.cn/")
DID_KEY = SigningKey(id=f"did:key:{_name}#{_name}", key=_ed25519)

ISSUER = Issuer(
    id="https://lrs.example.edu.cn/issuer", name={"en": "Centre"}, url="https://example.edu.cn/"
)
JWT_KEYS = {
    name: SigningKey(id=f"{ISSUER.id}#{name}", key=key)
    for name, key in {
        "ES256": ECKey.generate_key("P-256"),
        "RS256": RSAKey.generate_key(2048),
        "EdDSA": OKPKey.generate_key("Ed25519"),
    }.items()
}


def credential(issuer, found=None, *, number=1, achieved_at=YESTERDAY, status=PLACE):
    return build_achievement_credential(
        found or outcome(unit(validity=12), achieved_at=achieved_at),
        LEARNER,
        issuer,
        credential_id=f"urn:uuid:0f0b2f3e-6a57-4f0f-8f7e-{number:012d}",
        issued_at=YESTERDAY,
        salt=SALT,
        language="zh-CN",
        status=status,
    )


def status_list(issuer, revoked):
    return build_status_list(
        url=PLACE.url,
        issuer=issuer,
        revoked=revoked,
        issued_at=YESTERDAY,
        valid_until=TODAY + timedelta(days=1),
    )


def swapped(text, place):
    return text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]


# --- VC-JWT: openbadgeslib


@pytest.mark.parametrize("name", JWT_KEYS)
def test_a_jwt_verifies_and_fails_when_changed_expired_or_revoked(name):
    key = JWT_KEYS[name]
    verifier = OB3Verifier(key.key.as_pem(private=False))
    token = sign_jwt(credential(ISSUER), key)

    def lists(revoked):
        text = sign_jwt(status_list(ISSUER, revoked), key)
        return {PLACE.url: text.encode()}.__getitem__

    found = verifier.verify(token, check_status=True, download=lists([PLACE.index - 1]))
    assert found.issuer.id == ISSUER.id
    assert found.recipient_id == LEARNER.id
    assert found.achievement.name == "安全生产"
    with pytest.raises(OB3VerificationError, match="revocation"):
        verifier.verify(token, check_status=True, download=lists([PLACE.index]))
    for place in range(0, len(token), 50):
        if token[place] != ".":
            with pytest.raises(OB3VerificationError):
                verifier.verify(swapped(token, place))
    old = credential(ISSUER, achieved_at=TODAY - timedelta(days=800))
    with pytest.raises(OB3VerificationError, match="expired"):
        verifier.verify(sign_jwt(old, key))


def test_baked_images_are_read_by_others():
    token = sign_jwt(credential(ISSUER), JWT_KEYS["ES256"])
    embedded = canonical(add_proof(credential(DID_ISSUER), DID_KEY, YESTERDAY)).decode()
    for text in (token, embedded):
        assert OB3Verifier.extract_token_from_svg(bake(SVG, text)).strip() == text
        assert OB3Verifier.extract_token_from_png(bake(png(), text)) == text


# --- Data Integrity eddsa-jcs-2022: openvc-core


def _lists(revoked):
    """Give the status list credential after openvc-core verified it."""
    document = add_proof(status_list(DID_ISSUER, revoked), DID_KEY, YESTERDAY)

    def resolve(url, *_, **__):
        assert url == PLACE.url
        return openvc_verify(document).credential

    return resolve


def test_a_proof_verifies_and_fails_when_changed_expired_or_revoked():
    document = add_proof(credential(DID_ISSUER), DID_KEY, YESTERDAY)
    found = openvc_verify(document, resolve_status_list=_lists([PLACE.index - 1]))
    assert found.format == "data-integrity:eddsa-jcs-2022"
    assert (found.issuer, found.subject) == (DID_ISSUER.id, LEARNER.id)
    with pytest.raises(OpenvcError, match="revoked"):
        openvc_verify(document, resolve_status_list=_lists([PLACE.index]))
    text = canonical(document).decode()
    inside = text.index("credentialSubject")
    for place in range(inside, inside + 1500, 100):
        try:
            changed = json.loads(swapped(text, place))
        except ValueError:
            continue
        with pytest.raises(OpenvcError):
            openvc_verify(changed, resolve_status_list=_lists([]))
    later = VerificationPolicy(now=TODAY + timedelta(days=800))
    with pytest.raises(OpenvcError):
        openvc_verify(document, policy=later, resolve_status_list=_lists([]))


def test_a_learner_record_and_all_it_holds_verify():
    parts = tuple(outcome(unit(code=code), achieved_at=YESTERDAY) for code in ("M1", "M2"))
    whole = outcome(unit(code="X1"), parts=parts, achieved_at=YESTERDAY)
    held = [
        add_proof(credential(DID_ISSUER, found, number=n, status=None), DID_KEY, YESTERDAY)
        for n, found in enumerate((whole, *parts))
    ]
    record = build_clr_credential(
        held,
        associations_of([whole], DID_ISSUER),
        LEARNER,
        DID_ISSUER,
        credential_id="urn:uuid:0f0b2f3e-6a57-4f0f-8f7e-000000000099",
        issued_at=YESTERDAY,
        salt=SALT,
    )
    signed = add_proof(record, DID_KEY, YESTERDAY)
    assert openvc_verify(signed).credential["type"][1] == "ClrCredential"
    for inner in signed["credentialSubject"]["verifiableCredential"]:
        assert openvc_verify(inner).subject == LEARNER.id
    signed["credentialSubject"]["association"].pop()
    with pytest.raises(OpenvcError):
        openvc_verify(signed)
