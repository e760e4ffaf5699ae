"""Bodies: their limits, gzip, and the alternate request syntax of 1.0.3."""

import gzip
import io
import json
import uuid
from base64 import b64encode
from urllib.parse import urlencode

import pytest

from tests.unit.test_statement_rules import GOOD
from tests.unit.xapi_service import ACTIVITY, LI_NA, V1, V2, service_client

LIMIT = 100_000
STATEMENT = json.dumps(GOOD).encode()
BASIC = "Basic " + b64encode(b"admin:s3cret").decode()


@pytest.fixture
def client(tmp_path):
    with service_client(tmp_path, body_limit=LIMIT) as client:
        yield client


def post(client, body, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return client("POST", "statements", V2, headers, data=body, content_type="application/json")


def chunked(client, method, url, body, headers=(), query=None, kind="application/json"):
    """A request whose length is not told, as servers hand on chunked ones."""
    return client(
        method,
        url,
        headers=headers,
        query=query,
        input_stream=io.BytesIO(body),
        content_type=kind,
        environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
    )


def test_gzip(client):
    assert post(client, gzip.compress(STATEMENT), Content_Encoding="gzip").status_code == 200
    assert post(client, STATEMENT, Content_Encoding="identity").status_code == 200


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (b"nonsense", "gzip", 400),
        (gzip.compress(STATEMENT)[:-4], "gzip", 400),
        (b"", "gzip", 400),
        (STATEMENT, "br", 415),
        (gzip.compress(b" " * 50_000_000), "gzip", 413),
        (gzip.compress(b" " * (LIMIT + 1)), "gzip", 413),
        (b" " * (LIMIT + 1), "identity", 413),
    ],
)
def test_bodies_that_are_refused(client, body, encoding, status):
    answer = post(client, body, Content_Encoding=encoding)
    assert answer.status_code == status
    assert answer.json["detail"]
    assert client("GET", "statements").json["statements"] == []


@pytest.mark.parametrize("gzipped", [False, True])
@pytest.mark.parametrize("size", [LIMIT - 1, LIMIT, LIMIT + 1, LIMIT * 2])
def test_nothing_is_cut_off_at_the_limit_where_the_length_is_not_told(client, gzipped, size):
    body = b"x" * size
    headers = {"If-None-Match": "*", **({"Content-Encoding": "gzip"} if gzipped else {})}
    query = {"activityId": ACTIVITY, "agent": LI_NA, "stateId": "s"}
    sent = gzip.compress(body) if gzipped else body
    put = chunked(client, "PUT", "activities/state", sent, headers, query, "text/plain")
    kept = client("GET", "activities/state", query=query)
    if size > LIMIT:
        assert (put.status_code, kept.status_code) == (413, 404)
    else:
        assert (put.status_code, kept.data) == (204, body)


def alternate(client, method, form, url="statements", version=None, sign_in=True, **headers):
    """A POST such as a browser without CORS makes."""
    fields = {"X-Experience-API-Version": V1, "Authorization": BASIC, **form}
    if not sign_in:
        del fields["Authorization"]
    return client.app.test_client().post(
        f"/xapi/{url}?method={method}",
        data=urlencode({name: value for name, value in fields.items() if value is not None}),
        content_type="application/x-www-form-urlencoded",
        headers=headers,
    )


def test_alternate_syntax_of_statements(client):
    statement_id = str(uuid.uuid4())
    form = {"statementId": statement_id, "content": STATEMENT.decode()}
    assert alternate(client, "PUT", form).status_code == 204
    got = alternate(client, "GET", {"statementId": statement_id})
    assert (got.status_code, got.json["object"]) == (200, GOOD["object"])
    posted = alternate(client, "POST", {"content": json.dumps([GOOD]), "Content-Length": "1"})
    assert posted.status_code == 200
    page = alternate(client, "GET", {"limit": "1", "verb": GOOD["verb"]["id"]}).json
    assert [one["id"] for one in page["statements"]] == posted.json
    more = client("GET", page["more"].removeprefix("/xapi/"), V1).json
    assert [one["id"] for one in more["statements"]] == [statement_id]


def test_alternate_syntax_of_documents_with_their_headers(client):
    query = {"activityId": ACTIVITY, "agent": LI_NA, "profileId": "p"}
    del query["agent"]
    put = {**query, "content": "第一 & 第二", "Content-Type": "text/plain", "If-None-Match": "*"}
    assert alternate(client, "PUT", put, "activities/profile").status_code == 204
    assert alternate(client, "PUT", put, "activities/profile").status_code == 412
    got = alternate(client, "GET", query, "activities/profile")
    assert (got.text, got.content_type) == ("第一 & 第二", "text/plain")
    assert alternate(client, "DELETE", query, "activities/profile").status_code == 204
    assert alternate(client, "GET", query, "activities/profile").status_code == 404


@pytest.mark.parametrize(
    ("method", "form", "status"),
    [
        ("PUT", {"statementId": str(uuid.uuid4())}, 400),
        ("PATCH", {"content": STATEMENT.decode()}, 400),
        ("GET", {"X-Experience-API-Version": V2}, 400),
        ("GET", {"X-Experience-API-Version": None}, 400),
        ("GET", {"unknown": "1"}, 400),
        ("GET&limit=1", {}, 400),
        ("GET", {"If-Match": "a\r\nX: y"}, 400),
        ("GET", {"Authorization": "Basic eDp5"}, 401),
        ("GET", {"Authorization": None}, 401),
    ],
)
def test_alternate_syntax_that_is_refused(client, method, form, status):
    answer = alternate(client, method, form)
    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_method_in_the_url_is_no_parameter_of_other_requests(client):
    for method in ("GET", "PUT"):
        answer = client(method, "statements", V1, query={"method": "GET"})
        assert answer.status_code == 400
    assert client("POST", "statements", V2, query={"method": "GET"}).status_code == 400
