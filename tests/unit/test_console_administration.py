"""Pages of administrators, without a browser: what they keep, refuse, show once and write down."""

import json
import re
import time

import msgspec
import pytest
from joserfc.jwk import ECKey

from lrs.app import create_app
from lrs.settings import Settings
from schemas.organisations import Organisation
from tests.unit.test_access import ACT
from tests.unit.test_console_offices import Office

RECEIVER = {
    "name": "bank",
    "adapter": "credit_bank",
    "url": "https://bank.example",
    "client_id": "lrs",
    "institution": "OUC",
}


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    app = create_app(Settings(data=tmp_path_factory.mktemp("console"), public_url="http://x"))
    service = app.extensions["lrs"]
    service.credentials.ensure("admin", "s3cret", name="Administrator")
    service.store.organisations.put(Organisation(id="own", kind="enterprise", name="铁路"), ACT)
    yield app
    service.close()


@pytest.fixture(scope="module")
def store(app):
    return app.extensions["lrs"].store


@pytest.fixture(scope="module")
def administrator(app):
    return Office(app, "administrator")


def secret_of(answer):
    return re.search(r'id="secret">([^<]+)<', answer.text)[1]


def faults_of(answer):
    """The fields that say what is wrong with them."""
    assert answer.status_code in (400, 409)
    return set(re.findall(r'class="fault" id="(\w+)-fault"', answer.text))


def acts(store):
    return [event.act for event in store.audit.page(None, 100)]


def test_a_person_is_added_with_a_link_that_is_shown_once(app, store, administrator):
    form = {"name": "Wang.Wei", "display_name": "王伟", "roles": ["officer"], "reason": "new here"}
    added = administrator.send("/operations/people", **form)
    link = secret_of(added)
    (person,) = [one for one in store.people.page(None, 100) if one.name == "wang.wei"]
    assert (person.display_name, person.roles) == ("王伟", ("officer",))
    assert link not in administrator("GET", f"/operations/people/{person.id}").text
    assert link not in administrator("GET", "/operations/audit-log").text
    assert app.test_client().get(link.removeprefix("http://x")).status_code == 200
    assert ("person.add", "new here") in {(act.action, act.reason) for act in acts(store)}
    assert faults_of(administrator.send("/operations/people", **form)) == {"name"}
    found = administrator("GET", "/operations/people?name=WANG.WEI")
    assert f"/operations/people/{person.id}" in found.text
    assert "/operations/people/" not in administrator("GET", "/operations/people?name=nobody").text


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({"name": "", "display_name": "x", "roles": "reader"}, {"name"}),
        ({"name": "x", "display_name": "", "roles": "reader"}, {"display_name"}),
        ({"name": "x", "display_name": "x" * 201, "roles": "reader"}, {"display_name"}),
        ({"name": "x", "display_name": "x"}, {"roles"}),
        ({"name": "x", "display_name": "x", "roles": "king"}, {"roles"}),
        ({"name": "x", "display_name": "x", "roles": "learner"}, {"persona"}),
        ({"name": "x", "display_name": "x", "roles": "enterprise"}, {"organisation"}),
        ({"name": "x", "display_name": "x", "roles": "reader", "persona": "?"}, {"persona"}),
        (
            {"name": "x", "display_name": "x", "roles": "reader", "organisation": "none"},
            {"organisation"},
        ),
    ],
)
def test_what_is_wrong_with_a_person_is_said_at_its_field(store, administrator, form, wrong):
    before = store.people.page(None, 100)
    assert faults_of(administrator.send("/operations/people", **form)) == wrong
    assert store.people.page(None, 100) == before


def test_a_person_is_kept_out_with_every_session_and_let_in_again(app, store, administrator):
    reader = Office(app, "reader")
    (session,) = [one for one in store.people.page(None, 100) if one.display_name == "reader"]
    page = f"/operations/people/{session.id}"
    assert reader("GET", "/learners").status_code == 200
    out = {"do": "keep_out", "access_reason": "left"}
    assert faults_of(administrator.send(f"{page}/access", do="keep_out")) == {"access_reason"}
    assert administrator.send(f"{page}/access", **out).status_code == 303
    assert reader("GET", "/learners").status_code == 303
    assert store.people.person(session.id).disabled is not None
    assert administrator.send(f"{page}/link", reset_reason="x").status_code == 409
    administrator.send(f"{page}/access", do="let_in", access_reason="back")
    assert store.people.person(session.id).disabled is None
    store.people.set_second_factor(session.id, b"sealed", (), ACT)
    reset = {"reset_reason": "lost phone", "second_factor": "yes"}
    assert secret_of(administrator.send(f"{page}/link", **reset))
    assert store.people.account_of(session.id).totp is None
    found = {(act.action, act.reason) for act in acts(store) if act.subject == session.id}
    assert {("person.disable", "left"), ("person.enable", "back")} <= found
    assert {("second_factor.remove", "lost phone"), ("person.reset", "lost phone")} <= found


def test_a_person_is_changed_and_signed_out(app, store, administrator):
    trainer = Office(app, "trainer")
    (person,) = [one for one in store.people.page(None, 100) if one.display_name == "trainer"]
    page = f"/operations/people/{person.id}"
    changed = {"display_name": "赵敏", "roles": ["trainer", "enterprise"], "organisation": "own"}
    assert administrator.send(page, **changed).status_code == 303
    now = store.people.person(person.id)
    assert (now.roles, now.organisation) == (("trainer", "enterprise"), "own")
    assert administrator.send(f"{page}/sessions").status_code == 303
    assert trainer("GET", "/account").status_code == 303


def test_administrators_neither_keep_themselves_out_nor_give_up_the_role(app, store):
    own = Office(app, "administrator")
    (me,) = [
        one
        for one in store.people.page(None, 100)
        if own.client.get_cookie(own.service.browsers.cookie).value == one.id
    ]
    page = f"/operations/people/{me.id}"
    out = own.send(f"{page}/access", do="keep_out", access_reason="x")
    assert out.status_code == 409
    assert faults_of(own.send(page, display_name="me", roles="reader")) == {"roles"}
    assert store.people.person(me.id) == me


def test_a_webhook_is_subscribed_with_a_secret_that_is_shown_once(app, store, administrator):
    enterprise = Office(app, "enterprise")
    form = {"url": "https://hr.example/hook", "kinds": ["verified"]}
    secret = secret_of(enterprise.send("/webhooks", **form))
    (webhook,) = store.webhooks.page(None, 10, "own")
    page = f"/webhooks/{webhook.id}"
    assert secret not in enterprise("GET", page).text
    assert secret_of(enterprise.send(f"{page}/secret")) != secret
    secret_of(administrator.send("/webhooks", **form, organisation=""))
    (others,) = [one for one in store.webhooks.page(None, 10) if one.organisation is None]
    assert others.id not in enterprise("GET", "/webhooks").text
    for end in ("", "/secret", "/end"):
        method = "POST" if end else "GET"
        assert enterprise(method, f"/webhooks/{others.id}{end}").status_code == 404
    assert enterprise.send(f"{page}/end").status_code == 303
    assert store.webhooks.webhook(webhook.id) is None


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({"url": "", "kinds": "verified"}, {"url"}),
        ({"url": "http://hr.example", "kinds": "verified"}, {"url"}),
        ({"url": "https://hr.example"}, {"kinds"}),
        ({"url": "https://hr.example", "kinds": "accepted", "organisation": "own"}, {"kinds"}),
        ({"url": "https://hr.example", "kinds": "revoked", "organisation": "?"}, {"organisation"}),
    ],
)
def test_what_is_wrong_with_a_webhook_is_said_at_its_field(store, administrator, form, wrong):
    before = store.webhooks.page(None, 100)
    assert faults_of(administrator.send("/webhooks", **form)) == wrong
    assert store.webhooks.page(None, 100) == before


def test_an_auditor_is_engaged_and_the_engagement_ended(app, store, administrator):
    auditor = Office(app, "auditor")
    (person,) = [one for one in store.people.page(None, 100) if one.display_name == "auditor"]
    form = {
        "auditor": person.name,
        "purpose": "抽查",
        "profile": "minimal",
        "since": "2026-01-01T00:00",
        "until": "2026-07-01T00:00",
        "ends": "2099-01-01T00:00",
    }
    assert administrator.send("/auditing", **form).status_code == 303
    (one,) = store.engagements.page(None, 10)
    assert (one.auditor, one.profile) == (f"person:{person.id}", "minimal")
    assert f"/auditing/{one.id}" in auditor("GET", "/auditing").text
    for wrong, at in (
        ({"auditor": "nobody"}, "auditor"),
        ({"auditor": "wang.wei"}, "auditor"),
        ({"until": "2025-01-01T00:00"}, "until"),
        ({"ends": "2020-01-01T00:00"}, "ends"),
        ({"since": "spring"}, "since"),
        ({"units": "NONE-1"}, "units"),
        ({"profile": "all"}, "profile"),
        ({"purpose": ""}, "purpose"),
    ):
        assert faults_of(administrator.send("/auditing", **{**form, **wrong})) == {at}
    assert auditor.send(f"/auditing/{one.id}/end", reason="mine").status_code == 403
    assert administrator.send(f"/auditing/{one.id}/end", reason="done").status_code == 303
    assert not store.engagements.get(one.id).in_force(time.time_ns() // 1000)
    assert auditor("GET", f"/auditing/{one.id}").status_code == 403


def test_a_client_is_registered_changed_and_revoked(store, administrator):
    form = {"id": "portal", "name": "Portal", "method": "client_secret_basic", "scopes": "all/read"}
    first = secret_of(administrator.send("/operations/clients", **form))
    page = "/operations/clients/portal"
    assert first not in administrator("GET", page).text
    assert secret_of(administrator.send(f"{page}/secret")) != first
    again = administrator.send("/operations/clients", **form)
    assert again.status_code == 400
    assert "portal" in again.text
    assert administrator.send(page, name="Portal 2", scopes="audit").status_code == 303
    assert store.clients.client("portal").scopes == ("audit",)
    assert administrator.send(page, name="x", scopes="enterprise").status_code == 400
    assert administrator.send(f"{page}/revocation").status_code == 303
    assert store.clients.client("portal").revoked is not None
    assert administrator.send(f"{page}/secret").status_code == 409


def test_a_client_with_keys_of_its_own_has_no_secret(store, administrator):
    key = ECKey.generate_key("P-256", {"kid": "1"})
    keys = json.dumps({"keys": [key.as_dict(private=False)]})
    form = {"id": "hr", "name": "HR", "method": "private_key_jwt", "scopes": "audit"}
    for wrong in ("[]", '{"keys": 1}', "nothing"):
        assert faults_of(administrator.send("/operations/clients", **form, jwks=wrong)) == {"jwks"}
    private = json.dumps({"keys": [key.as_dict(private=True)]})
    assert administrator.send("/operations/clients", **form, jwks=private).status_code == 400
    assert faults_of(administrator.send("/operations/clients", **{**form, "id": "a b"})) == {"id"}
    assert store.clients.client("hr") is None
    assert administrator.send("/operations/clients", **form, jwks=keys).status_code == 303
    assert store.clients.client("hr").jwks == json.loads(keys)


def test_a_receiver_is_added_and_changed(app, store, administrator):
    for wrong, at in (
        ({"name": "Bank!"}, "name"),
        ({"url": "http://bank.example"}, "url"),
        ({"adapter": "pigeon"}, "adapter"),
        ({"settings": "per_second: fast"}, "settings"),
        ({"settings": "a: b: c"}, "settings"),
    ):
        assert faults_of(administrator.send("/receivers", **{**RECEIVER, **wrong})) == {at}
    assert store.exchange.receivers() == {}
    assert administrator.send("/receivers", **RECEIVER).status_code == 303
    assert faults_of(administrator.send("/receivers", **RECEIVER)) == {"name"}
    changed = {**RECEIVER, "settings": "per_second: 2\nsecret: store:bank"}
    assert administrator.send("/receivers/bank", **changed).status_code == 303
    assert store.exchange.receivers()["bank"].settings["per_second"] == 2
    assert administrator.send("/receivers/bank/secret", secret="of the bank").status_code == 303
    assert app.extensions["lrs"].secret_places.read("store:bank") == "of the bank"
    assert "of the bank" not in administrator("GET", "/receivers/bank").text
    for_readers = Office(app, "reader")("GET", "/receivers/bank")
    assert "<textarea" not in for_readers.text
    assert {"receiver.put", "receiver-secret.keep"} <= {act.action for act in acts(store)}


@pytest.mark.parametrize(
    "settings",
    [
        "secret: file:/etc/passwd",
        "secret: env:HOME",
        "authorities: /etc/passwd",
        "certificate: {certificate: /etc/a, key: /etc/b}",
    ],
)
def test_no_page_makes_a_receiver_read_the_machine(store, administrator, settings):
    form = {**RECEIVER, "name": "other", "settings": settings}
    assert faults_of(administrator.send("/receivers", **form)) == {"settings"}
    assert "other" not in store.exchange.receivers()


def test_settings_of_the_machine_stay_when_the_rest_is_changed(store, administrator):
    administrator.send("/receivers", **{**RECEIVER, "name": "kept"})
    known = store.exchange.receivers()["kept"]
    settings = {**known.settings, "secret": "env:BANK_SECRET"}
    store.exchange.put_receiver(msgspec.structs.replace(known, settings=settings))
    form = {**RECEIVER, "institution": "Another", "settings": "secret: env:BANK_SECRET"}
    assert administrator.send("/receivers/kept", **form).status_code == 303
    assert store.exchange.receivers()["kept"].settings["secret"] == "env:BANK_SECRET"
    assert store.exchange.receivers()["kept"].institution == "Another"


def test_our_key_is_rotated_with_a_reason(store, administrator):
    assert faults_of(administrator.send("/receivers/keys")) == {"key_reason"}
    assert administrator.send("/receivers/keys", key_reason="yearly").status_code == 303
    assert ("client-key.rotate", "yearly") in {(act.action, act.reason) for act in acts(store)}


def test_a_policy_is_planned_and_then_kept(store, administrator):
    page = "/operations/retention/sessions"
    planned = administrator.send(page, do="plan", days="30")
    assert planned.status_code == 200
    assert store.retention.policies()["sessions"].days is None
    assert faults_of(administrator.send(page, do="set", days="30")) == {"reason"}
    for wrong in ("0", "99999", "x", "-1"):
        assert faults_of(administrator.send(page, do="set", days=wrong, reason="r")) == {"days"}
    assert administrator.send(page, do="set", days="30", reason="rule 7").status_code == 303
    assert store.retention.policies()["sessions"].days == 30
    assert administrator.send(page, do="set", days="", reason="for good").status_code == 303
    assert store.retention.policies()["sessions"].days is None
    assert administrator("GET", "/operations/retention/secrets").status_code == 404
