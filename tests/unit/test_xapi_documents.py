import json

import pytest

from tests.unit.xapi_service import ACTIVITY, LI_NA, V1, V2, service_client

REGISTRATION = "7b0d62f0-3c33-4e49-8f2b-0a1d9b2c4e5f"
RESOURCES = {
    "activities/state": {"activityId": ACTIVITY, "agent": LI_NA, "stateId": "bookmark"},
    "activities/profile": {"activityId": ACTIVITY, "profileId": "settings"},
    "agents/profile": {"agent": LI_NA, "profileId": "preferences"},
}
PROFILES = ["activities/profile", "agents/profile"]
each_resource = pytest.mark.parametrize("url", RESOURCES)
each_profile = pytest.mark.parametrize("url", PROFILES)
each_version = pytest.mark.parametrize("version", [V1, V2])


@pytest.fixture
def client(tmp_path):
    with service_client(tmp_path) as client:
        yield client


class Document:
    """One document's address."""

    def __init__(self, client, url, version=V2):
        self.client, self.url, self.version = client, url, version
        self.query = RESOURCES[url]

    def __call__(self, method, content=None, kind="application/json", **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if content is not None and not isinstance(content, bytes):
            content = json.dumps(content).encode()
        return self.client(
            method,
            self.url,
            self.version,
            headers,
            self.query,
            data=content,
            content_type=kind if content is not None else None,
        )

    def put(self, content, kind="application/json", **headers):
        answer = self("PUT", content, kind, **(headers or {"If_None_Match": "*"}))
        assert answer.status_code == 204, answer.json


@each_resource
@each_version
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b'{"page": 3, "big": 12345678901234567890}', "application/json"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "image/png"),
        ("第三页".encode(), "text/plain; charset=utf-8"),
        (b"", "application/octet-stream"),
    ],
)
def test_a_document_of_any_type_comes_back_as_it_was(client, url, version, content, kind):
    document = Document(client, url, version)
    document.put(content, kind)
    kept = document("GET")
    assert (kept.status_code, kept.data, kept.content_type) == (200, content, kind)
    assert kept.headers["ETag"].startswith('"')
    assert kept.headers["Last-Modified"]
    head = document("HEAD")
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == str(len(content))


@each_resource
def test_a_stored_page_cannot_act_as_one_of_this_site(client, url):
    document = Document(client, url)
    document.put(b"<script>alert(1)</script>", "text/html")
    headers = document("GET").headers
    assert "sandbox" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


@each_resource
def test_post_merges_top_level_fields_and_keeps_numbers_as_written(client, url):
    document = Document(client, url)
    document.put(b'{"x": {"a": 1}, "y": 1.10, "z": 12345678901234567890123}')
    assert document("POST", {"x": {"b": 2}, "new": None}).status_code == 204
    assert document("GET").data == (
        b'{"x":{"b": 2},"y":1.10,"z":12345678901234567890123,"new":null}'
    )


@each_resource
def test_post_makes_a_new_document(client, url):
    document = Document(client, url)
    assert document("POST", b"abc", "text/plain").status_code == 204
    assert document("GET").data == b"abc"


@each_resource
@pytest.mark.parametrize(
    ("kept", "kept_kind", "sent", "sent_kind"),
    [
        (b"abc", "text/plain", b'{"a": 1}', "application/json"),
        (b'{"a": 1}', "application/json", b"abc", "text/plain"),
        (b"[1]", "application/json", b'{"a": 1}', "application/json"),
        (b'{"a": 1}', "application/json", b"[1]", "application/json"),
        (b'{"a": 1}', "application/json", b"{", "application/json"),
        (b'{"a": 1}', "application/json", b"[" * 100_000, "application/json"),
    ],
)
def test_what_cannot_be_merged_is_refused_and_changes_nothing(
    client, url, kept, kept_kind, sent, sent_kind
):
    document = Document(client, url)
    document.put(kept, kept_kind)
    assert document("POST", sent, sent_kind).status_code == 400
    assert document("GET").data == kept


@each_resource
@each_version
def test_a_condition_that_does_not_hold_is_412_and_changes_nothing(client, url, version):
    document = Document(client, url, version)
    # Nothing is there, so no ETag matches it.
    assert document("PUT", {"a": 0}, If_Match='"x"').status_code == 412
    assert document("GET").status_code == 404
    document.put({"a": 1})
    etag = document("GET").headers["ETag"]
    for method in ("PUT", "POST", "DELETE"):
        content = None if method == "DELETE" else {"a": 2}
        assert document(method, content, If_Match='"x"').status_code == 412
        assert document(method, content, If_None_Match="*").status_code == 412
        assert document(method, content, If_None_Match=etag).status_code == 412
    assert document("GET").json == {"a": 1}
    assert document("PUT", {"a": 2}, If_Match=etag).status_code == 204
    assert document("PUT", {"a": 3}, If_Match=etag).status_code == 412
    assert document("GET").json == {"a": 2}
    assert document("GET").headers["ETag"] != etag
    assert document("DELETE", If_Match=document("GET").headers["ETag"]).status_code == 204
    assert document("GET").status_code == 404


@pytest.mark.parametrize(
    ("url", "version", "new", "existing"),
    [
        ("activities/state", V1, 204, 204),
        ("activities/state", V2, 204, 409),
        *((url, V1, 400, 409) for url in PROFILES),
        *((url, V2, 204, 409) for url in PROFILES),
    ],
)
def test_put_without_a_condition(client, url, version, new, existing):
    document = Document(client, url, version)
    assert document("PUT", {"a": 1}).status_code == new
    if new == 400:
        document.put({"a": 1})
    answer = document("PUT", {"a": 2})
    assert answer.status_code == existing
    assert document("GET").json == {"a": 2 if existing == 204 else 1}
    if existing == 409:
        assert "If-Match" in answer.json["detail"]


@each_resource
def test_conditional_and_partial_reads(client, url):
    document = Document(client, url)
    document.put(b"0123456789", "text/plain")
    etag = document("GET").headers["ETag"]
    assert document("GET", If_None_Match=etag).status_code == 304
    part = document("GET", Range="bytes=2-4", If_Range=etag)
    assert (part.status_code, part.data) == (206, b"234")
    # The document has changed since: the whole is sent, not a part that fits nothing.
    assert document("GET", Range="bytes=2-4", If_Range='"older"').data == b"0123456789"


@each_resource
def test_ids_are_listed_and_those_changed_since(client, url):
    document = Document(client, url)
    id_name = "stateId" if url == "activities/state" else "profileId"
    context = {name: value for name, value in document.query.items() if name != id_name}
    assert client("GET", url, query=context).json == []
    document.put({"a": 1})
    between = client("GET", "statements").headers["X-Experience-API-Consistent-Through"]
    document.query = {**document.query, id_name: "另一个"}
    document.put({"a": 2})
    listed = client("GET", url, query=context)
    assert sorted(listed.json) == sorted([RESOURCES[url][id_name], "另一个"])
    assert listed.headers["Last-Modified"]
    assert client("GET", url, query={**context, "since": between}).json == ["另一个"]


def test_states_are_kept_apart_by_registration_and_deleted_together(client):
    url, query = "activities/state", RESOURCES["activities/state"]
    registered = {**query, "registration": REGISTRATION}
    for parameters, content in ((query, {"n": 1}), (registered, {"n": 2})):
        assert client("PUT", url, query=parameters, json=content).status_code == 204
    upper = {**query, "registration": REGISTRATION.upper()}
    assert [client("GET", url, query=q).json["n"] for q in (query, registered, upper)] == [1, 2, 2]
    context = {name: value for name, value in query.items() if name != "stateId"}
    only = {**context, "registration": REGISTRATION}
    assert client("DELETE", url, query=only).status_code == 204
    assert client("GET", url, query=registered).status_code == 404
    assert client("GET", url, query=query).status_code == 200
    assert client("DELETE", url, query=context).status_code == 204
    assert client("GET", url, query=query).status_code == 404


@each_profile
def test_all_profiles_at_once_cannot_be_deleted(client, url):
    query = {n: v for n, v in RESOURCES[url].items() if n != "profileId"}
    assert client("DELETE", url, query=query).status_code == 400


@each_resource
@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE"])
def test_parameters_are_checked(client, url, method):
    good = RESOURCES[url]
    bad = [{k: v for k, v in good.items() if k != left_out} for left_out in good]
    if method == "GET" or (method, url) == ("DELETE", "activities/state"):
        bad = [query for query in bad if any(name.endswith("Id") for name in query)]
        bad = [query for query in bad if set(good) - set(query) not in ({"stateId"}, {"profileId"})]
    bad += [{**good, "extra": "1"}, {**good, "PROFILEID": "1"}]
    wrong = {"agent": ["", "x", "{}", '{"name": "x"}', "[]", '{"mbox": 1}'], "activityId": ["x"]}
    bad += [{**good, name: text} for name in good for text in wrong.get(name, [])]
    bad.append([*good.items(), next(iter(good.items()))])
    for query in bad:
        content = {} if method in ("GET", "DELETE") else {"json": {"a": 1}}
        answer = client(method, url, query=query, headers={"If-None-Match": "*"}, **content)
        assert answer.status_code == 400, query
        assert answer.json["detail"]


@each_resource
@pytest.mark.parametrize("scope", ["state", "profile", "all/read", "statements/write"])
def test_scopes(client, url, scope):
    document = Document(client, url)
    document.put({"a": 1})
    own = "state" if url == "activities/state" else "profile"
    document.client = client.signed_in_with(scope)
    assert document("GET").status_code == (200 if scope in (own, "all/read") else 403)
    assert document("POST", {"b": 1}).status_code == (204 if scope == own else 403)
    assert document("DELETE").status_code == (204 if scope == own else 403)
