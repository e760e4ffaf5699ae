"""Revocation by Bitstring Status Lists."""

import base64
import gzip
import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.open_badges import VerificationError, add_proof, canonical
from adapters.open_badges.status_list import (
    SMALLEST,
    bitstring,
    build_status_list,
    decode_list,
    encode_list,
    is_set,
    status_entry,
)
from schemas.credentials import Issuer, NotExpressible, StatusPlace
from tests.unit.test_open_badges import (
    EDDSA,
    ES256,
    ISSUER,
    KEYS,
    NOW,
    STATUS_URL,
    credential,
    key_of,
    signed,
    status_list,
    verify,
)

PLACE = StatusPlace(url=STATUS_URL, index=70_001)


def lists(text):
    """Give the list where it is published and nothing elsewhere."""
    return {STATUS_URL: text}.get


@pytest.mark.parametrize("list_key", [EDDSA, ES256], ids=["list di", "list jwt"])
@pytest.mark.parametrize("key", [EDDSA, ES256], ids=["di", "jwt"])
def test_a_revoked_credential_fails_and_its_neighbours_do_not(key, list_key):
    text = signed(credential(status=PLACE), key)
    assert verify(text, lists(status_list([], list_key)))
    assert verify(text, lists(status_list([PLACE.index - 1, PLACE.index + 1], list_key)))
    with pytest.raises(VerificationError, match="status is set: revocation"):
        verify(text, lists(status_list([5, PLACE.index], list_key)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot be had"),
        (json.dumps({"credentialSubject": {}}), "exactly one proof"),
        (status_list([]).replace(".", ".A", 1), "JSON"),
        (status_list([], valid_until=NOW + timedelta(seconds=1), issued_at=NOW), None),
        (status_list([], issued_at=NOW - timedelta(2), valid_until=NOW), "no longer valid"),
        (status_list([], issued_at=NOW + timedelta(seconds=1)), "not valid yet"),
        (status_list([], url="https://lrs.example.edu.cn/status/2"), "another place"),
        (signed(credential(), ES256), "not a status list"),
    ],
    ids=["none", "unsigned", "damaged", "last second", "old", "early", "other", "no list"],
)
def test_a_status_that_cannot_be_told_is_no_good_status(text, message):
    signed_credential = signed(credential(status=PLACE), ES256)
    if message is None:
        assert verify(signed_credential, lists(text))
        return
    with pytest.raises(VerificationError, match=message):
        verify(signed_credential, lists(text))


def test_a_list_of_another_issuer_is_refused():
    other = Issuer(id="https://other.example/", name={"en": "Other"}, url="https://other.example/")
    text = status_list([], issuer=other)
    from adapters.open_badges import verify_credential

    def any_key(issuer, key_id):
        return KEYS.get(key_id)

    with pytest.raises(VerificationError, match="of another issuer"):
        verify_credential(signed(credential(status=PLACE), ES256), any_key, lists(text), NOW)


def test_a_status_of_an_unknown_kind_is_refused():
    for status in ({"id": "https://a.example/1", "type": "1EdTechRevocationList"}, "x", [1]):
        text = signed({**credential(), "credentialStatus": status}, ES256)
        with pytest.raises(VerificationError, match="not known here"):
            verify(text)


def test_every_entry_of_several_counts():
    entries = [status_entry(StatusPlace(url=STATUS_URL, index=index)) for index in (1, 2)]
    text = signed({**credential(), "credentialStatus": entries}, ES256)
    assert verify(text, lists(status_list([3])))
    for revoked in (1, 2):
        with pytest.raises(VerificationError, match="is set"):
            verify(text, lists(status_list([revoked])))


def _list_credential(**subject):
    built = build_status_list(
        url=STATUS_URL,
        issuer=ISSUER,
        revoked=[],
        issued_at=NOW,
        valid_until=NOW + timedelta(days=1),
    )
    return {**built, "credentialSubject": {**built["credentialSubject"], **subject}}


def _packed(content):
    return "u" + base64.urlsafe_b64encode(content).decode().rstrip("=")


@pytest.mark.parametrize(
    ("subject", "message"),
    [
        ({"statusPurpose": "suspension"}, "another purpose"),
        ({"encodedList": None}, "missing"),
        ({"encodedList": "H4sI"}, "multibase"),
        ({"encodedList": "u!!!"}, "unpacked"),
        ({"encodedList": _packed(b"no gzip")}, "unpacked"),
        ({"encodedList": _packed(gzip.compress(bytes(SMALLEST // 8))[:-9])}, "cut off"),
        ({"encodedList": _packed(gzip.compress(bytes(SMALLEST // 8)) + b"more")}, "followed"),
        ({"encodedList": _packed(gzip.compress(bytes(64 * 1024**2)))}, "too long"),
        ({"encodedList": _packed(gzip.compress(bytes(16)))}, "not in the status list"),
    ],
)
def test_a_list_that_is_not_one_is_refused(subject, message):
    text = signed(_list_credential(**subject), ES256)
    with pytest.raises(VerificationError, match=message):
        verify(signed(credential(status=PLACE), ES256), lists(text))


@pytest.mark.parametrize("index", ["-1", "1.0", "", " 1", "１", "999999999", "9" * 5000, 1, None])
def test_a_place_that_is_none_is_refused(index):
    entry = {**status_entry(PLACE), "statusListIndex": index}
    with pytest.raises(VerificationError, match="place"):
        is_set(entry, _list_credential())


def test_the_first_place_is_the_highest_bit():
    bits = bitstring([0, 9])
    assert (bits[0], bits[1], len(bits)) == (0x80, 0x40, 16_384)


@settings(max_examples=30, deadline=None)
@given(st.sets(st.integers(0, SMALLEST - 1), max_size=40))
def test_the_list_tells_exactly_who_is_revoked(revoked):
    bits = decode_list(encode_list(bitstring(revoked)))
    assert {i for i in range(SMALLEST) if bits[i // 8] & 0x80 >> i % 8} == revoked
    assert encode_list(bits) == encode_list(bitstring(sorted(revoked)))


def test_a_list_that_cannot_be_is_not_built():
    for places in (8, SMALLEST + 1):
        with pytest.raises(NotExpressible, match="at least 131072"):
            bitstring([], places)
    for index in (-1, SMALLEST):
        with pytest.raises(NotExpressible, match="is not in a list"):
            bitstring([index])
    with pytest.raises(NotExpressible, match="for some time"):
        status_list([], valid_until=NOW)


def test_one_byte_of_a_list_changed_fails():
    text = canonical(add_proof(_list_credential(), EDDSA, NOW)).decode()
    place = text.index("encodedList") + 40
    changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
    with pytest.raises(VerificationError, match="not the issuer's"):
        verify(signed(credential(status=PLACE), ES256), lists(changed))
    assert key_of(ISSUER.id, EDDSA.id)
