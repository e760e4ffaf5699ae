"""Credentials of sources: what they may post, how they are replaced, revoked and noted."""

import time

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from lrs.app import create_app
from lrs.auth.allowance import NotAllowed, check_allowance
from lrs.cli import lrs
from lrs.service import Service
from lrs.settings import Settings
from schemas.audit import Act
from schemas.sources import Source
from tests.unit.test_statement_resource import signed_in
from tests.unit.test_statement_rules import GOOD, with_

ACT = Act(principal="test", action="test", subject="lms")


@pytest.fixture
def settings(tmp_path):
    return Settings(data=tmp_path, public_url="http://lrs.example")


@pytest.fixture
def app(settings):
    app = create_app(settings)
    app.extensions["lrs"].credentials.ensure("admin", "s3cret", name="Administrator")
    yield app
    app.extensions["lrs"].close()


@pytest.fixture
def admin(app):
    return signed_in(app, "admin", "s3cret")


def add(admin, **body):
    answer = admin.post(
        "/api/v1/sources", json={"name": "LMS", "key": "lms", "provenance": "server", **body}
    )
    assert answer.status_code == 201, answer.json
    return answer.json


def test_a_source_is_added_listed_and_its_secret_shown_once(app, admin):
    issued = add(admin, activities=["https://lms.example/"], expires="2999-01-01T00:00:00Z")
    assert issued["scopes"] == ["statements/write", "statements/read/mine"]
    assert signed_in(app, "lms", issued["secret"]).get("/xapi/statements").status_code == 200
    shown = admin.get("/api/v1/sources/lms").json
    assert shown["activities"] == ["https://lms.example/"]
    assert shown["secrets"][0]["used"] is not None
    listed = admin.get("/api/v1/sources").json["items"]
    assert [one["key"] for one in listed] == ["admin", "lms"]
    assert issued["secret"] not in str([shown, listed])
    assert add(admin, key="other")["key"] == "other"
    again = {"name": "LMS", "key": "lms", "provenance": "server"}
    assert admin.post("/api/v1/sources", json=again).status_code == 409
    assert signed_in(app, "lms", issued["secret"]).get("/xapi/statements").status_code == 200


def test_a_key_is_made_where_none_is_given(admin):
    answer = admin.post("/api/v1/sources", json={"name": "A", "provenance": "browser"})
    assert answer.json["key"].startswith("source-")


def test_after_a_rotation_both_secrets_work_until_the_overlap_is_over(app, admin):
    old = add(admin)["secret"]
    new = admin.post("/api/v1/sources/lms/rotate", json={"overlap": 3600}).json["secret"]
    for secret in (old, new):
        assert signed_in(app, "lms", secret).get("/xapi/statements").status_code == 200
    newest = admin.post("/api/v1/sources/lms/rotate", json={"overlap": 0}).json
    assert len(newest["secrets"]) == 3
    app.extensions["lrs"].credentials._remembered.clear()
    statuses = [
        signed_in(app, "lms", secret).get("/xapi/statements").status_code
        for secret in (old, new, newest["secret"])
    ]
    assert statuses == [401, 401, 200]


@pytest.mark.parametrize("how", ["revoke", "expire", "scopes"])
def test_what_is_taken_away_is_felt_by_every_process_within_a_second(app, admin, settings, how):
    secret = add(admin)["secret"]
    other = Service(settings)  # as another process would: with a store and a memory of its own
    assert other.credentials.check("lms", secret) is not None
    if how == "revoke":
        done = admin.post("/api/v1/sources/lms/revoke", json={"reason": "lost"})
        assert done.status_code == 204
    elif how == "expire":
        admin.patch("/api/v1/sources/lms", json={"expires": "2020-01-01T00:00:00Z"})
    else:
        admin.patch("/api/v1/sources/lms", json={"scopes": ["state"]})
    time.sleep(1)
    found = other.credentials.check("lms", secret)
    assert found is None if how != "scopes" else found.scopes == ("state",)
    other.close()


def test_a_revoked_source_stays_revoked_and_is_still_shown(admin):
    add(admin)
    body = {"reason": "stolen", "compromised_since": "2026-01-02T00:00:00Z"}
    assert admin.post("/api/v1/sources/lms/revoke", json=body).status_code == 204
    assert admin.get("/api/v1/sources/lms").json["compromised"].startswith("2026-01-02")
    assert admin.post("/api/v1/sources/lms/revoke", json=body).status_code == 404
    assert admin.patch("/api/v1/sources/lms", json={"name": "x"}).status_code == 404
    assert admin.post("/api/v1/sources/lms/rotate", json={}).status_code == 404
    again = {"name": "LMS", "key": "lms", "provenance": "server"}
    assert admin.post("/api/v1/sources", json=again).status_code == 409


def test_each_act_is_noted_with_who_did_it(app, admin):
    add(admin)
    admin.patch("/api/v1/sources/lms", json={"name": "x"})
    admin.post("/api/v1/sources/lms/rotate", json={})
    admin.post("/api/v1/sources/lms/revoke", json={"reason": "lost"})
    events = [one.act for one in app.extensions["lrs"].store.audit.page(None, 10)]
    assert [act.action.partition(".")[2] for act in events] == ["revoke", "rotate", "change", "add"]
    assert {act.principal for act in events} == {"source:admin"}
    assert events[0].reason == "lost"


def test_use_is_noted_once_a_minute_and_never_on_the_way(app, admin):
    secret = add(admin)["secret"]
    client = signed_in(app, "lms", secret)
    client.get("/xapi/statements")
    used = admin.get("/api/v1/sources/lms").json["secrets"][0]["used"]
    app.extensions["lrs"].credentials._remembered.clear()
    client.get("/xapi/statements")
    assert admin.get("/api/v1/sources/lms").json["secrets"][0]["used"] == used


def test_a_statement_that_the_source_may_not_post_is_refused_with_its_place(app, admin):
    secret = add(admin, activities=["https://other.example/"])["secret"]
    client = signed_in(app, "lms", secret)
    fine = with_("object.id", "https://other.example/a")
    fine["context"] = {}
    assert client.post("/xapi/statements", json=[fine]).status_code == 200
    refused = client.post("/xapi/statements", json=[fine, with_("context", {})])
    assert refused.status_code == 403
    assert refused.json["errors"][0]["index"] == 1
    assert refused.json["errors"][0]["path"] == "$.object.id"
    assert "https://other.example/" in refused.json["errors"][0]["rule"]
    assert len(client.get("/xapi/statements").json["statements"]) == 1


@pytest.mark.parametrize("allowed", [False, True])
def test_authority_is_the_clients_only_where_the_source_may_set_it(app, admin, allowed):
    secret = add(admin, sets_authority=allowed)["secret"]
    client = signed_in(app, "lms", secret)
    boss = {"objectType": "Agent", "mbox": "mailto:boss@example.cn"}
    (one,) = client.post("/xapi/statements", json=with_("authority", boss)).json
    kept = admin.get(f"/xapi/statements?statementId={one}").json["authority"]
    assert (kept == boss) is allowed
    query = {"agent": '{"mbox":"mailto:boss@example.cn"}', "related_agents": "true"}
    found = admin.get("/xapi/statements", query_string=query).json["statements"]
    assert bool(found) is allowed


def source(**limits):
    return Source(id=1, key="s", name="S", provenance="server", scopes=(), **limits)


@pytest.mark.parametrize(
    ("prefix", "iri", "within"),
    [
        ("https://a.cn/", "https://a.cn/x", True),
        ("https://a.cn", "https://a.cn/x", True),
        ("https://a.cn", "https://a.cn.evil.cn/x", False),
        ("https://a.cn", "https://a.cn:99/x", False),
        ("https://a.cn/?id=1", "https://a.cn/?id=1", True),
        ("https://a.cn/?id=1", "https://a.cn/?id=1&x=2", True),
        ("https://a.cn/?id=1", "https://a.cn/?id=12", False),
        ("urn:x:", "urn:x:1", True),
        ("https://a.cn/x", "https://a.cn/", False),
    ],
)
def test_a_prefix_lets_in_what_lies_below_it(prefix, iri, within):
    statement = with_("object.id", iri)
    statement["context"] = {}
    if within:
        check_allowance(source(activities=(prefix,)), statement)
    else:
        with pytest.raises(NotAllowed, match=r"\$\.object\.id"):
            check_allowance(source(activities=(prefix,)), statement)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"context": {"contextActivities": {"grouping": [{"id": "https://b.cn"}]}}}, "grouping[0]"),
        ({"context": {"contextActivities": {"parent": {"id": "https://b.cn"}}}}, "parent[0]"),
        (
            {
                "object": {
                    "objectType": "SubStatement",
                    "actor": GOOD["actor"],
                    "verb": GOOD["verb"],
                    "object": {"id": "https://b.cn"},
                }
            },
            "$.object.object.id",
        ),
        ({"context": {"contextActivities": {"category": [{"id": "https://b.cn"}]}}}, None),
        ({"object": {"objectType": "StatementRef", "id": "x"}}, None),
    ],
)
def test_activities_are_looked_for_wherever_they_decide(change, path):
    statement = {**with_("object.id", "https://a.cn/x"), "context": {}, **change}
    if path is None:
        check_allowance(source(activities=("https://a.cn",)), statement)
    else:
        with pytest.raises(NotAllowed) as refused:
            check_allowance(source(activities=("https://a.cn",)), statement)
        assert path in refused.value.path


LI = {"account": {"homePage": "https://hr.cn", "name": "1"}}


@pytest.mark.parametrize(
    ("actor", "allowed"),
    [
        (LI, True),
        ({"account": {"homePage": "https://hr.cn.evil", "name": "1"}}, False),
        ({"mbox": "mailto:a@Example.cn"}, True),
        ({"mbox": "mailto:a@sub.example.cn"}, False),
        ({"openid": "https://hr.cn"}, False),
        ({"objectType": "Group", "member": [LI, LI]}, True),
        ({"objectType": "Group", "member": [LI, {"mbox": "mailto:a@b.cn"}]}, False),
    ],
)
def test_identifiers_are_of_the_home_pages_of_the_source(actor, allowed):
    limited = source(home_pages=("https://hr.cn", "mailto:@example.cn"))
    if allowed:
        check_allowance(limited, with_("actor", actor))
    else:
        with pytest.raises(NotAllowed, match=r"\$\.actor"):
            check_allowance(limited, with_("actor", actor))


@given(st.text(max_size=20), st.text(min_size=1, max_size=20))
def test_without_its_prefix_nothing_gets_in(iri, prefix):
    statement = {**GOOD, "object": {"id": iri}, "context": {}}
    if iri.startswith(prefix):
        return
    with pytest.raises(NotAllowed):
        check_allowance(source(activities=(prefix,)), statement)


def test_from_the_command_line(tmp_path, monkeypatch):
    monkeypatch.setenv("LRS_DATA", "unset")

    def run(*arguments):
        return CliRunner().invoke(
            lrs, ["source", *arguments, f"--data={tmp_path}"], catch_exceptions=False
        )

    options = ["--provenance=server", "--activity=https://a.cn/", "--expires=2999-01-01"]
    assert "secret" in run("add", "lms", *options).output
    assert "already" in run("add", "lms", *options).output
    assert "a key is" in run("add", "a:b", *options).output
    assert "secret" in run("rotate", "lms", "--overlap=60").output
    assert "no source" in run("rotate", "other").output
    listed = run("list").output
    assert "lms" in listed
    assert run("revoke", "lms", "--compromised-since=2026-01-01").exit_code == 0
    assert run("revoke", "lms").exit_code == 2
    assert "already" in run("add", "lms", *options).output
