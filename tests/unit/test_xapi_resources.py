"""What all resources share, and the small ones: about, agents, activities."""

import json

import pytest

from schemas.sources import SCOPES
from tests.unit.test_statement_rules import GOOD, with_
from tests.unit.xapi_service import ACTIVITY, LI_NA, V1, V2, service_client

READABLE = {
    "about": {},
    "statements": {},
    "agents": {"agent": LI_NA},
    "activities": {"activityId": ACTIVITY},
    "activities/state": {"activityId": ACTIVITY, "agent": LI_NA},
    "activities/profile": {"activityId": ACTIVITY},
    "agents/profile": {"agent": LI_NA},
}
each_resource = pytest.mark.parametrize("url", READABLE)
each_version = pytest.mark.parametrize("version", [V1, V2])


@pytest.fixture
def client(tmp_path):
    with service_client(tmp_path) as client:
        yield client


@each_resource
@each_version
def test_head_is_get_without_a_body(client, url, version):
    got = client("GET", url, version, query=READABLE[url])
    head = client("HEAD", url, version, query=READABLE[url])
    assert (got.status_code, head.status_code, head.data) == (200, 200, b"")
    assert head.headers["Content-Length"] == got.headers["Content-Length"] == str(len(got.data))
    assert head.headers["X-Experience-API-Version"] == version


@each_resource
@pytest.mark.parametrize("version", [None, "", "0.95", "1.1.0", "2.1.0", "x"])
def test_a_version_is_needed_everywhere_but_for_about(client, url, version):
    answer = client("GET", url, version, query=READABLE[url])
    assert answer.status_code == (200 if url == "about" else 400)
    assert answer.headers["X-Experience-API-Version"] == V2


def test_one_that_names_no_version_is_refused_in_the_one_it_spoke_last(client):
    for version in (V1, V2):
        client("GET", "statements", version)
        refused = client("GET", "statements", None)
        assert (refused.status_code, refused.headers["X-Experience-API-Version"]) == (400, version)


@each_resource
def test_unknown_and_repeated_parameters_are_refused(client, url):
    known = [*READABLE[url].items()]
    assert client("GET", url, query=[*known, ("extra", "1")]).status_code == 400
    for pair in known:
        assert client("GET", url, query=[*known, pair]).status_code == 400
        upper = [(n.upper() if n == pair[0] else n, v) for n, v in known]
        assert client("GET", url, query=upper).status_code == 400


@each_resource
def test_other_methods_are_405_with_those_allowed(client, url):
    answer = client("PATCH", url, query=READABLE[url])
    assert answer.status_code == 405
    assert {"GET", "HEAD"} <= set(answer.headers["Allow"].split(", "))


@each_resource
def test_browsers_from_elsewhere_may_ask_but_not_with_credentials_they_hold(client, url):
    asked = {"Origin": "https://tool.example", "Access-Control-Request-Method": "PUT"}
    preflight = client.app.test_client().options(f"/xapi/{url}", headers=asked)
    assert preflight.status_code == 204
    assert "PUT" in preflight.headers["Access-Control-Allow-Methods"]
    allowed = preflight.headers["Access-Control-Allow-Headers"].split(", ")
    assert {"Authorization", "Content-Type", "If-Match", "If-None-Match"} <= set(allowed)
    assert "X-Experience-API-Version" in allowed
    got = client("GET", url, query=READABLE[url], headers={"Origin": "https://tool.example"})
    exposed = got.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"ETag", "Last-Modified", "X-Experience-API-Consistent-Through"} <= set(exposed)
    stranger = client.app.test_client().get(f"/xapi/{url}", headers={"Origin": "https://x.example"})
    for answer in (preflight, got, stranger):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers


def test_other_paths_are_not_open_to_other_origins(client):
    answer = client.app.test_client().get("/healthz", headers={"Origin": "https://x.example"})
    assert "Access-Control-Allow-Origin" not in answer.headers


@each_resource
def test_strangers_are_let_into_about_only(client, url):
    answer = client.app.test_client().get(
        f"/xapi/{url}", query_string=READABLE[url], headers={"X-Experience-API-Version": V2}
    )
    assert answer.status_code == (200 if url == "about" else 401)


@pytest.mark.parametrize(
    ("url", "scopes"),
    [
        ("agents", {"statements/read", "profile", "all/read"}),
        ("activities", {"statements/read", "statements/read/mine", "define", "all/read"}),
        ("statements", {"statements/read", "statements/read/mine", "all/read"}),
    ],
)
@pytest.mark.parametrize(
    "scope",
    [scope for scope in SCOPES if scope != "all"],
)
def test_scopes_of_reading(client, url, scopes, scope):
    tool = client.signed_in_with(scope)
    answer = tool("GET", url, query=READABLE[url])
    assert answer.status_code == (200 if scope in scopes else 403)


def test_about_tells_the_versions(client):
    assert client("GET", "about").json == {"version": [V2, V1]}


@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
def test_every_answer_about_statements_says_how_far_it_is_consistent(client, method):
    (statement_id,) = client.post_statements([GOOD])
    stored = client.statement(statement_id)["stored"]
    for query in ({}, {"statementId": statement_id}, {"extra": "1"}):
        answer = client(method, "statements", query=query, json=GOOD)
        assert answer.headers["X-Experience-API-Consistent-Through"] >= stored
    refused = client("POST", "statements", headers={"Content-Encoding": "br"}, data=b"x")
    assert refused.status_code == 415
    assert refused.headers["X-Experience-API-Consistent-Through"] >= stored


@each_resource
def test_no_answer_is_shown_again_without_asking(client, url):
    answer = client("GET", url, query=READABLE[url])
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_about_tells_tincan_for_python_no_version_that_it_does_not_know(client):
    def asking(headers):
        return client.app.test_client().get(
            "/xapi/about", headers={"X-Experience-API-Version": V1, **headers}
        )

    assert asking({"User-Agent": ""}).json == {"version": [V2, V1]}
    request = client.app.test_request_context("/xapi/about").request.environ
    assert "HTTP_ACCEPT" not in request
    request.pop("HTTP_USER_AGENT", None)
    with client.app.request_context(request):
        assert client.app.full_dispatch_request().json == {"version": [V1]}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("mbox", "mailto:li.na@example.edu.cn"),
        ("mbox_sha1sum", "0" * 40),
        ("openid", "https://id.example/li.na"),
        ("account", {"homePage": "https://lms.example", "name": "李|娜"}),
    ],
)
def test_a_person_has_arrays_of_what_is_known(client, kind, value):
    agent = json.dumps({"objectType": "Agent", "name": "李娜", kind: value})
    person = client("GET", "agents", query={"agent": agent}).json
    assert person == {"objectType": "Person", "name": ["李娜"], kind: [value]}


@pytest.mark.parametrize(
    "agent",
    [None, "", "x", "{}", "[]", '{"mbox":"x"}', '{"objectType":"Group","mbox":"mailto:a@b.cn"}'],
)
def test_who_is_no_agent_is_refused(client, agent):
    query = {} if agent is None else {"agent": agent}
    assert client("GET", "agents", query=query).status_code == 400


@each_version
def test_an_activity_that_is_not_known_is_answered_all_the_same(client, version):
    answer = client("GET", "activities", version, query={"activityId": ACTIVITY})
    assert answer.json == {"objectType": "Activity", "id": ACTIVITY}
    assert client("GET", "activities", query={"activityId": "no iri"}).status_code == 400
    assert client("GET", "activities").status_code == 400


def test_an_activity_is_what_all_statements_told_of_it(client):
    for definition in (
        {"name": {"en": "Course"}, "type": "http://a.example/course"},
        {"name": {"zh-CN": "课程"}, "extensions": {"http://x.example/a": 1}},
        {"type": "http://a.example/module", "extensions": {"http://x.example/b": None}},
    ):
        client.post_statements([with_("object.definition", definition)])
    site = [{"id": "http://site.example", "definition": {"name": {"en": "Site"}}}]
    client.post_statements([with_("context.contextActivities", {"grouping": site})])
    known = client("GET", "activities", query={"activityId": GOOD["object"]["id"]}).json
    assert known["definition"] == {
        "name": {"en": "Course", "zh-CN": "课程"},
        "type": "http://a.example/module",
        "extensions": {"http://x.example/a": 1, "http://x.example/b": None},
    }
    site = client("GET", "activities", query={"activityId": "http://site.example"}).json
    assert site["definition"] == {"name": {"en": "Site"}}


def test_without_the_scope_define_a_source_defines_nothing(client):
    tool = client.signed_in_with("statements/write")
    statement = with_("object.definition", {"name": {"en": "Hacked"}})
    (statement_id,) = tool.post_statements([statement])
    assert client.statement(statement_id)["object"] == statement["object"]
    query = {"activityId": GOOD["object"]["id"]}
    assert "definition" not in client("GET", "activities", query=query).json
