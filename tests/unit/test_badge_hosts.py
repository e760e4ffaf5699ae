"""Credentials brought to a host of Open Badges, over real HTTP, with the learner's consent."""

import ipaddress
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from msgspec.structs import replace

from lrs.app import create_app
from lrs.exchange.work import ExchangeWork
from lrs.settings import Settings
from schemas.units import Completed
from tests.badge_host import UPSERT, badge_host
from tests.unit.test_evaluator import UNIT, publish, settle
from tests.unit.test_issuing import verified
from tests.unit.test_statement_resource import signed_in
from tests.unit.test_statement_rules import GOOD, with_

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


@pytest.fixture
def host():
    with badge_host() as (url, books):
        yield url, books


def service_of(tmp_path, networks):
    app = create_app(
        Settings(data=tmp_path, public_url="http://lrs.example", webhook_networks=networks)
    )
    service = app.extensions["lrs"]
    service.app = app
    service.credentials.ensure("admin", "s3cret", name="Administrator")
    service.credentials.ensure("other", "s3cret", name="Other administrator")
    service.client = signed_in(app, "admin", "s3cret")
    return service


@pytest.fixture
def service(tmp_path):
    service = service_of(tmp_path, LOOPBACK)
    work = ExchangeWork(service)
    service.deliveries = work.deliveries
    yield service
    work.close()
    service.close()


@pytest.fixture
def persona(service):
    publish(service)
    service.client.post("/xapi/statements", json=GOOD)
    settle(service)
    (persona,) = service.client.get("/api/v1/personas").json["items"]
    return persona["id"]


def deliver(service):
    for _ in range(40):
        if not sum(step() for step in service.deliveries):
            return


def ask(service, persona, url):
    answer = service.client.post(
        f"/api/v1/personas/{persona}/badge-links", json={"host": url, "language": "en"}
    )
    assert answer.status_code == 201, answer.json
    return answer.json


def agree(consent_url, **more):
    """As the learner's browser does: agree at the host, be sent back."""
    sent = requests.get(consent_url, params=more, allow_redirects=False, timeout=5)
    assert sent.status_code == 302, sent.text
    back = urlsplit(sent.headers["Location"])
    return f"{back.path}?{back.query}"


def link_of(service, persona):
    return service.client.get(f"/api/v1/personas/{persona}/badge-links").json["items"][0]


def linked(service, persona, url):
    asked = ask(service, persona, url)
    page = service.client.get(agree(asked["consent_url"]))
    assert page.status_code == 200, page.text
    return asked


def test_what_was_achieved_and_what_is_achieved_later_is_brought_once(service, persona, host):
    url, books = host
    asked = linked(service, persona, url)
    assert link_of(service, persona)["state"] == "agreed"
    deliver(service)
    (token,) = books.credentials.values()
    assert verified(service, token)["credentialSubject"]["achievement"]["humanCode"] == "U1"
    later = with_("object.id", "https://lms.example/later")
    publish(service, replace(UNIT, code="U2", rule=Completed(activity="https://lms.example/later")))
    service.client.post("/xapi/statements", json=later)
    settle(service)
    deliver(service)
    assert len(books.credentials) == 2
    deliver(service)
    assert asked["id"] == link_of(service, persona)["id"]


def test_only_adding_is_asked_for_with_pkce_and_a_registered_client(service, persona, host):
    url, books = host
    asked = parse_qs(urlsplit(ask(service, persona, url)["consent_url"]).query)
    assert asked["scope"] == [f"{UPSERT} offline_access"]
    assert asked["code_challenge_method"] == ["S256"]
    (client,) = books.clients.values()
    assert client.told["redirect_uris"] == ["http://lrs.example/badge-links/callback"]
    ask(service, persona, url)
    assert len(books.clients) == 1, "registered once"


def test_a_learner_who_does_not_agree_is_brought_nothing(service, persona, host):
    url, books = host
    asked = ask(service, persona, url)
    service.client.get(agree(asked["consent_url"], agree="no"))
    link = link_of(service, persona)
    assert (link["state"], "did not agree" in link["reason"]) == ("ended", True)
    deliver(service)
    assert not books.puts


def test_a_state_is_good_once_and_for_who_asked(service, persona, host):
    url, _ = host
    back = agree(ask(service, persona, url)["consent_url"])
    assert signed_in(service.app, "other", "s3cret").get(back).status_code == 400
    back = agree(ask(service, persona, url)["consent_url"])
    assert service.client.get(back).status_code == 200
    assert service.client.get(back).status_code == 400
    assert service.client.get("/badge-links/callback?state=x&code=y").status_code == 400


def test_an_access_token_is_renewed_and_a_host_that_is_down_is_tried_again(service, persona, host):
    url, books = host
    books.life, books.unavailable = 1, 1
    linked(service, persona, url)
    deliver(service)
    items = service.store.outbox.items(None, 10)
    assert [item.kind for item in items] == ["present"]
    service.store.outbox._database.write(lambda tx: tx.execute("UPDATE outbox SET due = 0"))
    service.store.outbox._database.write(
        lambda tx: tx.execute("UPDATE destination SET failures = 0, closed_off = 0, next_slot = 0")
    )
    deliver(service)
    assert len(books.credentials) == 1


def test_consent_taken_back_at_the_host_ends_the_link(service, persona, host):
    url, books = host
    linked(service, persona, url)
    books.tokens.clear()
    deliver(service)
    link = link_of(service, persona)
    assert (link["state"], "consent" in link["reason"]) == ("ended", True)
    assert not service.store.outbox.items(None, 10)


def test_an_ended_link_brings_nothing(service, persona, host):
    url, books = host
    asked = linked(service, persona, url)
    ended = service.client.delete(f"/api/v1/personas/{persona}/badge-links/{asked['id']}")
    assert ended.status_code == 204
    deliver(service)
    assert not books.puts
    assert service.store.badge_links.secret(asked["id"]) is None


def test_nothing_secret_is_kept_in_the_clear(service, persona, host, tmp_path):
    url, books = host
    linked(service, persona, url)
    (client,) = books.clients.values()
    content = b"".join(path.read_bytes() for path in tmp_path.glob("lrs.db*"))
    for secret in (client.secret, *books.tokens):
        assert secret.encode() not in content


def test_a_host_at_a_private_address_is_refused(tmp_path, host):
    url, _ = host
    service = service_of(tmp_path, ())
    publish(service)
    service.client.post("/xapi/statements", json=GOOD)
    settle(service)
    (persona,) = service.client.get("/api/v1/personas").json["items"]
    answer = service.client.post(
        f"/api/v1/personas/{persona['id']}/badge-links", json={"host": url}
    )
    assert answer.status_code == 400
    assert "public" in answer.json["errors"][0]["rule"]
    service.close()
