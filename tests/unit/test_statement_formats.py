import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.test_statement_rules import GOOD, with_
from tests.unit.xapi_service import V1, V2, service_client

NAMES = {"en-GB": "Colour", "en-US": "Color", "zh-CN": "颜色"}
PERSON = {"objectType": "Agent", "name": "王老师", "mbox": "mailto:wang@example.cn"}
ANYONE = {"objectType": "Group", "name": "G", "member": [{**PERSON}]}
ACTIVITY = {
    "objectType": "Activity",
    "id": "http://x.example/a",
    "definition": {
        "name": NAMES,
        "description": NAMES,
        "interactionType": "choice",
        "choices": [{"id": "1", "description": NAMES}, {"id": "2"}],
    },
}
RICH = {
    "actor": {**ANYONE, "mbox": "mailto:g@example.cn"},
    "verb": {"id": "http://x.example/v", "display": NAMES},
    "object": {
        "objectType": "SubStatement",
        "actor": PERSON,
        "verb": {"id": "http://x.example/v", "display": NAMES},
        "object": ACTIVITY,
        "context": {"contextActivities": {"parent": ACTIVITY}},
    },
    "context": {
        "instructor": PERSON,
        "team": ANYONE,
        "contextActivities": {"category": ACTIVITY, "other": [ACTIVITY, {"id": "http://y"}]},
        "contextAgents": [{"objectType": "contextAgent", "agent": PERSON}],
        "contextGroups": [{"objectType": "contextGroup", "group": ANYONE}],
    },
}


@pytest.fixture
def client(tmp_path):
    with service_client(tmp_path) as client:
        yield client


def test_ids_are_what_identifies_and_no_more(client):
    (statement_id,) = client.post_statements([RICH])
    shown = client.statement(statement_id, format="ids")
    who = {"objectType": "Agent", "mbox": PERSON["mbox"]}
    group = {"objectType": "Group", "member": [who]}
    activity = {"id": ACTIVITY["id"]}
    assert shown["actor"] == {"objectType": "Group", "mbox": "mailto:g@example.cn"}
    assert shown["verb"] == {"id": "http://x.example/v"}
    assert shown["object"] == {
        "objectType": "SubStatement",
        "actor": who,
        "verb": {"id": "http://x.example/v"},
        "object": activity,
        "context": {"contextActivities": {"parent": [activity]}},
    }
    assert shown["context"] == {
        "instructor": who,
        "team": group,
        "contextActivities": {"category": [activity], "other": [activity, {"id": "http://y"}]},
        "contextAgents": [{"objectType": "contextAgent", "agent": who}],
        "contextGroups": [{"objectType": "contextGroup", "group": group}],
    }
    assert set(shown["authority"]) == {"objectType", "account"}


@pytest.mark.parametrize(
    ("asked", "tag"),
    [
        ("en-US", "en-US"),
        ("en-us;q=0.5, zh-CN", "zh-CN"),
        ("fr, zh;q=0.2", "zh-CN"),
        ("de", "en-GB"),
        ("*", "en-GB"),
        ("", "en-GB"),
        (";;;,,q=x", "en-GB"),
    ],
)
def test_canonical_has_one_language_in_every_map(client, asked, tag):
    (statement_id,) = client.post_statements([RICH])
    query = {"statementId": statement_id, "format": "canonical"}
    shown = client("GET", "statements", headers={"Accept-Language": asked}, query=query).json
    one = {tag: NAMES[tag]}
    definition = {
        "name": one,
        "description": one,
        "interactionType": "choice",
        "choices": [{"id": "1", "description": one}, {"id": "2"}],
    }
    assert shown["verb"]["display"] == shown["object"]["verb"]["display"] == one
    assert shown["object"]["object"]["definition"] == definition
    assert shown["context"]["contextActivities"]["category"][0]["definition"] == definition
    assert shown["actor"] == RICH["actor"]


def test_canonical_shows_what_is_known_of_an_activity_by_now(client):
    (first,) = client.post_statements([with_("object.definition", {"name": {"en": "Old"}})])
    client.post_statements(
        [with_("object.definition", {"name": {"en": "New"}, "type": "http://t"})]
    )
    definition = client.statement(first, format="canonical")["object"]["definition"]
    assert definition == {"name": {"en": "New"}, "type": "http://t"}
    assert client.statement(first)["object"]["definition"] == {"name": {"en": "Old"}}


@pytest.mark.parametrize("format_", ["Exact", "", "all"])
def test_other_formats_are_refused(client, format_):
    assert client("GET", "statements", query={"format": format_}).status_code == 400


def test_exact_is_what_was_sent_with_context_activities_in_arrays(client):
    (statement_id,) = client.post_statements([RICH])
    kept = client.statement(statement_id)
    expected = json.loads(json.dumps(RICH))
    expected["context"]["contextActivities"]["category"] = [ACTIVITY]
    expected["object"]["context"]["contextActivities"]["parent"] = [ACTIVITY]
    assert {name: kept[name] for name in RICH} == expected


@pytest.mark.parametrize("format_", ["exact", "ids", "canonical"])
def test_a_client_of_1_0_3_never_sees_what_only_2_0_0_knows(client, format_):
    inner = {**RICH["object"], "context": RICH["context"]}
    (statement_id,) = client.post_statements([{**RICH, "object": inner, "version": "2.0.0"}])
    one = client.statement(statement_id, V1, format=format_)
    (listed,) = client("GET", "statements", V1, query={"format": format_}).json["statements"]
    assert one == listed
    assert "contextAgents" not in json.dumps(one)
    assert "contextGroups" not in json.dumps(one)
    assert one["version"] == "1.0.0"
    assert one["context"]["instructor"]["mbox"] == PERSON["mbox"]
    # What is shown can be posted as 1.0.3 again.
    if format_ != "ids":
        sent = {n: v for n, v in one.items() if n in RICH}
        assert client("POST", "statements", V1, json=sent).status_code == 200


def test_statements_of_1_0_3_are_read_as_they_are_in_2_0_0(client):
    (statement_id,) = client.post_statements([GOOD], V1)
    assert client.statement(statement_id, V2) == client.statement(statement_id, V1)
    assert client.statement(statement_id, V2)["version"] == "1.0.0"


@pytest.mark.parametrize("asked", ["team", "contextAgents", "contextGroups", "authority", "inner"])
def test_related_agents_are_found_wherever_they_stand(client, asked):
    agent = {"mbox": "mailto:related@example.cn"}
    statement = {
        "team": with_("context.team", {"objectType": "Group", **agent}),
        "contextAgents": with_(
            "context.contextAgents", [{"objectType": "contextAgent", "agent": agent}]
        ),
        "contextGroups": with_(
            "context.contextGroups",
            [{"objectType": "contextGroup", "group": {"objectType": "Group", "member": [agent]}}],
        ),
        "authority": GOOD,
        "inner": with_(
            "object", {**with_("context.instructor", agent), "objectType": "SubStatement"}
        ),
    }[asked]
    if asked == "authority":
        agent = {"account": {"homePage": "http://lrs.example", "name": "admin"}}
    client.post_statements([statement])
    for related, found in (("true", 1), ("false", 0)):
        query = {"agent": json.dumps(agent), "related_agents": related}
        assert len(client("GET", "statements", query=query).json["statements"]) == found


def test_last_modified_is_when_it_was_stored(client):
    (statement_id,) = client.post_statements([GOOD])
    for query in ({"statementId": statement_id}, {}):
        assert client("GET", "statements", query=query).headers["Last-Modified"]


@pytest.mark.parametrize("single", [True, False])
def test_what_has_not_changed_need_not_be_sent_again(client, single):
    (statement_id,) = client.post_statements([GOOD])
    query = {"statementId": statement_id} if single else {}
    first = client("GET", "statements", query=query)
    known = {"If-None-Match": first.headers["ETag"]}
    assert client("GET", "statements", query=query, headers=known).status_code == 304
    voiding = with_("verb.id", "http://adlnet.gov/expapi/verbs/voided")
    voiding["object"] = {"objectType": "StatementRef", "id": statement_id}
    client.post_statements([voiding])
    changed = client("GET", "statements", query=query, headers=known)
    assert changed.status_code == (404 if single else 200)


@pytest.mark.parametrize("version", [V1, V2])
def test_a_time_to_come_is_taken(client, version):
    soon = datetime.now(UTC) + timedelta(minutes=10)
    (statement_id,) = client.post_statements([with_("timestamp", soon.isoformat())], version)
    assert datetime.fromisoformat(client.statement(statement_id)["timestamp"]) == soon


def test_iris_are_compared_as_they_are_written(client):
    iris = [
        "http://x.example/a",
        "http://X.example/a",
        "http://x.example/a/",
        "http://x.example/%61",
    ]
    ids = client.post_statements([with_("object.id", iri) for iri in iris])
    for iri, statement_id in zip(iris, ids, strict=True):
        found = client("GET", "statements", query={"activity": iri}).json["statements"]
        assert [one["id"] for one in found] == [statement_id]


@pytest.mark.parametrize("local", ["Asia/Shanghai", "America/New_York"])
def test_a_time_without_a_zone_is_utc_wherever_the_service_runs(client, monkeypatch, local):
    monkeypatch.setenv("TZ", local)
    time.tzset()
    try:
        (statement_id,) = client.post_statements([GOOD])
        stored = client.statement(statement_id)["stored"].removesuffix("Z")
        found = client("GET", "statements", query={"until": stored}).json["statements"]
        assert [one["id"] for one in found] == [statement_id]
        assert not client("GET", "statements", query={"since": stored}).json["statements"]
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_page_that_ends_at_the_limit_has_no_more(client):
    client.post_statements([GOOD] * 4)
    pages, url = [], "statements?limit=2"
    while url:
        page = client("GET", url).json
        pages.append(len(page["statements"]))
        url = page["more"].removeprefix("/xapi/")
    assert pages == [2, 2]
