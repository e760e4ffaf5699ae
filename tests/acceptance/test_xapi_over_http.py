"""The running service as clients meet it: TinCan for Python as it is, and HTTP by hand."""

import base64
import gzip
import http.client
import json
import socket
import uuid
from urllib.parse import urlsplit

import pytest
import tincan

from tests.acceptance.lrs_process import KEY, SECRET, lrs_process
from tests.unit.test_statement_rules import GOOD

STATEMENT = json.dumps(GOOD).encode()
HEADERS = {
    "Authorization": "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode(),
    "X-Experience-API-Version": "2.0.0",
    "Content-Type": "application/json",
}


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    with lrs_process(tmp_path_factory.mktemp("service")) as endpoint:
        yield endpoint


@pytest.fixture
def lrs(endpoint):
    return tincan.RemoteLRS(endpoint=endpoint, username=KEY, password=SECRET, version="1.0.3")


@pytest.fixture
def agent():
    return tincan.Agent(mbox=f"mailto:{uuid.uuid4()}@example.cn", name="李娜")


@pytest.fixture
def activity():
    name = tincan.LanguageMap({"zh-CN": "课程"})
    definition = tincan.ActivityDefinition(name=name)
    return tincan.Activity(id=f"https://lms.example/{uuid.uuid4()}", definition=definition)


def done(response):
    assert response.success, response.data
    return response.content


def test_tincan_statements(lrs, agent, activity):
    verb = tincan.Verb(id="http://x.example/did", display=tincan.LanguageMap({"en": "did"}))
    statement = tincan.Statement(
        actor=agent,
        verb=verb,
        object=activity,
        context=tincan.Context(registration=str(uuid.uuid4())),
        result=tincan.Result(score=tincan.Score(scaled=0.5)),
    )
    saved = done(lrs.save_statement(statement))
    kept = done(lrs.retrieve_statement(saved.id))
    assert kept.actor.mbox == agent.mbox
    assert kept.result.score.scaled == 0.5
    others = [tincan.Statement(actor=agent, verb=verb, object=activity) for _ in range(2)]
    done(lrs.save_statements(others))
    page = done(lrs.query_statements({"agent": agent, "verb": verb, "limit": 2}))
    assert len(page.statements) == 2
    assert len(done(lrs.more_statements(page.more)).statements) == 1
    voiding = tincan.Statement(
        actor=agent,
        verb=tincan.Verb(id="http://adlnet.gov/expapi/verbs/voided"),
        object=tincan.StatementRef(id=saved.id),
    )
    done(lrs.save_statement(voiding))
    assert done(lrs.retrieve_voided_statement(saved.id)).id == saved.id


def test_tincan_is_told_the_version_that_it_knows(lrs):
    assert done(lrs.about()).version == ["1.0.3"]


def test_tincan_states(lrs, agent, activity):
    state = tincan.StateDocument(
        id="bookmark", content="page 3", content_type="text/plain", agent=agent, activity=activity
    )
    done(lrs.save_state(state))
    kept = done(lrs.retrieve_state(activity, agent, "bookmark"))
    assert kept.content == b"page 3"
    assert done(lrs.retrieve_state_ids(activity, agent)) == ["bookmark"]
    done(lrs.delete_state(kept))
    done(lrs.clear_state(activity, agent))
    assert lrs.retrieve_state(activity, agent, "bookmark").response.status == 404


def test_tincan_profiles(lrs, agent, activity):
    for make, save, retrieve, ids, delete, owner in (
        (
            tincan.ActivityProfileDocument,
            lrs.save_activity_profile,
            lrs.retrieve_activity_profile,
            lrs.retrieve_activity_profile_ids,
            lrs.delete_activity_profile,
            {"activity": activity},
        ),
        (
            tincan.AgentProfileDocument,
            lrs.save_agent_profile,
            lrs.retrieve_agent_profile,
            lrs.retrieve_agent_profile_ids,
            lrs.delete_agent_profile,
            {"agent": agent},
        ),
    ):
        document = make(id="p", content='{"a": 1}', content_type="application/json", **owner)
        (whose,) = owner.values()
        done(save(document))
        # Without the ETag it would overwrite what it has not seen.
        assert save(document).response.status == 409
        answer = retrieve(whose, "p")
        kept = done(answer)
        # TinCan does not find the ETag in its own answer, so users hand it on.
        kept.etag = answer.response.getheader("ETag")
        kept.content = '{"a": 2}'
        done(save(kept))
        assert done(retrieve(whose, "p")).content == b'{"a": 2}'
        assert done(ids(whose)) == ["p"]
        done(delete(done(retrieve(whose, "p"))))
        assert retrieve(whose, "p").response.status == 404


def connection(endpoint):
    return http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=30)


def post(endpoint, body, **headers):
    client = connection(endpoint)
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    client.request("POST", "/xapi/statements", body, {**HEADERS, **headers})
    answer = client.getresponse()
    return answer.status, answer.read()


def test_bodies_without_a_length_and_compressed_ones(endpoint):
    assert post(endpoint, iter([STATEMENT[:9], STATEMENT[9:]]))[0] == 200
    packed = gzip.compress(STATEMENT)
    assert post(endpoint, packed, Content_Encoding="gzip")[0] == 200
    assert post(endpoint, iter([packed[:9], packed[9:]]), Content_Encoding="gzip")[0] == 200
    bomb = gzip.compress(b" " * (65 * 1024 * 1024))
    assert post(endpoint, bomb, Content_Encoding="gzip")[0] == 413


def test_a_client_may_ask_before_it_sends(endpoint):
    with socket.create_connection(
        (urlsplit(endpoint).hostname, urlsplit(endpoint).port), 30
    ) as wire:
        lines = [f"{name}: {value}" for name, value in HEADERS.items()]
        lines += ["Host: x", "Expect: 100-continue", f"Content-Length: {len(STATEMENT)}"]
        wire.sendall("\r\n".join(["POST /xapi/statements HTTP/1.1", *lines, "", ""]).encode())
        assert wire.recv(1000).startswith(b"HTTP/1.1 100")
        wire.sendall(STATEMENT)
        assert wire.recv(1000).startswith(b"HTTP/1.1 200")


def test_one_too_large_is_refused_before_it_is_sent(endpoint):
    with socket.create_connection(
        (urlsplit(endpoint).hostname, urlsplit(endpoint).port), 30
    ) as wire:
        lines = [f"{name}: {value}" for name, value in HEADERS.items()]
        lines += ["Host: x", "Expect: 100-continue", "Content-Length: 99999999999"]
        wire.sendall("\r\n".join(["POST /xapi/statements HTTP/1.1", *lines, "", ""]).encode())
        assert wire.recv(1000).startswith(b"HTTP/1.1 413")
