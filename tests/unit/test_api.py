import pytest

from adapters.inbound import inbound_adapters
from lrs.app import create_app
from lrs.records.projector import Projector
from lrs.settings import Settings
from tests.unit.test_statement_resource import signed_in
from tests.unit.test_statement_rules import GOOD, with_


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


@pytest.fixture
def project(app):
    store = app.extensions["lrs"].store
    projector = Projector(
        store.statements,
        store.projections,
        store.courses,
        store.sources.all,
        inbound_adapters(),
        units_of=dict,
    )

    def run():
        while projector.step():
            pass

    return run


def follow(client, url):
    items = []
    while url:
        page = client.get(url)
        assert page.status_code == 200, page.json
        items += page.json["items"]
        url = page.json.get("next")
    return items


def learner(number):
    return with_("actor.mbox", f"mailto:{number}@example.edu.cn")


def test_pages_followed_to_the_end_hold_each_item_once(client, project):
    client.post("/xapi/statements", json=[learner(number) for number in range(25)])
    project()
    personas = follow(client, "/api/v1/personas?limit=10")
    records = follow(client, "/api/v1/records?limit=10")
    assert len({one["id"] for one in personas}) == len(personas) == 25
    assert {one["persona"] for one in records} == {one["id"] for one in personas}
    one = follow(client, f"/api/v1/records?persona={personas[3]['id']}")
    assert [record["persona"] for record in one] == [personas[3]["id"]]
    assert one[0]["completion"] is True


def test_a_voided_statement_leaves_the_record(client, project):
    (first,) = client.post("/xapi/statements", json=GOOD).json
    client.post("/xapi/statements", json=with_("result", {"score": {"scaled": 0.9}}))
    project()
    voiding = with_("verb.id", "http://adlnet.gov/expapi/verbs/voided")
    voiding["object"] = {"objectType": "StatementRef", "id": first}
    client.post("/xapi/statements", json=voiding)
    project()
    (record,) = follow(client, "/api/v1/records")
    assert first not in record["evidence"]
    assert len(record["evidence"]) == 1


@pytest.mark.parametrize(
    ("query", "path"), [("limit=0", "limit"), ("limit=x", "limit"), ("colour=red", "colour")]
)
def test_a_wrong_parameter_is_named(client, query, path):
    answer = client.get(f"/api/v1/records?{query}")
    assert answer.status_code == 400
    assert [error["path"] for error in answer.json["errors"]] == [path]


@pytest.mark.parametrize("cursor", ["x", "////", "gqFhoWI", "w6k"])
def test_a_cursor_that_was_made_up_is_refused(client, cursor):
    for resource in ("personas", "records", "achievements", "claims"):
        assert client.get(f"/api/v1/{resource}?cursor={cursor}").status_code == 400


def test_only_a_reader_of_everything_may_look(app):
    credentials = app.extensions["lrs"].credentials
    _, secret = credentials.issue(
        name="LMS", key="lms", provenance="server", scopes=("statements/read",)
    )
    for path, stranger in (("/api/v1/personas", 401), ("/", 303), ("/learners/x", 303)):
        assert app.test_client().get(path).status_code == stranger
        assert signed_in(app, "lms", secret).get(path).status_code == 403


@pytest.mark.parametrize(("language", "text"), [("en", "Learners"), ("zh-CN", "学习者")])
def test_pages_show_what_statements_say_as_text(client, project, language, text):
    client.post("/xapi/statements", json=with_("actor.name", "<script>alert(1)</script>"))
    project()
    headers = {"Accept-Language": language}
    page = client.get("/learners", headers=headers)
    assert text in page.text
    assert "&lt;script&gt;" in page.text
    assert "<script>" not in page.text
    assert "'unsafe" not in page.headers["Content-Security-Policy"]
    (persona,) = follow(client, "/api/v1/personas")
    learner = client.get(f"/learners/{persona['id']}", headers=headers)
    assert learner.status_code == 200
    assert "&lt;script&gt;" in learner.text
    assert "<script>" not in learner.text


def test_an_unknown_learner_is_not_found(client):
    assert client.get("/learners/nobody").status_code == 404
    assert client.get("/api/v1/personas/nobody").status_code == 404


def test_the_client_key_is_published_without_its_private_part(app):
    (key,) = app.test_client().get("/.well-known/jwks.json").json["keys"]
    assert key["kty"] == "EC"
    assert "d" not in key
    assert app.test_client().get("/.well-known/jwks.json").json["keys"] == [key]
