"""Credentials as the service gives them out, checked with what it publishes and nothing else."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from cryptography import x509
from joserfc.jwk import ECKey
from lxml import etree

from adapters.elmo import verify_elmo
from adapters.open_badges import VerificationError, extract, verify_credential
from adapters.open_badges.keys import key_of_multikey
from tests.unit.test_elmo import schema
from tests.unit.test_evaluator import publish, service, settle, void
from tests.unit.test_statement_rules import GOOD

__all__ = ["schema", "service"]

BASE = "http://lrs.example"


@pytest.fixture
def achievement(service):
    publish(service)
    (service.statement,) = service.client.post("/xapi/statements", json=GOOD).json
    settle(service)
    (achievement,) = service.client.get("/api/v1/achievements").json["items"]
    return achievement


def issue(service, achievement, language="en"):
    answer = service.client.post(
        f"/api/v1/achievements/{achievement['id']}/credentials?language={language}"
    )
    assert answer.status_code == 200, answer.json
    return answer.json


def fetched(service, url):
    """As a stranger fetches it, who has no key of ours."""
    answer = service.app.test_client().get(url.removeprefix(BASE))
    assert answer.status_code == 200, answer.text
    return answer


def verified(service, text, now=None):
    def key_of(issuer, key_id):
        published = fetched(service, issuer).json
        for method in published["verificationMethod"]:
            if method["id"] == key_id:
                if method["type"] == "Multikey":
                    return key_of_multikey(method["publicKeyMultibase"])
                return ECKey.import_key(method["publicKeyJwk"])
        return None

    def status_list_of(url):
        return fetched(service, url).text

    return verify_credential(text, key_of, status_list_of, now or datetime.now(UTC))


@pytest.mark.parametrize("form", ["json", "jwt", "svg", "png"])
def test_every_form_verifies_with_what_is_published_until_it_is_revoked(service, achievement, form):
    issued = issue(service, achievement)
    answer = fetched(service, f"{issued['url']}?form={form}")
    text = extract(answer.data) if form in ("svg", "png") else answer.text
    credential = verified(service, text)
    assert credential["credentialSubject"]["achievement"]["humanCode"] == "U1"
    void(service, service.statement)
    with pytest.raises(VerificationError, match="status is set: revocation"):
        verified(service, text)
    (shown,) = service.client.get(f"/api/v1/personas/{achievement['persona']}/credentials").json[
        "items"
    ]
    assert shown["revoked"] is True


def test_issuing_again_gives_the_same_and_another_language_another(service, achievement):
    first = issue(service, achievement)
    assert issue(service, achievement) == first
    assert issue(service, achievement, "zh-CN")["id"] != first["id"]


def test_what_is_not_verified_is_not_issued(service, achievement):
    void(service, service.statement)
    answer = service.client.post(f"/api/v1/achievements/{achievement['id']}/credentials")
    assert answer.status_code == 409
    assert "revoked" in answer.json["detail"]
    persona = achievement["persona"]
    assert service.client.get(f"/api/v1/personas/{persona}/clr").status_code == 409
    assert service.client.get(f"/api/v1/personas/{persona}/transcript").status_code == 409


def test_nothing_personal_is_in_a_credential(service, achievement):
    text = fetched(service, issue(service, achievement)["url"]).text
    assert achievement["persona"] not in text
    assert GOOD["actor"]["mbox"] not in text


def test_a_learner_record_holds_the_credentials_and_verifies(service, achievement):
    answer = service.client.get(f"/api/v1/personas/{achievement['persona']}/clr?language=en")
    assert answer.status_code == 200, answer.text
    record = verified(service, answer.text)
    (inner,) = record["credentialSubject"]["verifiableCredential"]
    assert inner["id"].removeprefix("urn:uuid:") == issue(service, achievement)["id"]
    with pytest.raises(VerificationError):
        verified(service, answer.text.replace("urn:uuid:", "urn:uuie:", 1))


def test_a_transcript_is_valid_and_signed_with_the_published_certificate(
    service, achievement, schema
):
    answer = service.client.get(f"/api/v1/personas/{achievement['persona']}/transcript")
    assert answer.status_code == 200, answer.text
    schema.assertValid(etree.fromstring(answer.data))
    pem = fetched(service, "/issuer/certificates.pem").data
    signed = verify_elmo(answer.data, x509.load_pem_x509_certificate(pem), datetime.now(UTC))
    assert b"<value>2</value>" in signed


def test_what_old_keys_signed_verifies_after_a_rotation(service, achievement):
    old = fetched(service, issue(service, achievement)["url"]).text
    assert service.issuing.rotate_keys() == 2
    new = fetched(service, issue(service, achievement, "zh-CN")["url"]).text
    verified(service, old)
    verified(service, new)
    assert msgspec.json.decode(new)["proof"]["verificationMethod"].endswith("#ed25519-2")


def test_an_old_status_list_is_refused(service, achievement):
    text = fetched(service, issue(service, achievement)["url"]).text
    with pytest.raises(VerificationError):
        verified(service, text, datetime.now(UTC) + timedelta(hours=25))


def test_exports_of_personal_data_are_in_the_audit_log(service, achievement):
    service.client.get(f"/api/v1/personas/{achievement['persona']}/transcript")
    (event,) = service.store.audit.page(None, 10, persona=achievement["persona"])
    assert event.act.action == "persona.export.elmo"
    assert event.act.principal == "source:admin"


def test_strangers_may_ask_for_nothing_personal(service, achievement):
    stranger = service.app.test_client()
    persona = achievement["persona"]
    for path in (f"personas/{persona}/clr", f"personas/{persona}/credentials"):
        assert stranger.get(f"/api/v1/{path}").status_code == 401
    for path in ("/status/7", "/credentials/00000000-0000-4000-8000-000000000000"):
        assert stranger.get(path).status_code == 404


def test_unknown_forms_and_languages_are_named(service, achievement):
    issued = issue(service, achievement)
    answer = service.client.get(f"{issued['url'].removeprefix(BASE)}?form=gif")
    assert answer.status_code == 400
    wrong = service.client.post(f"/api/v1/achievements/{achievement['id']}/credentials?language=!!")
    assert [error["path"] for error in wrong.json["errors"]] == ["language"]


def test_the_issuer_document_has_no_private_key(service, achievement):
    published = msgspec.json.encode(fetched(service, "/issuer").json)
    assert b'"d":' not in published


def test_nothing_was_converted(service, achievement):
    answer = service.client.get(f"/api/v1/personas/{achievement['persona']}/recognition")
    assert answer.status_code == 409
    assert "conversion" in answer.json["detail"]
