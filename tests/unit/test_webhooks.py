"""Webhooks: told once of each fact, signed, and to public addresses alone."""

import ipaddress
import json
import socket
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters import public_addresses
from adapters.outbound import Refused, Unavailable
from adapters.outbound_http import OutboundHttp, Unacceptable
from adapters.public_addresses import is_allowed
from adapters.webhook_signature import SignatureError, new_secret, signed_headers, verify
from lrs.app import create_app
from lrs.exchange.notifier import Notifier
from lrs.settings import Settings, SettingsError
from lrs.store.achievements import Evaluation
from schemas.facts import Fact
from schemas.webhooks import notification_of
from tests.contract.test_exchange import BANK, DUE, achievement, claim
from tests.unit.test_oauth_client import ScriptedServer
from tests.unit.test_statement_resource import signed_in

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


# --- signatures


def test_a_message_is_verified_by_its_secret_and_time():
    secret, body = new_secret(), b'{"type":"accepted"}'
    headers = signed_headers("w.fact-1", 1000, body, [new_secret(), secret])
    assert verify(headers, body, secret, 1000) == "w.fact-1"
    for wrong, given_body, now, change in (
        (new_secret(), body, 1000, {}),
        (secret, body + b" ", 1000, {}),
        (secret, body, 1301, {}),
        (secret, body, 699, {}),
        (secret, body, 1000, {"webhook-id": "w.fact-2"}),
        (secret, body, 1001, {"webhook-timestamp": "1001"}),
        (secret, body, 1000, {"webhook-signature": ""}),
        (secret, body, 1000, {"webhook-timestamp": "now"}),
    ):
        with pytest.raises(SignatureError):
            verify({**headers, **change}, given_body, wrong, now)


def test_the_vector_of_standard_webhooks():
    # From the specification's reference libraries.
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    headers = signed_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body, [secret])
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-signature"] == expected


def test_a_notification_holds_ids_and_nothing_personal():
    fact = Fact(
        seq=7,
        at=0,
        kind="verified",
        subject="a1",
        body={"persona": "p1", "unit": "U1", "version": 1, "score": 0.4, "evidence": {"s": "h"}},
    )
    told = notification_of(fact)
    assert told.id == "fact-7"
    assert told.data == {"persona": "p1", "unit": "U1", "version": 1}


# --- addresses


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_private_addresses_in_every_disguise(address, allowed):
    assert is_allowed(ipaddress.ip_address(address), ()) is allowed


@given(st.ip_addresses(v=4))
def test_an_address_in_a_given_network_is_allowed_mapped_too(address):
    networks = [ipaddress.ip_network(f"{address}/32")]
    assert is_allowed(address, networks)
    assert is_allowed(ipaddress.ip_address(f"::ffff:{address}"), networks)


@pytest.fixture
def server():
    server = ScriptedServer()
    server.script["POST /hook"] = (204, {}, b"")
    yield server
    server.close()


def test_nothing_is_sent_to_a_private_address_under_any_name(server, monkeypatch):
    http = OutboundHttp(networks=())
    with pytest.raises(Unacceptable, match="not a public address"):
        http.request("POST", f"{server.url}/hook")
    real = socket.getaddrinfo
    monkeypatch.setattr(
        public_addresses.socket,
        "getaddrinfo",
        lambda host, *rest, **more: real("127.0.0.1", *rest, **more),
    )
    with pytest.raises(Unacceptable, match="not a public address"):
        http.request("POST", f"https://bank.example:{server.url.rpartition(':')[2]}/hook")
    assert server.seen == []
    http.close()


def test_the_connection_goes_to_the_address_that_was_checked(server, monkeypatch):
    """A name that resolves to a public address first and to a private one then gains nothing."""
    asked = []
    real = socket.getaddrinfo

    def resolve(host, *rest, **more):
        asked.append(host)
        return real("127.0.0.1" if len(asked) > 1 else "127.0.0.2", *rest, **more)

    monkeypatch.setattr(public_addresses.socket, "getaddrinfo", resolve)
    connected = []
    make = public_addresses.create_connection
    monkeypatch.setattr(
        public_addresses,
        "create_connection",
        lambda address, *rest, **more: connected.append(address[0]) or make(address, *rest, **more),
    )
    http = OutboundHttp(networks=[ipaddress.ip_network("127.0.0.2/32")])
    http.request("POST", f"http://localhost:{server.url.rpartition(':')[2]}/hook")
    assert connected[0] == "127.0.0.2"
    assert asked[0] == "localhost"
    http.close()


def test_networks_that_are_none_are_said_at_the_start():
    with pytest.raises(SettingsError, match="LRS_WEBHOOK_NETWORKS"):
        Settings.from_environment({"LRS_WEBHOOK_NETWORKS": "10.0.0.0/99"})


# --- the whole way


@pytest.fixture
def app(tmp_path):
    settings = Settings(data=tmp_path, public_url="http://lrs.example", webhook_networks=LOOPBACK)
    app = create_app(settings)
    yield app
    app.extensions["lrs"].close()


@pytest.fixture
def service(app):
    service = app.extensions["lrs"]
    service.credentials.ensure("admin", "s3cret", name="Administrator")
    service.client = signed_in(app, "admin", "s3cret")
    service.store.exchange.put_receiver(BANK)
    return service


def subscribe(service, url, *kinds, **rest):
    answer = service.client.post("/api/v1/webhooks", json={"url": url, "kinds": kinds, **rest})
    assert answer.status_code == 201, answer.text
    return answer.json


def verified(service, version=1):
    service.store.achievements.settle(
        [Evaluation(due=DUE, achievement=achievement(version=version), claims=[])]
    )


def notifications(service):
    while service.store.webhooks.fan_out(100):
        pass
    return [
        one for one in service.store.outbox.lease(10, 60) if one.destination.startswith("webhook:")
    ]


@pytest.fixture
def notifier(service):
    return Notifier(
        service.store.webhooks, service.store.organisations, service.root_secret, LOOPBACK
    )


def test_a_subscriber_is_told_of_what_happens_from_now_on_once(service, server, notifier):
    verified(service)
    made = subscribe(service, f"{server.url}/hook", "verified")
    assert notifications(service) == []
    verified(service, 2)
    (delivery,) = notifications(service)
    notifier.send(delivery)
    assert service.store.outbox.delivered(delivery)
    assert notifications(service) == []
    ((headers, body),) = server.calls("POST /hook")
    headers = {name.lower(): value for name, value in headers.items()}
    assert verify(headers, body, made["secret"], time.time()).startswith(made["id"])
    assert json.loads(body)["subject"] == "a2"
    assert json.loads(body)["format"] == "notification/1"


def test_other_facts_are_not_told(service, server):
    subscribe(service, f"{server.url}/hook", "revoked")
    verified(service)
    assert notifications(service) == []


def test_a_second_attempt_has_the_same_id_and_another_time(service, server, notifier, monkeypatch):
    made = subscribe(service, f"{server.url}/hook", "verified")
    verified(service)
    (delivery,) = notifications(service)
    server.script["POST /hook"] = (500, {"Retry-After": "7"}, b"")
    with pytest.raises(Unavailable) as caught:
        notifier.send(delivery)
    assert caught.value.retry_after == 7
    now = time.time()
    monkeypatch.setattr("lrs.exchange.notifier.time.time", lambda: now + 60)
    server.script["POST /hook"] = (200, {}, b"")
    notifier.send(delivery)
    first, second = (headers for headers, _ in server.calls("POST /hook"))
    assert first["webhook-id"] == second["webhook-id"]
    assert first["webhook-timestamp"] != second["webhook-timestamp"]
    assert made["secret"] not in str(server.seen)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((302, {"Location": "http://127.0.0.1/elsewhere"}, b""), Refused),
        ((400, {}, b""), Unavailable),
        ((404, {}, b""), Unavailable),
    ],
)
def test_what_is_no_success_is_not_taken_for_one(service, server, notifier, answer, error):
    subscribe(service, f"{server.url}/hook", "verified")
    verified(service)
    (delivery,) = notifications(service)
    server.script["POST /hook"] = answer
    with pytest.raises(error):
        notifier.send(delivery)
    assert not any("elsewhere" in name for name, _, _ in server.seen)


def test_a_subscriber_that_is_gone_is_told_nothing_more(service, server, notifier):
    made = subscribe(service, f"{server.url}/hook", "verified")
    verified(service)
    (delivery,) = notifications(service)
    server.script["POST /hook"] = (410, {}, b"")
    notifier.send(delivery)
    verified(service, 2)
    assert notifications(service) == []
    assert service.client.get(f"/api/v1/webhooks/{made['id']}").json["active"] is False


def test_a_new_secret_signs_beside_the_old_one_for_a_day(service, server, notifier, monkeypatch):
    made = subscribe(service, f"{server.url}/hook", "verified")
    renewed = service.client.post(f"/api/v1/webhooks/{made['id']}/secret").json
    assert renewed["secret"] != made["secret"]
    verified(service)
    (delivery,) = notifications(service)
    notifier.send(delivery)
    now = time.time()
    monkeypatch.setattr("lrs.exchange.notifier.time.time", lambda: now + 25 * 3600)
    notifier.send(delivery)
    (early, body), (late, _) = server.calls("POST /hook")
    verify(early, body, made["secret"], now)
    verify(early, body, renewed["secret"], now)
    verify(late, body, renewed["secret"], now + 25 * 3600)
    with pytest.raises(SignatureError):
        verify(late, body, made["secret"], now + 25 * 3600)


def test_secrets_are_not_in_the_store_in_the_clear(service, tmp_path):
    made = subscribe(service, "https://subscriber.example/hook", "accepted")
    service.store.database.read().execute("PRAGMA wal_checkpoint")
    for file in tmp_path.glob("lrs.db*"):
        assert made["secret"].removeprefix("whsec_").encode() not in file.read_bytes()


def test_subscriptions_are_listed_and_ended(service):
    one = subscribe(service, "https://a.example/hook", "verified", organisation="acme")
    subscribe(service, "https://b.example/hook", "revoked")
    listed = service.client.get("/api/v1/webhooks?organisation=acme").json["items"]
    assert [found["id"] for found in listed] == [one["id"]]
    assert "secret" not in listed[0]
    assert service.client.delete(f"/api/v1/webhooks/{one['id']}").status_code == 204
    assert service.client.delete(f"/api/v1/webhooks/{one['id']}").status_code == 404
    assert service.client.get(f"/api/v1/webhooks/{one['id']}").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"url": "http://subscriber.example/hook", "kinds": ["accepted"]},
        {"url": "https://me:secret@subscriber.example/", "kinds": ["accepted"]},
        {"url": "ftp://subscriber.example/", "kinds": ["accepted"]},
        {"url": "https://subscriber.example/hook", "kinds": []},
        {"url": "https://subscriber.example/hook", "kinds": ["merged"]},
        {"kinds": ["accepted"]},
        {
            "url": "https://subscriber.example/hook",
            "kinds": ["accepted"],
            "organisation": "acme",
        },
    ],
)
def test_a_subscription_that_cannot_be(service, body):
    answer = service.client.post("/api/v1/webhooks", json=body)
    assert answer.status_code == 400, answer.text
    assert answer.json["errors"]
    assert service.client.get("/api/v1/webhooks").json["items"] == []


def test_claims_are_told_of_too(service, server):
    subscribe(service, f"{server.url}/hook", "claimed")
    service.store.achievements.settle(
        [Evaluation(due=DUE, achievement=achievement(), claims=[claim()])]
    )
    (delivery,) = notifications(service)
    assert json.loads(delivery.body)["data"] == {"achievement": "a1", "receiver": "bank"}
