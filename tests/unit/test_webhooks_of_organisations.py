"""An organisation is told of those alone whom it may see, for as long as it may."""

from datetime import timedelta

import pytest

from lrs.app import create_app
from lrs.auth.organisations import today
from lrs.exchange.notifier import Notifier
from lrs.settings import Settings
from lrs.store.achievements import DueEvaluation, Evaluation
from schemas.audit import Act
from schemas.organisations import Consent, Employment, Organisation
from tests.contract.test_exchange import achievement
from tests.unit.test_statement_resource import signed_in
from tests.unit.test_webhooks import LOOPBACK, ScriptedServer

ACT = Act(principal="test", action="test", subject="it")


@pytest.fixture
def app(tmp_path):
    app = create_app(
        Settings(data=tmp_path, public_url="http://localhost", webhook_networks=LOOPBACK)
    )
    app.extensions["lrs"].credentials.ensure("admin", "s3cret", name="Administrator")
    yield app
    app.extensions["lrs"].close()


@pytest.fixture
def service(app):
    service = app.extensions["lrs"]
    for one in ("acme", "other"):
        service.store.organisations.put(Organisation(id=one, kind="enterprise", name=one), ACT)
    return service


@pytest.fixture
def server():
    server = ScriptedServer()
    server.script["POST /hook"] = (204, {}, b"")
    yield server
    server.close()


@pytest.fixture
def notifier(service):
    store = service.store
    return Notifier(store.webhooks, store.organisations, service.root_secret, LOOPBACK)


class Enterprise:
    """A client of an enterprise, by an access token of ours."""

    def __init__(self, app, organisation):
        self.client = app.test_client()
        body = {
            "id": organisation,
            "name": organisation,
            "method": "client_secret_basic",
            "scopes": ["enterprise"],
            "organisation": organisation,
        }
        made = signed_in(app, "admin", "s3cret").post("/api/v1/clients", json=body)
        token = self.client.post(
            "/oauth/token",
            data={"grant_type": "client_credentials", "scope": "enterprise"},
            auth=(organisation, made.json["secret"]),
        )
        self.headers = {"Authorization": f"Bearer {token.json['access_token']}"}

    def __call__(self, method, url, **rest):
        return self.client.open(url, method=method, headers=self.headers, **rest)

    def subscribe(self, url, *kinds, **rest):
        return self("POST", "/api/v1/webhooks", json={"url": url, "kinds": kinds, **rest})


def employ(service, organisation="acme", persona="p1", until=None, since=None):
    day = today()
    service.store.organisations.employ(
        [
            Employment(
                organisation=organisation,
                persona=persona,
                since=since or day - timedelta(days=9),
                until=until,
            )
        ],
        day,
        ACT,
    )


def consent(service, organisation="acme", persona="p1"):
    service.store.organisations.consent(
        [Consent(organisation=organisation, persona=persona, level="achievements", by="test")],
        today(),
        ACT,
    )


def happens(service, state="verified", version=1):
    service.store.achievements.settle(
        [
            Evaluation(
                due=DueEvaluation("p1", "U1", 0), achievement=achievement(state, version), claims=[]
            )
        ]
    )


def queued(service, notifier):
    while notifier.fan_out(100):
        pass
    return [
        one for one in service.store.outbox.lease(10, 60) if one.destination.startswith("webhook:")
    ]


def test_an_enterprise_is_told_of_its_consenting_employees_alone(app, service, server, notifier):
    acme, other = Enterprise(app, "acme"), Enterprise(app, "other")
    made = acme.subscribe(f"{server.url}/hook", "verified", "revoked").json
    other.subscribe(f"{server.url}/hook", "verified", "revoked")
    employ(service)
    happens(service)
    assert queued(service, notifier) == []  # no consent
    consent(service)
    happens(service, version=2)
    (told,) = queued(service, notifier)
    assert told.destination == f"webhook:{made['id']}"
    notifier.send(told)
    assert len(server.calls("POST /hook")) == 1


@pytest.mark.parametrize("how", ["leaves", "withdraws"])
def test_what_waits_is_not_told_once_it_may_be_seen_no_more(app, service, server, notifier, how):
    Enterprise(app, "acme").subscribe(f"{server.url}/hook", "verified")
    employ(service)
    consent(service)
    happens(service)
    (told,) = queued(service, notifier)
    if how == "leaves":
        employ(service, until=today())
    else:
        assert service.store.organisations.withdraw("acme", "p1", ACT)
    notifier.send(told)
    assert server.calls("POST /hook") == []
    happens(service, version=2)
    assert queued(service, notifier) == []


def test_an_employment_that_begins_by_its_day_is_seen_without_a_request(
    app, service, server, notifier, monkeypatch
):
    Enterprise(app, "acme").subscribe(f"{server.url}/hook", "verified")
    employ(service, since=today() + timedelta(days=1))
    consent(service)
    happens(service)
    assert queued(service, notifier) == []
    tomorrow = today() + timedelta(days=1)
    monkeypatch.setattr("lrs.exchange.notifier.today", lambda: tomorrow)
    happens(service, version=2)
    assert len(queued(service, notifier)) == 1


def test_an_enterprise_sees_and_makes_its_own_subscriptions_alone(app, service, server):
    acme, other = Enterprise(app, "acme"), Enterprise(app, "other")
    url = f"{server.url}/hook"
    mine = acme.subscribe(url, "verified").json["id"]
    theirs = other.subscribe(url, "verified").json["id"]
    listed = acme("GET", "/api/v1/webhooks").json["items"]
    assert [one["id"] for one in listed] == [mine]
    assert listed[0]["organisation"] == "acme"
    for method, place in (("GET", ""), ("DELETE", ""), ("POST", "/secret")):
        assert acme(method, f"/api/v1/webhooks/{theirs}{place}").status_code == 404
    assert acme("GET", "/api/v1/webhooks?organisation=other").status_code == 403
    assert acme.subscribe(url, "verified", organisation="other").status_code == 403
    assert acme("POST", f"/api/v1/webhooks/{mine}/secret").json["secret"].startswith("whsec_")
    assert acme("DELETE", f"/api/v1/webhooks/{mine}").status_code == 204
    everything = signed_in(app, "admin", "s3cret").get("/api/v1/webhooks").json["items"]
    assert [one["id"] for one in everything] == [theirs]


def test_claims_are_none_of_an_enterprises_business(app, service, server):
    refused = Enterprise(app, "acme").subscribe(f"{server.url}/hook", "verified", "accepted")
    assert refused.status_code == 400
    assert refused.json["errors"][0]["path"] == "kinds.1"
