import json
import uuid

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from lrs.imports import devices
from tests.unit.test_imports_api import Api
from tests.unit.test_statement_rules import GOOD
from tests.unit.xapi_service import service_client

BATCHES = "device-batches"


@pytest.fixture
def api(tmp_path):
    with service_client(tmp_path / "data") as client:
        yield Api(client)


class Tablet:
    """A device with a key of its own."""

    def __init__(self, api, key, alg):
        self.api, self.key, self.alg = api, key, alg
        self.kid = key.thumbprint()

    def register(self, **more):
        body = {"name": "Room 3", "jwk": self.key.as_dict(private=False), **more}
        return self.api("POST", "devices", json=body)

    def signed(self, payload, **header):
        protected = {"alg": self.alg, "kid": self.kid, "typ": devices.TYPE, **header}
        content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        registry = jws.JWSRegistry(algorithms=[protected["alg"]])
        registry.max_payload_length = 10**7
        return jws.serialize_compact(protected, content, self.key, registry=registry)

    def hand_in(self, number, *statements, **header):
        return self.send(self.signed({"number": number, "statements": statements}, **header))

    def send(self, token):
        return self.api(
            "POST", BATCHES, data=token, content_type="application/jose", signed_in=False
        )


@pytest.fixture(params=["ES256", "EdDSA", "Ed25519"])
def tablet(api, request):
    make = {"ES256": lambda: ECKey.generate_key("P-256")}.get(
        request.param, lambda: OKPKey.generate_key("Ed25519")
    )
    return Tablet(api, make(), request.param)


@pytest.fixture
def es256(api):
    return Tablet(api, ECKey.generate_key("P-256"), "ES256")


def attended(number):
    return {**GOOD, "id": str(uuid.UUID(int=number))}


def test_a_batch_is_taken_once_however_often_it_is_handed_in(api, tablet):
    registered = tablet.register()
    assert registered.status_code == 201, registered.json
    assert registered.json["id"] == tablet.kid
    assert "d" not in registered.json["jwk"]
    first = tablet.hand_in(1, attended(1), attended(2))
    assert first.status_code == 200, first.json
    assert (first.json["state"], first.json["counts"]["stored"]) == ("accepted", 2)
    assert first.json["missing"] == []
    again = tablet.hand_in(1, attended(1), attended(2))
    assert (again.status_code, again.json["state"]) == (200, "known")
    stored = api.stored()
    assert len(stored) == 2
    assert {one["authority"]["account"]["name"] for one in stored} == {"devices"}
    assert tablet.register(name="another name").json["name"] == "Room 3"


def test_a_gap_is_seen_until_it_is_filled(api, es256):
    es256.register()
    assert es256.hand_in(2, attended(2)).json["missing"] == [[1, 1]]
    assert es256.hand_in(6, attended(6)).json["missing"] == [[1, 1], [3, 5]]
    (device,) = api("GET", "devices").json["items"]
    assert (device["highest"], device["accepted"]) == (6, 2)
    assert device["missing"] == [[1, 1], [3, 5]]
    assert es256.hand_in(4, attended(4)).json["missing"] == [[1, 1], [3, 3], [5, 5]]
    for number in (1, 3, 5):
        last = es256.hand_in(number, attended(number))
    assert last.json["missing"] == []


def test_another_batch_under_a_number_that_was_used_is_refused(api, es256):
    es256.register()
    es256.hand_in(1, attended(1))
    other = es256.hand_in(1, attended(2))
    assert other.status_code == 409
    assert "number 1" in other.json["detail"]
    assert len(api.stored()) == 1


def test_a_revoked_device_hands_in_nothing_more(api, es256):
    es256.register()
    token = es256.signed({"number": 1, "statements": [attended(1)]})
    path = f"devices/{es256.kid}/revoke"
    assert api("POST", path, json={}).status_code == 400
    revoked = api("POST", path, json={"reason": "lost"})
    assert revoked.json["revoked"] is not None
    assert api("POST", path, json={"reason": "lost"}).json == revoked.json
    assert es256.send(token).status_code == 403
    assert es256.register().json["revoked"] is not None
    assert api("POST", "devices/nobody/revoke", json={"reason": "x"}).status_code == 404
    assert api.stored() == []
    actions = [event.act.action for event in api.service.store.audit.page(None, 10)]
    assert actions == ["device.revoke", "device.register"]


def test_wrong_statements_of_a_batch_wait_in_quarantine(api, es256):
    es256.register()
    wrong = {**attended(2), "verb": {"id": "attended"}}
    receipt = es256.hand_in(1, attended(1), wrong, "x", {**GOOD})
    assert receipt.status_code == 200
    assert receipt.json["counts"]["stored"] == 2
    assert [row["number"] for row in receipt.json["refused"]] == [2, 3]
    assert receipt.json["refused"][0]["faults"][0]["path"] == "$.verb.id"
    place = f"quarantine/{receipt.json['import']}/2"
    row = api("GET", place).json
    text = row["cells"]["statement"].replace('"attended"', '"http://adlnet.gov/expapi/verbs/x"')
    released = api("POST", f"{place}/release", json={"cells": {"statement": text}})
    assert released.status_code == 200, released.json
    assert len(api.stored()) == 3


def test_only_a_batch_that_the_device_signed_is_taken(api, es256):
    es256.register()
    other = Tablet(api, ECKey.generate_key("P-256"), "ES256")
    payload = {"number": 1, "statements": [attended(1)]}
    token = es256.signed(payload)
    head, body, signature = token.split(".")
    forged = other.signed({"number": 1, "statements": [attended(2)]}).split(".")[1]
    for refused in (
        f"{head}.{forged}.{signature}",
        other.signed(payload, kid=es256.kid),
        other.signed(payload),
        f"{head}.{body}.",
    ):
        assert es256.send(refused).status_code == 403, refused
    for malformed in (b"", b"x", b"a.b.c", b"\xff.\xff.\xff", f"{head}.{body}".encode()):
        assert es256.send(malformed).status_code == 400, malformed
    assert es256.send(es256.signed(payload, typ="JOSE")).status_code == 400
    assert (
        api("POST", BATCHES, data=token, content_type="text/plain", signed_in=False).status_code
        == 415
    )
    assert api.stored() == []


def test_no_algorithm_but_that_of_the_key_is_taken(api, es256):
    es256.register()
    rsa = RSAKey.generate_key(2048)
    payload = json.dumps({"number": 1, "statements": [attended(1)]}).encode()
    for key, alg in ((rsa, "RS256"), (None, "none")):
        header = {"alg": alg, "kid": es256.kid, "typ": devices.TYPE}
        registry = jws.JWSRegistry(algorithms=[alg])
        token = jws.serialize_compact(header, payload, key, registry=registry)
        assert es256.send(token).status_code == 403
    assert api.stored() == []


@pytest.mark.parametrize(
    "payload",
    [
        b"not json",
        b"[]",
        {"number": 0, "statements": [GOOD]},
        {"number": 1.5, "statements": [GOOD]},
        {"number": 2**60, "statements": [GOOD]},
        {"number": 1},
        {"number": 1, "statements": []},
        {"number": 1, "statements": [1] * (devices.STATEMENTS_LIMIT + 1)},
        {"number": 1, "statements": [GOOD], "more": 1},
        b'{"number": 1, "statements": ' + b"[" * 100_000,
    ],
)
def test_a_payload_that_is_not_a_batch_is_refused_whole(api, es256, payload):
    es256.register()
    answer = es256.send(es256.signed(payload))
    assert answer.status_code == 400
    assert "payload must be JSON" in answer.json["detail"]
    assert api("GET", "imports").json["items"] == []


@pytest.mark.parametrize(
    ("jwk", "said"),
    [
        ({}, "kty EC"),
        ({"kty": "EC", "crv": "P-384", "x": "a", "y": "b"}, "P-256"),
        ({"kty": "EC", "crv": "P-256", "x": "a"}, "cannot be read"),
        ({"kty": "EC", "crv": "P-256", "x": "a", "y": "b"}, "cannot be read"),
        ({"kty": "OKP", "crv": "Ed25519", "x": 1}, "cannot be read"),
        ({"kty": "oct", "k": "c2VjcmV0"}, "kty EC"),
        (ECKey.generate_key("P-256").as_dict(private=True), "leave out d"),
    ],
)
def test_a_key_that_a_device_may_not_have_is_refused(api, jwk, said):
    answer = api("POST", "devices", json={"name": "Tablet", "jwk": jwk})
    assert answer.status_code == 400
    assert answer.json["errors"][0]["path"] == "jwk"
    assert said in answer.json["errors"][0]["rule"]


def test_a_device_is_bound_to_a_source_of_imports_or_signed_statements(api, es256):
    assert es256.register(source="admin").json["errors"][0]["path"] == "source"
    api.service.credentials.issue(
        name="Exam room", key="exam", provenance="signed", scopes=("statements/write",)
    )
    assert es256.register(source="exam").json["source"] == "exam"
    assert es256.hand_in(1, attended(1)).json["counts"]["stored"] == 1


def test_only_a_registrar_registers_devices(api, es256):
    _, secret = api.service.credentials.issue(
        name="R", key="reader", provenance="server", scopes=("all/read",)
    )
    es256.api = Api(api, ("reader", secret))
    assert es256.register().status_code == 403
    assert es256.api("GET", "devices").status_code == 403
