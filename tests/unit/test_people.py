"""People: accounts, signing in by the pages, sessions, and requests that others forge."""

import re
import time

import pyotp
import pytest
from click.testing import CliRunner

from lrs.app import create_app
from lrs.auth import browser_sessions, second_factor
from lrs.auth.passwords import WeakPassword, check_password, hash_password, password_matches
from lrs.cli import lrs
from lrs.settings import Settings
from schemas.audit import Act
from schemas.people import Person, RoleError, check_roles

PASSWORD = "correct horse battery staple"
ACT = Act(principal="test", action="test", subject="test")
HASHED = hash_password(PASSWORD)


@pytest.fixture
def app(tmp_path):
    app = create_app(Settings(data=tmp_path, public_url="http://lrs.example"))
    yield app
    app.extensions["lrs"].close()


@pytest.fixture
def people(app):
    return app.extensions["lrs"].store.people


@pytest.fixture
def li_na(people):
    person = Person(id="li-na", name="li.na", display_name="Li Na", roles=("reader",))
    people.add(person, ACT)
    people.set_password("li-na", HASHED, ACT)
    return person


def token_of(page):
    return re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]


def sign_in(client, name="li.na", password=PASSWORD, **rest):
    form = {"name": name, "password": password, "csrf_token": token_of(client.get("/sign-in"))}
    return client.post("/sign-in", data={**form, **rest})


def actions(app):
    return [event.act.action for event in app.extensions["lrs"].store.audit.page(None, 100)]


def test_from_the_page_asked_for_through_sign_in_back_to_it(app, li_na):
    client = app.test_client()
    away = client.get("/?lang=en")
    assert away.status_code == 303
    assert away.location == "/sign-in?next=%2F%3Flang%3Den"
    form = client.get(away.location)
    assert 'value="/?lang=en"' in form.text
    back = sign_in(client, "Li.Na ", next="/?lang=en")
    assert (back.status_code, back.location) == (303, "/?lang=en")
    page = client.get("/")
    assert page.status_code == 200
    assert "Li Na" in page.text
    assert client.get("/api/v1/records").status_code == 200
    assert client.get("/sign-in").location == "/"


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example", "https://evil.example", "/\\evil.example", "", "/sign-in", "/\n"],
)
def test_sign_in_leads_to_our_own_pages_only(app, li_na, elsewhere):
    assert sign_in(app.test_client(), next=elsewhere).location == "/"


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(app, li_na):
    client = app.test_client()
    wrong, unknown = sign_in(client, password="no"), sign_in(client, name="nobody")
    assert wrong.status_code == unknown.status_code == 403
    without = re.compile(r'value="[^"]*"')
    assert without.sub("", wrong.text) == without.sub("", unknown.text)
    assert client.get("/").status_code == 303
    assert actions(app)[:2] == ["sign_in.refused"] * 2


def test_failed_attempts_have_to_wait_longer_each_time(app, li_na, people):
    client = app.test_client()
    for _ in range(5):
        assert sign_in(client, password="no").status_code == 403
    locked = sign_in(client)
    assert locked.status_code == 429
    assert 0 < int(locked.headers["Retry-After"]) <= 15
    people.forgive("li.na")
    assert sign_in(client).status_code == 303


def test_the_session_is_new_at_sign_in_and_gone_at_sign_out(app, li_na):
    client = app.test_client()
    client.set_cookie("lrs_session", "planted")
    sign_in(client)
    first = client.get_cookie("lrs_session").value
    assert first != "planted"
    cookie = sign_in_header(app)
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert (
        client.post("/sign-out", data={"csrf_token": token_of(client.get("/"))}).status_code == 303
    )
    client.set_cookie("lrs_session", first)
    assert client.get("/").status_code == 303
    assert client.get("/api/v1/records").status_code == 401
    assert "sign_out" in actions(app)


def sign_in_header(app):
    answer = sign_in(app.test_client())
    return next(one for one in answer.headers.getlist("Set-Cookie") if one.startswith("lrs_"))


def test_cookies_and_headers_by_https(tmp_path):
    app = create_app(Settings(data=tmp_path, public_url="https://lrs.example"))
    service = app.extensions["lrs"]
    service.credentials.ensure("admin", "s3cret", name="Administrator")
    client = app.test_client()
    form = client.get("/sign-in", base_url="https://lrs.example")
    answer = client.post(
        "/sign-in",
        base_url="https://lrs.example",
        data={"name": "admin", "password": "s3cret", "csrf_token": token_of(form)},
    )
    cookie = next(
        one for one in answer.headers.getlist("Set-Cookie") if one.startswith("__Host-lrs_session=")
    )
    assert "Secure" in cookie
    assert form.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    service.close()


@pytest.mark.parametrize("path", ["/sign-in", "/api/v1/openapi.json", "/healthz", "/xapi/about"])
def test_every_answer_carries_the_headers_that_protect(app, path):
    headers = app.test_client().get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in headers


@pytest.mark.parametrize("what", ["idle", "old"])
def test_a_session_ends_by_itself(app, li_na, monkeypatch, what):
    client = app.test_client()
    sign_in(client)
    assert client.get("/").status_code == 200
    monkeypatch.setattr(browser_sessions, "IDLE" if what == "idle" else "LIFE", 0)
    assert client.get("/").status_code == 303


@pytest.mark.parametrize("how", ["disable", "password", "end_all"])
def test_what_an_administrator_ends_is_ended_at_the_next_request(app, li_na, people, how):
    client = app.test_client()
    sign_in(client)
    assert client.get("/").status_code == 200
    if how == "disable":
        people.change("li-na", lambda one: Person(**{**fields(one), "disabled": 1}), ACT)
    elif how == "password":
        people.set_password("li-na", HASHED, ACT)
    else:
        app.extensions["lrs"].store.sessions.end_all("person:li-na", ACT)
    assert client.get("/").status_code == 303
    if how == "disable":
        assert sign_in(client).status_code == 403


def fields(person):
    return {name: getattr(person, name) for name in person.__struct_fields__}


def test_a_role_taken_away_is_felt_at_the_next_request(app, li_na, people):
    client = app.test_client()
    sign_in(client)
    people.change("li-na", lambda one: Person(**{**fields(one), "roles": ("trainer",)}), ACT)
    assert client.get("/api/v1/records").status_code == 403


def test_a_request_that_another_site_sends_changes_nothing(app, li_na):
    client = app.test_client()
    sign_in(client)
    token = token_of(client.get("/"))
    for form, headers in [
        ({}, {}),
        ({"csrf_token": "x"}, {}),
        ({"csrf_token": token}, {"Sec-Fetch-Site": "cross-site"}),
    ]:
        assert client.post("/sign-out", data=form, headers=headers).status_code == 403
        assert client.get("/").status_code == 200
    assert client.post("/api/v1/records").status_code == 403
    assert client.post("/api/v1/records", headers={"X-CSRF-Token": token}).status_code == 405
    other = app.test_client()
    sign_in(other)
    assert (
        client.post("/sign-out", data={"csrf_token": token_of(other.get("/"))}).status_code == 403
    )


def test_nobody_is_signed_in_by_another_sites_form(app, li_na):
    form = {"name": "li.na", "password": PASSWORD}
    assert app.test_client().post("/sign-in", data=form).status_code == 403


def test_cookies_do_not_count_for_xapi(app, people):
    people.add(Person(id="a", name="boss", display_name="B", roles=("administrator",)), ACT)
    people.set_password("a", HASHED, ACT)
    client = app.test_client()
    sign_in(client, "boss")
    headers = {"X-Experience-API-Version": "2.0.0"}
    assert client.get("/xapi/statements", headers=headers).status_code == 401


def test_a_second_factor_is_set_up_asked_for_and_each_code_used_once(
    app, li_na, people, monkeypatch
):
    client = app.test_client()
    sign_in(client)
    form = {"csrf_token": token_of(client.get("/account")), "current": PASSWORD}
    begun = client.post("/account/second-factor", data=form)
    secret = re.search(r"<code>(\w+)</code>", begun.text)[1]
    form["sealed"] = re.search(r'name="sealed" value="([^"]+)"', begun.text)[1]
    now = time.time()
    wrong = {**form, "code": pyotp.TOTP(secret).at(now - 3600)}
    assert client.post("/account/second-factor/confirm", data=wrong).status_code == 400
    right = {**form, "code": pyotp.TOTP(secret).at(now)}
    codes = re.findall(r"<code>([a-z2-7-]{19})</code>", confirm(client, right))
    assert len(set(codes)) == second_factor.RECOVERY_CODES
    assert secret.encode() not in people.account("li.na").totp

    stranger = app.test_client()
    assert sign_in(stranger).location == "/sign-in/code"
    assert stranger.get("/").status_code == 303
    used = {"code": right["code"], "csrf_token": token_of(stranger.get("/sign-in/code"))}
    assert stranger.post("/sign-in/code", data=used).status_code == 403
    fresh = {**used, "code": pyotp.TOTP(secret).at(now + second_factor.STEP)}
    assert stranger.post("/sign-in/code", data=fresh).location == "/"
    assert stranger.get("/").status_code == 200

    for status in (303, 403):
        lost = app.test_client()
        sign_in(lost)
        form = {"code": codes[0].upper(), "csrf_token": token_of(lost.get("/sign-in/code"))}
        assert lost.post("/sign-in/code", data=form).status_code == status
    assert {"second_factor.add", "second_factor.recovery", "sign_in"} <= set(actions(app))


def confirm(client, form):
    page = client.post("/account/second-factor/confirm", data=form)
    assert page.status_code == 200
    return page.text


def test_a_code_counts_as_an_attempt_of_its_own(app, li_na, people):
    secret = second_factor.new_secret()
    sealed = app.extensions["lrs"].root_secret.seal(secret.encode(), second_factor.PURPOSE)
    people.set_second_factor("li-na", sealed, (), ACT)
    client = app.test_client()
    sign_in(client)
    form = {"code": "000000x", "csrf_token": token_of(client.get("/sign-in/code"))}
    statuses = [client.post("/sign-in/code", data=form).status_code for _ in range(6)]
    assert statuses[0] == 403
    assert statuses[-1] == 429
    assert app.test_client().get("/sign-in/code").status_code == 403


def test_changing_the_password_needs_the_old_one_and_ends_other_sessions(app, li_na):
    client, other = app.test_client(), app.test_client()
    sign_in(client)
    sign_in(other)
    form = {
        "csrf_token": token_of(client.get("/account")),
        "current": "not this one",
        "password": "another quite long one",
        "repeated": "another quite long one",
    }
    assert client.post("/account/password", data=form).status_code == 400
    assert other.get("/").status_code == 200
    form["current"] = PASSWORD
    assert client.post("/account/password", data=form).status_code == 303
    assert client.get("/account").status_code == 200
    assert other.get("/").status_code == 303
    assert sign_in(other).status_code == 403
    assert sign_in(other, password="another quite long one").status_code == 303


def test_a_source_that_may_see_the_pages_signs_in_with_its_key(app):
    service = app.extensions["lrs"]
    service.credentials.ensure("admin", "s3cret", name="Administrator")
    _, secret = service.credentials.issue(
        name="LMS", key="lms", provenance="server", scopes=("statements/read",)
    )
    client = app.test_client()
    assert sign_in(client, "lms", secret).status_code == 403
    assert sign_in(client, "admin", "s3cret").status_code == 303
    assert client.get("/").status_code == 200
    assert client.get("/account").status_code == 404
    service.store.sources.revoke("admin", ACT)
    assert client.get("/").status_code == 303


@pytest.mark.parametrize(
    ("password", "rule"),
    [
        ("short", "short"),
        ("x" * 300, "long"),
        ("abababababab", "plain"),
        ("zhangsan.lizhangsan.li", "name"),
    ],
)
def test_a_password_that_is_soon_guessed_is_not_taken(password, rule):
    with pytest.raises(WeakPassword, match=rule):
        check_password(password, "zhangsan.li")


def test_a_password_matches_however_it_was_composed():
    kept = hash_password("cafe\u0301 mit viel Milch")
    assert password_matches("caf\u00e9 mit viel Milch", kept)
    assert not password_matches("cafe mit viel Milch", kept)
    assert not password_matches("", None)


@pytest.mark.parametrize(
    ("role", "lacks"), [("learner", "persona"), ("enterprise", "organisation")]
)
def test_a_role_needs_whom_it_is_held_for(role, lacks):
    with pytest.raises(RoleError, match=lacks):
        check_roles(Person(id="x", name="x", display_name="x", roles=(role,)))


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("LRS_DATA", "unset")  # set by --data, put back afterwards

    def run(*arguments, **rest):
        return CliRunner().invoke(
            lrs, ["person", *arguments, "--data", str(tmp_path)], catch_exceptions=False, **rest
        )

    return run


def test_from_the_command_line_to_a_password_of_ones_own(run, app):
    added = run("add", "Wang.Wei", "--role", "officer", "--display", "王伟")
    link = re.search(r"http://\S+?(/sign-in/link/\S+)", added.output)[1]
    client = app.test_client()
    for password, repeated, status in [
        ("short", "short", 400),
        (PASSWORD, "another", 400),
        (PASSWORD, PASSWORD, 303),
        (PASSWORD, PASSWORD, 404),
    ]:
        form = {"password": password, "repeated": repeated}
        form["csrf_token"] = token_of(client.get("/sign-in"))
        assert client.post(link, data=form).status_code == status
    assert client.get(link).status_code == 404
    assert sign_in(client, "wang.wei").status_code == 303
    assert "王伟" in run("list").output
    assert run("role", "wang.wei", "--role", "enterprise").exit_code == 2
    assert run("role", "wang.wei", "--role", "reader", "--role", "officer").exit_code == 0
    assert client.get("/account").status_code == 200
    assert run("disable", "wang.wei", "--reason", "left").exit_code == 0
    assert client.get("/account").status_code == 303
    assert "disabled" in run("reset", "wang.wei").output
    assert run("disable", "wang.wei", "--again").exit_code == 0
    assert "/sign-in/link/" in run("reset", "wang.wei").output
    assert "there is" not in run("reset", "nobody").output
    assert {"person.add", "person.role", "person.disable", "person.reset"} <= set(actions(app))


def test_a_password_comes_from_the_environment_or_a_file_and_a_name_once(run, app, tmp_path):
    weak = run("add", "x", "--role", "reader", "--password", env={"LRS_PERSON_PASSWORD": "weak"})
    assert "at least 12 characters" in weak.output
    env = {"LRS_PERSON_PASSWORD": PASSWORD}
    assert run("add", "x", "--role", "reader", "--password", env=env).exit_code == 0
    assert sign_in(app.test_client(), "x").status_code == 303
    assert "already" in run("add", "X", "--role", "reader").output
    (tmp_path / "word").write_text(PASSWORD + "\n")
    run("add", "y", "--role", "reader", "--password-file", str(tmp_path / "word"))
    assert sign_in(app.test_client(), "y").status_code == 303
