"""Plain posts are answered before Flask; nobody must be able to tell."""

import json
import logging
import uuid

import pytest

from lrs.observe import request_id
from tests.unit.xapi_service import ACTIVITY, service_client

WAYS = {"plain": {}, "of Flask": {"Content-Encoding": "identity"}}
"""A header that changes nothing is enough for a post not to be a plain one."""


@pytest.fixture
def client(tmp_path):
    with service_client(tmp_path) as client:
        yield client


def statement(**other):
    return {
        "id": str(uuid.uuid4()),
        "actor": {"mbox": "mailto:li.na@example.edu.cn"},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/completed"},
        "object": {"id": ACTIVITY},
        **other,
    }


def post(client, way, body, version="1.0.3", **headers):
    kind = {"Content-Type": "application/json; charset=utf-8"}
    return client("POST", "statements", version, {**kind, **headers, **WAYS[way]}, data=body)


def both(client, make, version="1.0.3", **headers):
    return [post(client, way, make(), version, **headers) for way in WAYS]


def reached_flask(client):
    seen = []
    client.app.before_request(lambda: seen.append(1) and None)
    return seen


@pytest.mark.parametrize("version", ["1.0.3", "2.0.0"])
def test_both_ways_answer_and_store_the_same(client, version):
    seen = reached_flask(client)
    ids = [str(uuid.uuid4()) for _ in range(4)]
    batches = iter((ids[:2], ids[2:]))
    answers = both(
        client, lambda: json.dumps([statement(id=one) for one in next(batches)]), version
    )
    assert len(seen) == 1
    assert [answer.json for answer in answers] == [ids[:2], ids[2:]]
    plain, flask = ({**dict(answer.headers)} for answer in answers)
    for told in (plain, flask):
        assert told.pop("X-Request-ID") and told.pop("X-Experience-API-Consistent-Through")
    assert plain == flask
    bodies = [client.statement(one) for one in (ids[0], ids[2])]
    for body in bodies:
        assert body.pop("id") and body.pop("stored") and body.pop("timestamp")
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("[", 400),
        ("\xff", 400),
        (json.dumps({"actor": {}}), 400),
        (json.dumps([statement(), {**statement(), "verb": {"id": "no IRI"}}]), 400),
        (json.dumps(statement(attachments=[])), 200),
    ],
)
def test_both_ways_refuse_the_same(client, body, status):
    plain, flask = both(client, lambda: body)
    assert (plain.status_code, flask.status_code) == (status, status)
    if status != 200:
        assert plain.json == flask.json


def test_a_taken_id_is_a_conflict_and_nothing_is_stored_twice(client):
    first = statement()
    assert post(client, "plain", json.dumps(first)).status_code == 200
    again = both(client, lambda: json.dumps([first, first["id"] and statement()]))
    assert [one.status_code for one in again] == [200, 200]
    other = {**first, "verb": {"id": "http://adlnet.gov/expapi/verbs/failed"}}
    answers = both(client, lambda: json.dumps([statement(), other]))
    assert [one.status_code for one in answers] == [409, 409]
    assert answers[0].json == answers[1].json
    assert len(client("GET", "statements").json["statements"]) == 3


def test_strangers_and_those_without_the_scope(client):
    reader = client.signed_in_with("statements/read")
    for one, status in ((reader, 403), (type(client)(client.app, "admin", "wrong"), 401)):
        plain, flask = both(one, lambda: json.dumps(statement()))
        assert (plain.status_code, flask.status_code) == (status, status)
        assert plain.json == flask.json
        assert plain.headers.get("WWW-Authenticate") == flask.headers.get("WWW-Authenticate")


def test_no_version_is_answered_in_the_one_spoken_last(client):
    assert post(client, "plain", json.dumps(statement()), "1.0.3").status_code == 200
    answer = post(client, "plain", json.dumps(statement()), None)
    assert (answer.status_code, answer.headers["X-Experience-API-Version"]) == (400, "1.0.3")


def test_a_body_beyond_the_limit(tmp_path):
    with service_client(tmp_path, body_limit=100) as client:
        plain, flask = both(client, lambda: json.dumps([statement()] * 3))
        assert (plain.status_code, flask.status_code) == (413, 413)


def test_the_id_of_the_request_is_in_the_log_whichever_way(client):
    logged = []
    handler = logging.Handler()
    handler.emit = lambda record: logged.append((request_id.current.get(), record.fields))
    logger = logging.getLogger("lrs.access")
    logger.addHandler(handler)
    level, _ = logger.level, logger.setLevel(logging.INFO)
    try:
        told = both(client, lambda: json.dumps(statement()), **{"X-Request-ID": "of-a-proxy-1"})
        told += both(client, lambda: "[", **{"X-Request-ID": "of-a-proxy-1"})
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    assert {one.headers["X-Request-ID"] for one in told} == {"of-a-proxy-1"}
    assert [identifier for identifier, _ in logged] == ["of-a-proxy-1"] * 4
    fields = [{**fields, "milliseconds": 0} for _, fields in logged]
    assert fields[0] == fields[1]
    assert fields[2] == fields[3]
    assert request_id.current.get() is None
