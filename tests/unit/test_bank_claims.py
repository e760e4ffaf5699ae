import json
import sqlite3
import threading

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws

from lrs.bank.app import create_app
from lrs.bank.claims import ClaimError, decode_claim, reason_to_reject
from lrs.bank.page import PAGE_SIZE
from lrs.bank.settings import BankSettings
from lrs.store.errors import StoreError
from schemas.claims import ClaimPayload, claim_hash
from tests.bank_process import client_key, write_jwks

URL = "http://127.0.0.1:9090"
CLAIM = {
    "format": "claim/1",
    "outer_id": "claim-1",
    "kind": "training",
    "learner": {"name": "王小明", "identifier": "account:https://hr.example|e-17"},
    "unit": {
        "code": "OUC-2031",
        "version": 2,
        "title": {"en": "Safe driving", "zh-CN": "安全驾驶"},
        "field": "transport",
        "level": 4,
        "credits": 3,
        "hours": 48,
        "awarding_body": "OUC training centre",
    },
    "institution": "OUC training centre",
    "achieved_at": "2026-03-02T16:00:00+08:00",
    "score": 0.91,
    "evidence_hash": "0a" * 32,
}


def changed(path, value, claim=CLAIM):
    """Return the claim with the member at a dotted path set, or gone where the value is None."""
    copy = json.loads(json.dumps(claim))
    *parents, last = path.split(".")
    inner = copy
    for name in parents:
        inner = inner[name]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return copy


def another(number, **changes):
    """Return a claim of another learner."""
    claim = changed("outer_id", f"claim-{number}")
    claim = changed("learner.identifier", f"mbox:mailto:l{number}@example.cn", claim)
    for path, value in changes.items():
        claim = changed(path.replace("__", "."), value, claim)
    return claim


@pytest.fixture
def app(tmp_path):
    jwks = write_jwks(tmp_path / "jwks.json", client_key())
    app = create_app(
        BankSettings(data=tmp_path / "data", url=URL, clients={"lrs": jwks, "other": jwks})
    )
    yield app
    app.extensions["bank"].close()


@pytest.fixture
def put(app):
    return sender(app, "lrs")


def sender(app, client_id, scope="claims.write claims.read"):
    client = app.test_client()
    token = token_of(app, client_id, scope)

    def put(claim, method="post", path="/claims", **rest):
        rest = {"json": claim, **rest} if claim is not None else rest
        headers = {"Authorization": f"Bearer {token}"}
        return getattr(client, method)(path, base_url=URL, headers=headers, **rest)

    return put


def token_of(app, client_id, scope):
    from lrs.bank.authorization import TokenGenerator

    bank = app.extensions["bank"]
    generator = TokenGenerator(URL, bank.keys.tokens)
    return generator("client_credentials", bank.clients[client_id], scope=scope)["access_token"]


def read(answer, app):
    key = app.extensions["bank"].keys.receipts
    receipt = jws.deserialize_compact(answer.json["receipt"], key, algorithms=["ES256"])
    assert receipt.headers() == {"alg": "ES256", "typ": "receipt+jwt", "kid": key.kid}
    return json.loads(receipt.payload)


# --- what is a claim


def test_a_claim_is_decoded_to_what_was_sent():
    claim = decode_claim(json.dumps(CLAIM).encode())
    assert claim_hash(claim) == claim_hash(msgspec.convert(CLAIM, ClaimPayload))


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        ("outer_id", None, "$"),
        ("outer_id", "", "$.outer_id"),
        ("outer_id", "a/b", "$.outer_id"),
        ("outer_id", "a" * 129, "$.outer_id"),
        ("outer_id", "a\n", "$.outer_id"),
        ("format", "claim/2", "$.format"),
        ("kind", "hobby", "$.kind"),
        ("learner", None, "$"),
        ("learner.name", None, "$.learner"),
        ("learner.name", "", "$.learner.name"),
        ("learner.name", "　 ", "$.learner.name"),
        ("learner.identifier", None, "$.learner"),
        ("learner.identifier", "e-17", "$.learner.identifier"),
        ("learner.identifier", "account:https://hr.example", "$.learner.identifier"),
        ("learner.age", 17, "$.learner"),
        ("unit.code", "", "$.unit.code"),
        ("unit.version", 0, "$.unit.version"),
        ("unit.level", "4", "$.unit.level"),
        ("unit.level", 2**53, "$.unit.level"),
        ("unit.credits", -1, "$.unit.credits"),
        ("unit.title", {}, "$.unit.title"),
        ("unit.title", {"": "x"}, "$.unit.title"),
        ("unit.title", {"en": 7}, "$.unit.title[...]"),
        ("institution", None, "$"),
        ("achieved_at", "2026-03-02T16:00:00", "$.achieved_at"),
        ("achieved_at", "yesterday", "$.achieved_at"),
        ("score", 1.01, "$.score"),
        ("evidence_hash", "0A" * 32, "$.evidence_hash"),
        ("evidence_hash", "0a" * 31, "$.evidence_hash"),
        ("surplus", 1, "$"),
    ],
)
def test_what_is_no_claim_is_refused_with_path_and_rule(put, path, value, where):
    answer = put(changed(path, value))
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"
    (error,) = answer.json["errors"]
    assert error["path"] == where
    assert error["rule"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"\xff", b"[" * 60_000])
def test_what_is_no_json_object_is_refused(put, body):
    answer = put(None, data=body, content_type="application/json")
    assert answer.status_code == 400


def test_a_body_of_another_type_or_too_large(put):
    assert put(None, data=json.dumps(CLAIM), content_type="text/plain").status_code == 415
    assert put(changed("institution", "x" * 70_000)).status_code == 413


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
    st.sampled_from(["outer_id", "learner", "unit.level", "unit.title", "achieved_at", "score"]),
)
def test_any_value_anywhere_is_a_claim_with_a_hash_or_an_error_with_a_path(value, path):
    claim = json.loads(json.dumps(CLAIM))
    *parents, last = path.split(".")
    (claim[parents[0]] if parents else claim)[last] = value
    try:
        decoded = decode_claim(json.dumps(claim).encode("utf-8", "surrogatepass"))
    except ClaimError as error:
        assert error.path.startswith("$")
    else:
        assert len(claim_hash(decoded)) == 64


def test_a_lone_surrogate_is_refused(put):
    body = json.dumps(CLAIM).replace(json.dumps("王小明"), '"\\ud800"')
    assert put(None, data=body, content_type="application/json").status_code == 400


@given(st.integers(-100, 100), st.floats(0, 100), st.booleans())
def test_the_decision_follows_the_three_rules(level, credits, credited):
    claim = changed("unit.credits", credits, changed("unit.level", level))
    reason = reason_to_reject(decode_claim(json.dumps(claim).encode()), credited)
    assert (reason is None) == (1 <= level <= 10 and credits <= 30 and not credited)


# --- what the bank answers


def test_a_new_claim_is_201_with_a_receipt_for_this_very_claim(put, app):
    answer = put(CLAIM)
    assert answer.status_code == 201
    receipt = read(answer, app)
    assert receipt["iss"] == URL
    assert receipt["outer_id"] == receipt["sub"] == "claim-1"
    assert (receipt["decision"], receipt["reason"]) == ("accepted", None)
    assert receipt["claim_hash"] == claim_hash(msgspec.convert(CLAIM, ClaimPayload))
    assert receipt["bank_id"]


def test_the_same_claim_again_is_200_with_the_same_receipt(put):
    first = put(CLAIM)
    again = put(dict(reversed(CLAIM.items())))
    assert (again.status_code, again.json) == (200, first.json)


def test_other_content_under_the_same_outer_id_is_409_and_changes_nothing(put):
    first = put(CLAIM)
    assert put(changed("score", 0.5)).status_code == 409
    assert put(None, "get", "/claims/claim-1").json == first.json


def test_credit_for_a_unit_is_given_once(put, app):
    put(CLAIM)
    answer = put(changed("outer_id", "claim-2"))
    assert answer.status_code == 201
    receipt = read(answer, app)
    assert (receipt["decision"], receipt["reason"]) == ("rejected", "already credited")
    other = sender(app, "other")(changed("outer_id", "claim-3"))
    assert read(other, app)["decision"] == "rejected", "whoever puts the claim"
    unit = changed("unit.code", "OUC-2032", changed("outer_id", "claim-4"))
    assert read(put(unit), app)["decision"] == "accepted"


def test_a_rejected_claim_gives_no_credit(put, app):
    assert read(put(changed("unit.level", 11)), app)["reason"] == "unit level is not 1 to 10"
    assert read(put(changed("outer_id", "claim-2")), app)["decision"] == "accepted"


def test_too_many_credits_are_rejected(put, app):
    assert read(put(another(1, unit__credits=30)), app)["decision"] == "accepted"
    assert read(put(another(2, unit__credits=30.5)), app)["decision"] == "rejected"


def test_bank_ids_differ(put, app):
    assert len({read(put(another(n)), app)["bank_id"] for n in range(5)}) == 5


def test_a_client_reads_its_own_claims_only(put, app):
    first = put(CLAIM)
    assert put(None, "get", "/claims/claim-1").json == first.json
    assert put(None, "get", "/claims/claim-2").status_code == 404
    assert sender(app, "other")(None, "get", "/claims/claim-1").status_code == 404


def test_two_clients_may_use_the_same_outer_id(put, app):
    put(CLAIM)
    answer = sender(app, "other")(another(2, outer_id="claim-1"))
    assert answer.status_code == 201


def test_scopes_divide_reading_from_writing(app):
    assert sender(app, "lrs", "claims.read")(CLAIM).status_code == 403
    writer = sender(app, "lrs", "claims.write")
    assert writer(CLAIM).status_code == 201
    assert writer(None, "get", "/claims/claim-1").status_code == 403


def test_many_at_once_give_one_receipt_and_one_credit(app):
    senders = [sender(app, "lrs") for _ in range(8)]
    answers, lock = [], threading.Lock()

    def work(number):
        same = senders[number](CLAIM)
        own = senders[number](changed("outer_id", f"own-{number}"))
        with lock:
            answers.append((same, own))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(same.status_code for same, _ in answers) == [200] * 7 + [201]
    assert len({same.json["receipt"] for same, _ in answers}) == 1
    decisions = [read(own, app)["decision"] for _, own in answers] + [
        read(answers[0][0], app)["decision"]
    ]
    assert sorted(decisions) == ["accepted"] + ["rejected"] * 8


# --- the file


def test_the_file_is_durable_and_indexed(app):
    store = app.extensions["bank"].store
    assert store._read("PRAGMA journal_mode") == [("wal",)]
    assert store._read("PRAGMA synchronous") == [(2,)]
    for sql in (
        "SELECT 1 FROM claim WHERE client_id = 'a' AND outer_id = 'b'",
        "SELECT 1 FROM claim WHERE learner = 'a' AND unit = 'b' AND accepted = 1 AND withdrawn = 0",
        "SELECT 1 FROM withdrawal WHERE client_id = 'a' AND outer_id = 'b'",
        "SELECT 1 FROM claim WHERE seq < 7 ORDER BY seq DESC LIMIT 51",
        "DELETE FROM assertion WHERE expires < 7",
    ):
        plan = " ".join(str(row) for row in store._read(f"EXPLAIN QUERY PLAN {sql}"))
        assert "SEARCH" in plan and "SCAN" not in plan and "TEMP B-TREE" not in plan, plan


def test_a_failure_in_the_middle_leaves_nothing(put, app, monkeypatch):
    monkeypatch.setattr("lrs.bank.app.sign_receipt", lambda *_: 1 / 0)
    assert put(CLAIM).status_code == 500
    monkeypatch.undo()
    assert put(CLAIM).status_code == 201


def test_a_file_of_a_later_version_is_not_opened(tmp_path):
    from lrs.bank.store import BankStore

    BankStore(tmp_path / "bank.db").close()
    with sqlite3.connect(tmp_path / "bank.db") as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="later version"):
        BankStore(tmp_path / "bank.db")


# --- the page


def page(app, path="/", language="en"):
    return app.test_client().get(path, base_url=URL, headers={"Accept-Language": language})


@pytest.mark.parametrize(
    ("asked", "given", "word"),
    [
        ("en", "en", "Newest"),
        ("zh-CN,zh;q=0.9,en;q=0.5", "zh-CN", "最新"),
        ("zh", "zh-CN", "最新"),
        ("fr", "en", "newest"),
        ("", "en", "newest"),
    ],
)
def test_the_page_speaks_the_readers_language(app, asked, given, word):
    answer = page(app, language=asked)
    assert answer.headers["Content-Language"] == given
    assert f'<html lang="{given}">' in answer.text
    assert word.lower() in answer.text.lower()


def test_every_text_exists_in_both_languages():
    from lrs.bank.page import TEXTS

    assert TEXTS["en"].keys() == TEXTS["zh-CN"].keys()
    assert all(TEXTS["zh-CN"].values())


def test_the_page_shows_text_as_text_under_a_strict_policy(put, app):
    put(changed("learner.name", "<script>alert(1)</script>"))
    answer = page(app)
    assert "<script" not in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert "style=" not in answer.text
    assert page(app, "/static/bank.css").status_code == 200


def test_the_page_tells_why_a_claim_was_rejected(put, app):
    put(changed("unit.level", 11))
    assert "unit level is not 1 to 10" in page(app).text
    assert "认证单元级别不在 1 到 10 之间" in page(app, language="zh-CN").text


def test_pages_follow_one_another_newest_first_without_gaps(put, app):
    import re

    total = PAGE_SIZE * 2 + 3
    for number in range(total):
        put(another(number))
    seen, path = [], "/"
    while path:
        text = page(app, path).text
        seen += [int(number) for number in re.findall(r"claim-(\d+)<", text)]
        put(another(10_000 + len(seen)))  # what comes meanwhile moves nothing
        following = re.search(r'rel="next" href="([^"]+)"', text)
        path = following and following[1]
    assert seen == list(range(total - 1, -1, -1))


@pytest.mark.parametrize(
    "cursor", ["x", "", "7", "YmVmb3JlIC0x", "YmVmb3JlIDk5OTk5OTk5OTk5OTk5OTk5OTk5", "é"]
)
def test_a_cursor_of_another_make_is_refused(app, cursor):
    assert page(app, f"/?cursor={cursor}").status_code == 400


def test_healthz(app):
    assert page(app, "/healthz").json == {"status": "ok"}
