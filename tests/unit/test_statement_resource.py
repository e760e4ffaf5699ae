import json
import uuid

import pytest

from lrs.app import create_app
from lrs.settings import Settings
from tests.unit.test_statement_rules import GOOD, with_

V = {"X-Experience-API-Version": "2.0.0"}


@pytest.fixture
def app(tmp_path):
    app = create_app(Settings(data=tmp_path, public_url="http://lrs.example"))
    service = app.extensions["lrs"]
    service.credentials.ensure("admin", "s3cret", name="Administrator")
    yield app
    service.close()


@pytest.fixture
def client(app):
    return signed_in(app, "admin", "s3cret")


def signed_in(app, key, secret):
    client = app.test_client()

    class Client:
        def __getattr__(self, method):
            def call(url, headers=None, **rest):
                headers = {**V, **(headers or {})}
                return getattr(client, method)(url, auth=(key, secret), headers=headers, **rest)

            return call

    return Client()


def count(client):
    return len(client.get("/xapi/statements").json["statements"])


def test_a_statement_is_completed_and_read_back(client):
    posted = client.post("/xapi/statements", json=GOOD)
    assert posted.status_code == 200
    (statement_id,) = posted.json
    kept = client.get(f"/xapi/statements?statementId={statement_id}").json
    assert {name: kept[name] for name in GOOD} == GOOD
    assert kept["timestamp"] == kept["stored"]
    assert kept["authority"]["account"] == {"homePage": "http://lrs.example", "name": "admin"}
    assert kept["version"] == "2.0.0"


def test_authority_is_never_the_clients_choice(client):
    (statement_id,) = client.post(
        "/xapi/statements", json=with_("authority", {"mbox": "mailto:boss@example.cn"})
    ).json
    kept = client.get(f"/xapi/statements?statementId={statement_id}").json
    assert kept["authority"]["account"]["name"] == "admin"


def test_put_and_again_is_accepted_and_another_one_is_a_conflict(client):
    url = f"/xapi/statements?statementId={uuid.uuid4()}"
    assert client.put(url, json=GOOD).status_code == 204
    assert client.put(url, json=GOOD).status_code == 204
    conflict = client.put(url, json=with_("verb.id", "http://x.example/other"))
    assert conflict.status_code == 409
    assert conflict.json["errors"][0]["index"] == 0
    assert count(client) == 1


def test_a_conflict_in_a_batch_names_its_index_and_stores_nothing(client):
    taken = with_("id", str(uuid.uuid4()))
    client.post("/xapi/statements", json=taken)
    answer = client.post(
        "/xapi/statements", json=[GOOD, GOOD, with_("result.success", True, taken)]
    )
    assert answer.status_code == 409
    assert answer.json["errors"][0]["index"] == 2
    assert count(client) == 1


def test_a_batch_with_one_bad_statement_of_50_stores_nothing(client):
    batch = [GOOD] * 49 + [with_("actor.openid", "https://me.example")]
    answer = client.post("/xapi/statements", json=batch)
    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"
    assert answer.json["errors"] == [
        {
            "index": 49,
            "path": "$.actor",
            "rule": "an Agent must have exactly one identifier (mbox, mbox_sha1sum, openid or "
            "account), has mbox and openid",
        }
    ]
    assert count(client) == 0


@pytest.mark.parametrize("body", [b"{", b"[" * 1000, b'{"a":' * 1000, b"\xff", b""])
def test_what_is_no_json_is_a_400_that_says_where(client, body):
    answer = client.post("/xapi/statements", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert set(answer.json["errors"][0]) == {"index", "path", "rule"}


def test_pages_followed_to_the_end_hold_each_statement_once(client):
    ids = client.post("/xapi/statements", json=[GOOD] * 25).json
    for ascending in ("true", "false"):
        url, seen = f"/xapi/statements?limit=10&ascending={ascending}", []
        while url:
            page = client.get(url).json
            seen += [statement["id"] for statement in page["statements"]]
            url = page["more"]
            client.post("/xapi/statements", json=with_("actor.mbox", "mailto:other@example.cn"))
        assert len(seen) == len(set(seen))
        assert set(ids) <= set(seen)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"verb": GOOD["verb"]["id"]}, True),
        ({"verb": "http://x.example/other"}, False),
        ({"activity": GOOD["object"]["id"]}, True),
        ({"agent": json.dumps({"mbox": "mailto:li.na@example.edu.cn"})}, True),
        ({"agent": json.dumps({"mbox": "mailto:no@example.edu.cn"})}, False),
        ({"agent": json.dumps({"mbox": "mailto:li.na@example.edu.cn"}), "verb": "http://x"}, False),
        ({"activity": "https://lms.example.edu.cn/site"}, False),
        ({"activity": "https://lms.example.edu.cn/site", "related_activities": "true"}, True),
        ({"since": "2020-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"}, True),
        ({"until": "2020-01-01T00:00:00Z"}, False),
    ],
)
def test_filters_find_what_they_should(client, query, found):
    site = {"grouping": [{"id": "https://lms.example.edu.cn/site"}]}
    client.post("/xapi/statements", json=with_("context.contextActivities", site))
    assert bool(client.get("/xapi/statements", query_string=query).json["statements"]) is found


@pytest.mark.parametrize("voiding_first", [True, False])
def test_a_voided_statement_is_found_only_as_voided_in_either_order(client, voiding_first):
    target = with_("id", str(uuid.uuid4()))
    voiding = with_("verb.id", "http://adlnet.gov/expapi/verbs/voided")
    voiding["object"] = {"objectType": "StatementRef", "id": target["id"]}
    for statement in [voiding, target] if voiding_first else [target, voiding]:
        assert client.post("/xapi/statements", json=statement).status_code == 200
    assert client.get(f"/xapi/statements?statementId={target['id']}").status_code == 404
    assert client.get(f"/xapi/statements?voidedStatementId={target['id']}").status_code == 200
    # The voiding statement is found by the filters that its target meets.
    by_target = client.get(f"/xapi/statements?activity={target['object']['id']}").json
    assert [found["verb"]["id"] for found in by_target["statements"]] == [voiding["verb"]["id"]]


def test_strangers_and_wrong_secrets_are_not_let_in(app):
    for key, secret in (("admin", "wrong"), ("nobody", "s3cret"), ("", "")):
        answer = signed_in(app, key, secret).post("/xapi/statements", json=GOOD)
        assert answer.status_code == 401
        assert "WWW-Authenticate" in answer.headers
    assert app.test_client().get("/xapi/statements", headers=V).status_code == 401


def test_a_source_does_what_its_scopes_allow_and_no_more(app, client):
    credentials = app.extensions["lrs"].credentials
    _, secret = credentials.issue(
        name="LMS",
        key="lms",
        provenance="server",
        scopes=("statements/write", "statements/read/mine"),
    )
    _, blind = credentials.issue(
        name="Tool", key="tool", provenance="browser", scopes=("statements/write",)
    )
    (theirs,) = client.post("/xapi/statements", json=GOOD).json
    lms, tool = signed_in(app, "lms", secret), signed_in(app, "tool", blind)
    (mine,) = lms.post("/xapi/statements", json=GOOD).json
    assert [s["id"] for s in lms.get("/xapi/statements").json["statements"]] == [mine]
    assert lms.get(f"/xapi/statements?statementId={theirs}").status_code == 404
    assert tool.post("/xapi/statements", json=GOOD).status_code == 200
    assert tool.get("/xapi/statements").status_code == 403


@pytest.mark.parametrize("version", ["0.9", "3.0", "x"])
def test_an_unknown_version_is_refused(client, version):
    answer = client.get("/xapi/statements", headers={"X-Experience-API-Version": version})
    assert answer.status_code == 400


def test_all_real_moodle_statements_post_with_200(client, shared_data):
    posted = 0
    for path in sorted((shared_data / "moodle").rglob("*.json")):
        for version in ("1.0.3", "2.0.0"):
            answer = client.post(
                "/xapi/statements",
                data=path.read_bytes(),
                content_type="application/json",
                headers={"X-Experience-API-Version": version},
            )
            assert answer.status_code == 200, (path.name, answer.json)
        posted += len(answer.json)
    assert posted == 117
