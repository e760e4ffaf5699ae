"""Claims to a bank: over HTTP to a real bank process, and to servers that misbehave."""

import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from datetime import timedelta

import msgspec
import pytest
from joserfc import jws
from joserfc.jwk import RSAKey

from adapters.credit_bank import ReceiptClaims, ReceiptError, verify_receipt
from adapters.oauth import ClientCredentials, client_assertion
from adapters.outbound import Receiver, Refused, Unavailable, Unproven, outbound_adapters
from adapters.outbound_http import OutboundHttp
from lrs.bank.claims import sign_receipt
from schemas.claims import ClaimPayload, IdentityDocument, claim_hash
from tests.bank_process import BankProcess, client_key, write_jwks
from tests.unit.test_bank_authorization import part
from tests.unit.test_bank_claims import CLAIM, another
from tests.unit.test_oauth_client import ScriptedServer, granting

KEY = client_key()
BANK_KEY = client_key("receipt-1")


def claim_of(content):
    return msgspec.convert(content, ClaimPayload)


def connect(receiver):
    return outbound_adapters()["credit_bank"].connect(receiver)


# --- the whole way, with a real bank process


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bank")
    jwks = write_jwks(folder / "jwks.json", KEY)
    with BankProcess(folder, {"lrs": jwks, "other": jwks}) as bank:
        yield bank


@pytest.fixture
def connection(bank):
    connection = connect(bank.receiver("lrs", KEY))
    yield connection
    connection.close()


def test_a_claim_is_accepted_with_a_verified_receipt(bank, connection):
    claim = claim_of(another(1))
    receipt = connection.submit(claim)
    assert (receipt.decision, receipt.reason, receipt.issuer) == ("accepted", None, bank.url)
    assert receipt.claim_hash == claim_hash(claim)
    assert abs(receipt.issued_at.timestamp() - time.time()) < 60
    assert receipt.outer_id == claim.outer_id and receipt.bank_id


def test_putting_a_claim_again_gives_the_same_receipt(bank, connection):
    claim = claim_of(another(2))
    first = connection.submit(claim)
    assert connection.submit(claim) == first
    later = connect(bank.receiver("lrs", KEY))
    assert later.submit(claim) == first
    later.close()


def test_a_bank_that_credited_the_unit_before_rejects(connection):
    connection.submit(claim_of(another(3)))
    receipt = connection.submit(claim_of(another(3, outer_id="claim-3-again")))
    assert (receipt.decision, receipt.reason) == ("rejected", "already credited")


def test_other_content_under_a_used_outer_id_is_refused_with_the_banks_words(connection):
    connection.submit(claim_of(another(4)))
    with pytest.raises(Refused, match=r"409.*claim-4.*another content"):
        connection.submit(claim_of(another(4, score=0.1)))


def test_a_claim_that_breaks_a_rule_is_refused_with_path_and_rule(connection):
    with pytest.raises(Refused, match=r"400.*\$\.learner\.identifier"):
        connection.submit(claim_of(another(5, learner__identifier="e-17")))


def test_a_client_that_the_bank_does_not_know_is_told_to_register(bank):
    for client_id, key in (
        ("stranger", KEY),
        ("lrs", client_key("unknown")),
        ("lrs", client_key()),
    ):
        connection = connect(bank.receiver(client_id, key))
        with pytest.raises(Unavailable, match="registered") as caught:
            connection.submit(claim_of(another(6)))
        assert "eyJ" not in str(caught.value)
        connection.close()


def test_an_assertion_is_replayed_in_vain(bank):
    http = OutboundHttp()
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": client_assertion(bank.url, "lrs", KEY),
    }
    assert http.request("POST", f"{bank.url}/oauth/token", body=form).status == 200
    again = http.request("POST", f"{bank.url}/oauth/token", body=form)
    assert (again.status, json.loads(again.body)["error"]) == (400, "invalid_client")
    http.close()


def test_one_client_gets_token_after_token(bank):
    http = OutboundHttp()
    account = ClientCredentials(http, bank.url, "lrs", KEY, "claims.write")
    tokens = [account.token()]
    for _ in range(3):
        tokens.append(account.token(instead_of=tokens[-1]))
    assert len(set(tokens)) == 4
    http.close()


def test_the_bank_may_keep_its_clients_keys_at_an_address(tmp_path):
    server = ScriptedServer()
    server.script["GET /jwks.json"] = (200, {}, {"keys": [KEY.as_dict(private=False)]})
    with BankProcess(tmp_path, {"lrs": f"{server.url}/jwks.json"}) as bank:
        connection = connect(bank.receiver("lrs", KEY))
        assert connection.submit(claim_of(CLAIM)).decision == "accepted"
        connection.close()
        # A redirect at the address of the keys is not followed.
        server.script["GET /evil.json"] = (200, {}, {"keys": []})
        server.script["GET /jwks.json"] = (302, {"Location": "/evil.json"}, b"")
        stranger = connect(bank.receiver("lrs", client_key("new")))
        with pytest.raises(Unavailable):
            stranger.submit(claim_of(CLAIM))
        stranger.close()
        assert not server.calls("GET /evil.json")
    server.close()


def test_what_was_committed_survives_a_power_cut_and_is_answered_alike(tmp_path):
    with BankProcess(tmp_path, {"lrs": write_jwks(tmp_path / "jwks.json", KEY)}) as bank:
        http = OutboundHttp()
        token = ClientCredentials(http, bank.url, "lrs", KEY, "claims.write").token()
        body = msgspec.json.encode(claim_of(CLAIM))
        # A client that sends and never reads: it cannot have seen the answer.
        with socket.create_connection(("127.0.0.1", bank.port)) as client:
            client.sendall(
                f"POST /claims HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
            committed = _first_receipt(bank.data / "bank.db")
            bank.kill()
        bank.start()
        connection = connect(bank.receiver("lrs", KEY))
        assert connection.submit(claim_of(CLAIM)).jws == committed
        connection.close()
        http.close()


def _first_receipt(path):
    deadline = time.monotonic() + 20
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as books:
        while time.monotonic() < deadline:
            if row := books.execute("SELECT receipt FROM claim").fetchone():
                return row[0]
    raise AssertionError("the claim was not committed")


def test_a_bank_that_is_down_is_unavailable_and_up_again_is_used_again(tmp_path):
    with BankProcess(tmp_path, {"lrs": write_jwks(tmp_path / "jwks.json", KEY)}) as bank:
        connection = connect(bank.receiver("lrs", KEY))
        connection.submit(claim_of(CLAIM))
        bank.stop()
        with pytest.raises(Unavailable, match="cannot be reached"):
            connection.submit(claim_of(another(2)))
        bank.start()
        assert connection.submit(claim_of(another(2))).decision == "accepted"
        connection.close()
        assert bank.log.splitlines() == [bank.log.splitlines()[0]] * 2, "one line a start"
        assert bank.url in bank.log


def test_a_bank_with_new_keys_is_followed(tmp_path):
    with BankProcess(tmp_path, {"lrs": write_jwks(tmp_path / "jwks.json", KEY)}) as bank:
        connection = connect(bank.receiver("lrs", KEY))
        connection.submit(claim_of(CLAIM))
        bank.stop()
        (bank.data / "bank-keys.json").unlink()
        bank.start()
        # Our token is of the old key (401, renewed) and the receipt of a key not seen before.
        assert connection.submit(claim_of(another(2))).decision == "accepted"
        connection.close()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--client=lrs"], "ID=JWKS_URL_OR_FILE"),
        ([], "--client"),
        (["--client=lrs=http://bank.example/jwks"], "https"),
        (["--client=lrs=/nowhere.json"], "nowhere"),
        (["--client=lrs=https://a.example/j", "--client=lrs=https://b.example/j"], "twice"),
        (["--client=lrs=https://a.example/j", "--host=0.0.0.0"], "this machine"),
    ],
)
def test_the_command_says_in_a_line_what_is_wrong(tmp_path, options, said):
    command = [sys.executable, "-c", "from lrs.cli import main; main()", "bank"]
    ran = subprocess.run(
        [*command, f"--data={tmp_path}", *options],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "COLUMNS": "300"},
    )
    assert ran.returncode != 0
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr


# --- receipts that prove nothing


def content_of(claim, **change):
    content = {
        "iss": "https://bank.example",
        "iat": int(time.time()),
        "sub": claim.outer_id,
        "outer_id": claim.outer_id,
        "bank_id": "CB-1",
        "decision": "accepted",
        "claim_hash": claim_hash(claim),
        **change,
    }
    return {name: value for name, value in content.items() if value is not None}


def signed(content, key=BANK_KEY, **header):
    header = {"alg": "ES256", "typ": "receipt+jwt", "kid": key.kid, **header}
    header = {name: value for name, value in header.items() if value is not None}
    return jws.serialize_compact(header, json.dumps(content), key, [header["alg"]])


def verify(receipt, claim):
    keys = {BANK_KEY.kid: BANK_KEY}
    return verify_receipt(receipt, claim, "https://bank.example", keys.get)


def test_a_good_receipt_is_read_in_full():
    claim = claim_of(CLAIM)
    jws_text = signed(content_of(claim, decision="rejected", reason="already credited"))
    receipt = verify(jws_text, claim)
    assert (receipt.decision, receipt.reason, receipt.bank_id, receipt.jws) == (
        "rejected",
        "already credited",
        "CB-1",
        jws_text,
    )


def test_the_banks_own_signing_is_what_the_adapter_reads():
    claim = claim_of(CLAIM)
    content = msgspec.convert(content_of(claim), ReceiptClaims)
    assert verify(sign_receipt(content, BANK_KEY), claim).decision == "accepted"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"iss": "https://other.example"}, "issued by"),
        ({"iss": None}, "form"),
        ({"outer_id": "claim-2"}, "for the claim"),
        ({"sub": "claim-2"}, "for the claim"),
        ({"claim_hash": "0" * 64}, "claim_hash"),
        ({"claim_hash": None}, "form"),
        ({"iat": int(time.time()) + 3600}, "future"),
        ({"iat": 10**18}, "not a time"),
        ({"iat": -1}, "not a time"),
        ({"iat": "2026"}, "form"),
        ({"decision": "maybe"}, "form"),
        ({"decision": None}, "form"),
        ({"bank_id": ""}, "bank_id"),
    ],
)
def test_a_receipt_about_something_else(change, why):
    claim = claim_of(CLAIM)
    with pytest.raises(ReceiptError, match=why):
        verify(signed(content_of(claim, **change)), claim)


def test_a_receipt_from_before_the_achievement():
    claim = claim_of(CLAIM)
    early = int((claim.achieved_at - timedelta(hours=1)).timestamp())
    with pytest.raises(ReceiptError, match="before"):
        verify(signed(content_of(claim, iat=early)), claim)


def test_a_receipt_for_another_content_of_the_claim():
    with pytest.raises(ReceiptError, match="claim_hash"):
        verify(
            signed(content_of(claim_of(CLAIM))), msgspec.structs.replace(claim_of(CLAIM), score=1)
        )


def test_a_forged_signature():
    claim = claim_of(CLAIM)
    good = signed(content_of(claim))
    header, payload, signature = good.split(".")
    rsa = RSAKey.generate_key(2048, {"kid": BANK_KEY.kid})
    other = signed(content_of(claim, bank_id="CB-2")).split(".")[1]
    forgeries = {
        "not the bank's": [
            signed(content_of(claim), client_key(BANK_KEY.kid)),
            f"{header}.{other}.{signature}",
            f"{header}.{payload}.",
            f"{header}.{payload}.{signature[:-4]}",
        ],
        "does not publish": [
            signed(content_of(claim), client_key("unknown")),
            signed(content_of(claim), kid=None),
        ],
        "type": [
            signed(content_of(claim), typ=None),
            signed(content_of(claim), typ="at+jwt"),
            signed(content_of(claim), typ="JWT"),
        ],
        "ES256": [
            signed(content_of(claim), rsa, alg="RS256"),
            *(
                f"{part({'alg': alg, 'typ': 'receipt+jwt', 'kid': BANK_KEY.kid})}.{payload}.{tail}"
                for alg in ("none", "None", "HS256", "ES384", "", None)
                for tail in ("", signature)
            ),
        ],
        "not a compact JWS": [
            "",
            "a",
            "..",
            "a.b.c",
            f"{part(['alg'])}.{payload}.{signature}",
            "é.é.é",
            "\ud800",
        ],
    }
    for why, receipts in forgeries.items():
        for receipt in receipts:
            with pytest.raises(ReceiptError, match=why):
                verify(receipt, claim)
    assert verify(good, claim)


# --- banks that misbehave


@pytest.fixture
def server():
    server = ScriptedServer()
    server.speak_oauth()
    server.script["POST /token"] = granting("t1", "t2")
    server.script["GET /jwks"] = (200, {}, {"keys": [BANK_KEY.as_dict(private=False)]})
    yield server
    server.close()


def receiver(server):
    return Receiver(name="Bank", url=server.url, client_id="lrs", client_key=KEY)


@pytest.fixture
def to_server(server):
    connection = connect(receiver(server))
    yield connection
    connection.close()


def answering(server, key=BANK_KEY, **change):
    return lambda headers, body: (
        201,
        {},
        {
            "receipt": signed(
                content_of(msgspec.json.decode(body, type=ClaimPayload), iss=server.url, **change),
                key,
            )
        },
    )


def test_connecting_makes_no_request(server):
    connect(receiver(server)).close()
    assert server.seen == []


def test_a_forged_receipt_is_refused_in_words(server, to_server):
    server.script["POST /claims"] = answering(server, claim_hash="0" * 64)
    with pytest.raises(Unproven, match=r"^Bank sent a receipt that proves nothing: .*claim_hash"):
        to_server.submit(claim_of(CLAIM))


def test_an_unknown_kid_loads_the_banks_keys_once_more(server, to_server):
    server.script["POST /claims"] = answering(server)
    to_server.submit(claim_of(CLAIM))
    assert len(server.calls("GET /jwks")) == 1
    to_server.submit(claim_of(CLAIM))
    assert len(server.calls("GET /jwks")) == 1
    server.script["POST /claims"] = answering(server, client_key("unknown"))
    with pytest.raises(Unproven, match="does not publish"):
        to_server.submit(claim_of(CLAIM))
    assert len(server.calls("GET /jwks")) == 2


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("where", ["POST /claims", "POST /token", "GET /jwks"])
def test_a_bank_that_cannot_now_is_unavailable(server, to_server, status, where):
    server.script["POST /claims"] = answering(server)
    server.script[where] = (status, {"Retry-After": "120"}, b"")
    with pytest.raises(Unavailable) as caught:
        to_server.submit(claim_of(CLAIM))
    assert caught.value.retry_after == 120


@pytest.mark.parametrize("status", [400, 403, 404, 409, 413, 422])
def test_a_refusal_is_passed_on_in_one_line(server, to_server, status):
    problem = {
        "title": "t",
        "detail": "no\nsuch\x1b[31m unit",
        "errors": [{"path": "$.unit", "rule": "known"}],
    }
    server.script["POST /claims"] = (status, {}, problem)
    with pytest.raises(Refused) as caught:
        to_server.submit(claim_of(CLAIM))
    message = str(caught.value)
    assert str(status) in message and "$.unit: known" in message and "such" in message
    assert message.isprintable()


def test_a_refusal_without_words(server, to_server):
    server.script["POST /claims"] = (403, {}, b"<html>")
    with pytest.raises(Refused, match="status 403"):
        to_server.submit(claim_of(CLAIM))


def test_401_is_met_with_one_new_token_then_unavailable(server, to_server):
    server.script["POST /claims"] = (401, {}, b"")
    with pytest.raises(Unavailable) as caught:
        to_server.submit(claim_of(CLAIM))
    sent = [headers["Authorization"] for headers, _ in server.calls("POST /claims")]
    assert sent == ["Bearer t1", "Bearer t2"]
    assert "t1" not in str(caught.value) and "t2" not in str(caught.value)


@pytest.mark.parametrize("where", ["POST /claims", "POST /token", "GET /jwks"])
def test_a_redirect_carries_nothing_elsewhere(server, to_server, where):
    server.script["POST /claims"] = answering(server)
    server.script[where] = (307, {"Location": f"{server.url}/elsewhere"}, b"")
    with pytest.raises(Refused, match="redirect"):
        to_server.submit(claim_of(CLAIM))
    assert not any("elsewhere" in name for name, _, _ in server.seen)


@pytest.mark.parametrize("answer", [b"", b"{}", b"[]", b'{"receipt": 7}', b'{"receipt": "x"}'])
def test_an_answer_without_a_receipt_is_refused(server, to_server, answer):
    server.script["POST /claims"] = (201, {}, answer)
    with pytest.raises((Refused, Unproven)):
        to_server.submit(claim_of(CLAIM))


def test_a_bank_off_this_machine_must_be_https():
    bank = Receiver(name="B", url="http://bank.example", client_id="lrs", client_key=KEY)
    connection = connect(bank)
    with pytest.raises(Refused, match="https"):
        connection.submit(claim_of(CLAIM))
    connection.close()


def test_a_broken_connection_is_unavailable(server, to_server):
    server.script["POST /claims"] = (201, {"Content-Length": "99", "Connection": "close"}, b"{")
    with pytest.raises(Unavailable):
        to_server.submit(claim_of(CLAIM))


def test_the_client_key_is_not_shown(server):
    assert KEY.as_dict(private=True)["d"] not in repr(receiver(server))


# --- withdrawals, books and look-ups


def withdrawn(server, **change):
    return lambda headers, body: (
        201,
        {},
        {
            "receipt": signed(
                content_of(claim_of(CLAIM), iss=server.url, decision="withdrawn", **change)
            )
        },
    )


WITHDRAWAL = "POST /claims/claim-1/withdrawal"


def test_a_withdrawal_is_proved_by_its_own_receipt(server, to_server):
    server.script[WITHDRAWAL] = withdrawn(server, reason="revoked")
    receipt = to_server.withdraw(claim_of(CLAIM), "revoked")
    assert (receipt.decision, receipt.reason) == ("withdrawn", "revoked")
    sent = json.loads(server.calls(WITHDRAWAL)[0][1])
    assert sent["claim_hash"] == claim_hash(claim_of(CLAIM))


def test_the_acceptance_replayed_proves_no_withdrawal(server, to_server):
    acceptance = signed(content_of(claim_of(CLAIM), iss=server.url))
    server.script[WITHDRAWAL] = (200, {}, {"receipt": acceptance})
    with pytest.raises(Unproven, match="withdrawal"):
        to_server.withdraw(claim_of(CLAIM), "revoked")


def test_a_withdrawal_replayed_proves_no_acceptance(server, to_server):
    server.script["POST /claims"] = withdrawn(server)
    with pytest.raises(Refused, match="withdrawn"):
        to_server.submit(claim_of(CLAIM))


def test_the_receipt_of_another_claim_replayed_proves_nothing(server, to_server):
    other = signed(content_of(claim_of(another(2)), iss=server.url))
    server.script["POST /claims"] = (200, {}, {"receipt": other})
    with pytest.raises(Unproven, match="for the claim"):
        to_server.submit(claim_of(CLAIM))


def test_a_receipt_is_taken_under_pinned_keys_alone(server):
    server.script["POST /claims"] = answering(server)
    for pinned, good in (([BANK_KEY.thumbprint()], True), (["another"], False)):
        connection = connect(
            Receiver(
                name="Bank",
                url=server.url,
                client_id="lrs",
                client_key=KEY,
                settings={"pinned_keys": pinned},
            )
        )
        if good:
            assert connection.submit(claim_of(CLAIM)).decision == "accepted"
        else:
            with pytest.raises(Unproven, match="pinned_keys"):
                connection.submit(claim_of(CLAIM))
        connection.close()


def test_settings_that_cannot_be_used_are_refused(server):
    for settings in ({"surplus": 1}, {"oauth": {"method": "none"}}, {"mapping": {}}):
        with pytest.raises(Refused, match="Bank: its"):
            connect(
                Receiver(
                    name="Bank",
                    url=server.url,
                    client_id="lrs",
                    client_key=KEY,
                    settings=settings,
                )
            )


def test_the_status_of_a_claim_is_proved_or_there_is_none(server, to_server):
    assert to_server.status(claim_of(CLAIM)) is None
    receipt = signed(content_of(claim_of(CLAIM), iss=server.url))
    server.script["GET /claims/claim-1"] = (200, {}, {"receipt": receipt})
    assert to_server.status(claim_of(CLAIM)).jws == receipt
    server.script["GET /claims/claim-1"] = (200, {}, {"receipt": receipt[:-8] + "AAAAAAAA"})
    with pytest.raises(Unproven, match="not the bank's"):
        to_server.status(claim_of(CLAIM))


def held(outer_id):
    return {"outer_id": outer_id, "bank_id": "B", "state": "accepted", "claim_hash": "h"}


def test_books_are_read_page_by_page(server, to_server):
    server.script["GET /holdings"] = (200, {}, {"holdings": [held("a")], "next": "x y"})
    server.script["GET /holdings?cursor=x%20y"] = (200, {}, {"holdings": [held("b")]})
    assert [one.outer_id for one in to_server.holdings()] == ["a", "b"]


@pytest.mark.parametrize(
    "page",
    [
        {"holdings": [held("b")], "next": "x"},
        {"holdings": [held("a")]},
        {"holdings": 7},
        {"holdings": [{"outer_id": "c"}]},
    ],
)
def test_books_out_of_order_in_a_circle_or_of_another_form_are_refused(server, to_server, page):
    server.script["GET /holdings"] = (200, {}, {"holdings": [held("a")], "next": "x"})
    server.script["GET /holdings?cursor=x"] = (200, {}, page)
    with pytest.raises(Refused):
        list(to_server.holdings())


def test_a_learner_that_the_bank_does_not_know_is_refused_without_the_number(server, to_server):
    document = IdentityDocument(type="resident", number="310101199001011234")
    server.script["POST /learners/lookup"] = (404, {}, {"detail": "nobody"})
    with pytest.raises(Refused) as caught:
        to_server.look_up("王小明", document)
    assert "3101" not in str(caught.value)
    server.script["POST /learners/lookup"] = (200, {}, {"learner": "L-1"})
    assert to_server.look_up("王小明", document) == f"account:{server.url}|L-1"
