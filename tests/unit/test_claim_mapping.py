"""A bank's own names for what a claim carries."""

from pathlib import Path

import msgspec
import pytest
import yaml

from adapters.claim_mapping import MappingError, map_claim, map_lookup, read_mapping
from adapters.outbound import Receiver, Refused, outbound_adapters
from schemas.claims import ClaimPayload, IdentityDocument
from tests.unit.test_bank_claims import CLAIM, changed
from tests.unit.test_credit_bank import BANK_KEY, KEY, content_of, signed
from tests.unit.test_oauth_client import ScriptedServer, granting

SHANGHAI = Path(__file__).resolve().parents[2] / "examples" / "banks" / "shanghai.yaml"


@pytest.fixture(scope="module")
def shanghai():
    return read_mapping(yaml.safe_load(SHANGHAI.read_text("utf-8")))


def claim_of(**changes):
    claim = changed("learner.identifier", "account:https://shanghai.example|CB7", CLAIM)
    for path, value in changes.items():
        claim = changed(path.replace("__", "."), value, claim)
    return msgspec.convert(claim, ClaimPayload)


def test_an_academic_result_in_shanghais_names(shanghai):
    assert map_claim(shanghai, claim_of(kind="academic")) == {
        "cb_id": "CB7",
        "channel": "ouc",
        "credit_num": 1,
        "credit": [
            {
                "credit_outer_id": "claim-1",
                "course_name": "安全驾驶",
                "course_subject": "transport",
                "course_property": "30",
                "course_result_code": "41",
                "course_score": "91",
                "course_year": "2026",
                "course_season": "50",
                "credit": "3",
                "credit_hour": "48",
                "learning_stage": 4,
                "inst_name": "OUC training centre",
                "experience_time": "2026-03-02 16:00:00",
            }
        ],
    }


def test_a_certificate_and_a_training_in_shanghais_names(shanghai):
    (certificate,) = map_claim(shanghai, claim_of(kind="certificate"))["certificate_experience"]
    assert certificate["cert_exp_outer_id"] == "claim-1"
    assert certificate["certificate_level"] == "4"
    (training,) = map_claim(shanghai, claim_of())["training"]
    assert training == {
        "training_outer_id": "claim-1",
        "project_name": "安全驾驶",
        "have_project_certificate": "2",
        "inst_name": "OUC training centre",
        "experience_time": "2026-03-02 16:00:00",
    }


def test_times_are_those_of_china(shanghai):
    late = claim_of(kind="academic", achieved_at="2026-07-31T23:00:00Z")
    (credit,) = map_claim(shanghai, late)["credit"]
    assert credit["experience_time"] == "2026-08-01 07:00:00"
    assert (credit["course_year"], credit["course_season"]) == ("2026", "51")


def test_a_score_that_there_is_not_has_its_default(shanghai):
    (credit,) = map_claim(shanghai, claim_of(kind="academic", score=None))["credit"]
    assert credit["course_score"] == ""


def test_a_learner_is_looked_up_in_shanghais_names(shanghai):
    document = IdentityDocument(type="resident", number="310101199001011234")
    assert map_lookup(shanghai, "王小明", document) == {
        "user_name": "王小明",
        "cert_type": "10",
        "cert_no": "310101199001011234",
        "channel": "ouc",
    }
    with pytest.raises(MappingError, match="no word"):
        map_lookup(shanghai, "王小明", IdentityDocument(type="passport", number="1"))


def test_what_a_bank_must_be_told_and_a_claim_has_not(shanghai):
    with pytest.raises(MappingError, match=r"\$\.unit\.title\.zh-CN"):
        map_claim(shanghai, claim_of(unit__title={"en": "Safe driving"}))


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"format": "bank-mapping/2"}, "format"),
        ({"surplus": 1}, "surplus"),
        ({"claims": {"hobby": {}}}, "claims"),
        ({"claims": {"training": {"a": {"from": "outer_id"}}}}, r"claims\.training\.a\.from"),
        (
            {"claims": {"training": {"a": [{"from": "$.x", "zone": 99}]}}},
            r"claims\.training\.a\[0\]",
        ),
        ({"claims": {"training": {"a": {"from": "$.x", "upper": True}}}}, r"claims\.training\.a"),
    ],
)
def test_a_mapping_that_cannot_be_used_says_where(change, where):
    good = {"format": "bank-mapping/1", "name": "x", "claims": {}}
    read_mapping(good)
    with pytest.raises(MappingError, match=where):
        read_mapping({**good, **change})


def test_a_mapped_claim_goes_out_under_the_banks_names_and_its_receipt_is_of_that(shanghai):
    import hashlib

    import rfc8785

    server = ScriptedServer()
    server.speak_oauth()
    server.script["POST /token"] = granting("t1")
    server.script["GET /jwks"] = (200, {}, {"keys": [BANK_KEY.as_dict(private=False)]})
    claim = claim_of()
    sent = []

    def answer(headers, body):
        sent.append(msgspec.json.decode(body))
        digest = hashlib.sha256(rfc8785.dumps(sent[-1])).hexdigest()
        receipt = signed(content_of(claim, iss=server.url, claim_hash=digest))
        return 201, {}, {"receipt": receipt}

    server.script["POST /claims"] = answer
    settings = {"mapping": yaml.safe_load(SHANGHAI.read_text("utf-8"))}
    receiver = Receiver(
        name="Bank", url=server.url, client_id="lrs", client_key=KEY, settings=settings
    )
    connection = outbound_adapters()["credit_bank"].connect(receiver)
    receipt = connection.submit(claim)
    assert sent == [map_claim(shanghai, claim)]
    assert receipt.claim_hash == hashlib.sha256(rfc8785.dumps(sent[0])).hexdigest()
    with pytest.raises(Refused, match="zh-CN"):
        connection.submit(claim_of(unit__title={"en": "Safe driving"}))
    connection.close()
    server.close()
