"""What the sandbox does beyond claims: withdrawals, books, catalogue, learners, faults."""

import hashlib
import json

import msgspec
import pytest
import yaml

from lrs.bank.app import create_app
from lrs.bank.dial import FAULTS, Dial, FaultError, parse_faults
from lrs.bank.settings import BankSettings, read_catalogue, read_learners
from lrs.settings import SettingsError
from schemas.claims import ClaimPayload, claim_hash
from tests.bank_process import client_key, write_jwks
from tests.unit.test_bank_claims import CLAIM, URL, another, read, sender

UNITS = [
    {
        "code": "OUC-2031",
        "title": {"en": "Safe driving"},
        "level": 4,
        "credits": 3,
        "kind": "training",
    }
]
LEARNERS = [
    {"account": "L-1", "name": "王小明", "document": {"type": "resident", "number": "310101"}}
]


def bank_app(tmp_path, **settings):
    jwks = write_jwks(tmp_path / "jwks.json", client_key())
    return create_app(
        BankSettings(
            data=tmp_path / "data", url=URL, clients={"lrs": jwks, "other": jwks}, **settings
        )
    )


@pytest.fixture
def app(tmp_path):
    app = bank_app(tmp_path)
    yield app
    app.extensions["bank"].close()


@pytest.fixture
def put(app):
    return sender(app, "lrs", "claims.write claims.read learners.read")


def digest_of(claim):
    return claim_hash(msgspec.convert(claim, ClaimPayload))


def withdrawal(claim=CLAIM, **change):
    return {"claim_hash": digest_of(claim), "reason": "the achievement was revoked", **change}


def withdraw(put, claim=CLAIM, **change):
    return put(withdrawal(claim, **change), path=f"/claims/{claim['outer_id']}/withdrawal")


# --- withdrawals


def test_a_withdrawal_is_answered_with_a_receipt_again_and_again(app, put):
    put(CLAIM)
    first, again = withdraw(put), withdraw(put)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    content = read(first, app)
    assert content["decision"] == "withdrawn"
    assert content["claim_hash"] == digest_of(CLAIM)
    assert put(None, "get", "/claims/claim-1").json == first.json


def test_what_was_withdrawn_gives_its_credit_back(app, put):
    put(CLAIM)
    withdraw(put)
    again = {**CLAIM, "outer_id": "claim-1.1"}
    assert read(put(again), app)["decision"] == "accepted"


def test_a_claim_whose_withdrawal_came_first_is_not_taken(put):
    assert withdraw(put).status_code == 201
    assert put(CLAIM).status_code == 409


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"claim_hash": "0" * 64}, 409),
        ({"claim_hash": "x"}, 400),
        ({"reason": ""}, 400),
        ({"surplus": 1}, 400),
        ({"format": "withdrawal/2"}, 400),
    ],
)
def test_a_withdrawal_that_is_none(put, change, status):
    put(CLAIM)
    assert withdraw(put, **change).status_code == status
    assert put(None, "get", "/holdings").json["holdings"][0]["state"] == "accepted"


def test_a_rejected_claim_cannot_be_withdrawn(put):
    claim = another(1, unit__level=11)
    put(claim)
    assert withdraw(put, claim).status_code == 409


def test_nobody_withdraws_anothers_claim(app, put):
    put(CLAIM)
    withdraw(sender(app, "other"))
    assert put(None, "get", "/holdings").json["holdings"][0]["state"] == "accepted"


# --- books


def test_the_books_are_paged_in_order_and_of_the_client_alone(app, put, monkeypatch):
    monkeypatch.setattr("lrs.bank.app.PAGE", 2)
    for number in (3, 1, 2):
        put(another(number))
    withdraw(put, another(2))
    withdraw(put, another(9))
    sender(app, "other")(another(4))
    held, path = [], "/holdings"
    while path:
        page = put(None, "get", path).json
        held += page["holdings"]
        path = f"/holdings?cursor={page['next']}" if "next" in page else None
    assert [(one["outer_id"], one["state"]) for one in held] == [
        ("claim-1", "accepted"),
        ("claim-2", "withdrawn"),
        ("claim-3", "accepted"),
        ("claim-9", "withdrawn"),
    ]
    assert held[0]["claim_hash"] == digest_of(another(1))


def test_the_ledger_binds_each_row_to_the_one_before(app, put):
    put(CLAIM)
    withdraw(put)
    put(another(2))
    before = "0" * 64
    entries = app.test_client().get("/ledger", base_url=URL).json["entries"]
    assert [one["decision"] for one in entries] == ["accepted", "withdrawn", "accepted"]
    for one in entries:
        names = ("at", "decision", "client_id", "outer_id", "bank_id", "claim_hash")
        content = [before, *(one[name] for name in names)]
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        assert hashlib.sha256(text.encode()).hexdigest() == one["hash"]
        before = one["hash"]


# --- catalogue and learners


@pytest.fixture
def strict(tmp_path):
    (tmp_path / "units.yaml").write_text(yaml.safe_dump(UNITS))
    (tmp_path / "learners.yaml").write_text(yaml.safe_dump(LEARNERS))
    app = bank_app(
        tmp_path,
        catalogue=read_catalogue(tmp_path / "units.yaml"),
        learners=read_learners(tmp_path / "learners.yaml"),
    )
    yield app
    app.extensions["bank"].close()


def test_only_recognised_units_and_known_learners_are_credited(strict):
    put = sender(strict, "lrs")
    identifier = f"account:{URL}|L-1"
    known = another(1, learner__identifier=identifier)
    for claim, reason in (
        (another(2, unit__code="X"), "catalogue"),
        (another(3, unit__credits=2), "catalogue"),
        (another(4), "account"),
        (another(5, learner__identifier=identifier, learner__name="别人"), "account"),
        (known, None),
    ):
        content = read(put(claim), strict)
        assert (reason or "None") in str(content["reason"])
    listed = put(None, "get", "/units").json
    assert listed["units"] == UNITS


def test_a_learner_is_found_by_name_and_document_together(strict):
    put = sender(strict, "lrs", "learners.read")
    good = {"name": "王小明", "document": {"type": "resident", "number": "310101"}}
    assert put(good, path="/learners/lookup").json == {"learner": "L-1"}
    for wrong in (
        {**good, "name": "王大明"},
        {**good, "document": {"type": "passport", "number": "310101"}},
        {**good, "document": {"type": "resident", "number": "310102"}},
    ):
        assert put(wrong, path="/learners/lookup").status_code == 404
    assert sender(strict, "lrs", "claims.read")(good, path="/learners/lookup").status_code == 403


@pytest.mark.parametrize("text", ["- 7", "[", "{}", "- {code: x}"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, text):
    (tmp_path / "units.yaml").write_text(text)
    with pytest.raises(SettingsError, match=r"units\.yaml"):
        read_catalogue(tmp_path / "units.yaml")


# --- the contract


def test_the_description_is_of_what_there_is(app):
    described = app.test_client().get("/openapi.json", base_url=URL).json
    assert described["openapi"] == "3.1.0"
    routes = {
        (rule.rule.replace("<", "{").replace(">", "}"), method.lower())
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    told = {(path, method) for path, methods in described["paths"].items() for method in methods}
    sandbox = {"/", "/ledger", "/faults", "/openapi.json", "/healthz", "/static/{path:filename}"}
    assert told == {
        (path, method)
        for path, method in routes
        if path not in sandbox and not path.startswith(("/.well-known", "/oauth"))
    }
    assert "SubmitAnswer" in described["components"]["schemas"]


# --- faults


def test_the_same_seed_meets_the_same_faults():
    faults = parse_faults(dict.fromkeys(FAULTS, "0.3"))
    first, again = ([dial.draw() for _ in range(50)] for dial in (Dial(faults, 7), Dial(faults, 7)))
    assert first == again
    assert [Dial(faults, 8).draw() for _ in range(50)] != first
    met = {name for drawn in first for name in drawn}
    assert met == set(FAULTS)


def test_faults_are_read_and_what_is_none_is_refused():
    faults = parse_faults({"latency": "0.5:2", "500": "", "429": "1"})
    assert (faults["latency"].chance, faults["latency"].amount) == (0.5, 2)
    assert (faults["500"].chance, faults["429"].amount) == (1, 1)
    for wrong in ({"fire": "1"}, {"500": "2"}, {"500": "-1"}, {"500": "often"}, {"latency": "1:x"}):
        with pytest.raises(FaultError):
            parse_faults(wrong)


def test_the_dial_is_turned_at_run_time(app, put):
    client = app.test_client()

    def turn(**faults):
        return client.put("/faults", base_url=URL, json={"faults": faults, "seed": 3})

    assert turn(**{"500": "1"}).status_code == 200
    assert put(CLAIM).status_code == 500
    assert client.get("/healthz", base_url=URL).status_code == 200
    assert turn(**{"429": "1:17"}).status_code == 200
    refused = put(CLAIM)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "17")
    turn()
    first = put(CLAIM)
    assert first.status_code == 201
    turn(**{"wrong-signature": "1"})
    with pytest.raises(Exception, match="bad_signature"):
        read(put(CLAIM), app)
    turn(**{"clock-skew": "1:60"})
    ahead = read(put(another(2)), app)["iat"]
    turn()
    assert ahead >= read(put(another(3)), app)["iat"] + 55
    assert put(CLAIM).json == first.json
    assert turn(fire="1").status_code == 400
    assert client.put("/faults", base_url=URL, json=[]).status_code == 400
    assert client.get("/faults", base_url=URL).json["faults"] == {}
