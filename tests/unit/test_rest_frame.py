"""What all of `/api/v1` has in common: its description, and the rate of requests."""

import pytest

from lrs.api.blueprint import ANSWERS
from lrs.app import create_app
from lrs.auth.rate_limit import WINDOW, RateLimit
from lrs.settings import Settings
from tests.unit.test_statement_resource import signed_in


@pytest.fixture
def app(tmp_path):
    app = create_app(Settings(data=tmp_path, public_url="http://lrs.example", rate_limit=3))
    app.extensions["lrs"].credentials.ensure("admin", "s3cret", name="Administrator")
    yield app
    app.extensions["lrs"].close()


def test_every_operation_says_what_it_answers_and_how_to_sign_in(app):
    described = app.test_client().get("/api/v1/openapi.json").json
    assert described["openapi"].startswith("3.1")
    assert {"basic", "bearer"} <= described["components"]["securitySchemes"].keys()
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            if method in ("get", "post", "put", "patch", "delete"):
                assert {str(status) for status in ANSWERS} <= operation["responses"].keys(), path
                assert operation.get("summary"), f"{method} {path} has no summary"


def test_a_credential_that_asks_too_often_has_to_wait_and_others_do_not(app):
    client = signed_in(app, "admin", "s3cret")
    for left in (2, 1, 0):
        answer = client.get("/api/v1/me")
        assert answer.status_code == 200
        assert answer.headers["RateLimit"].startswith(f'"credential";r={left};t=')
        assert answer.headers["RateLimit-Policy"] == f'"credential";q=3;w={WINDOW}'
    refused = client.get("/api/v1/me")
    assert refused.status_code == 429
    assert refused.content_type == "application/problem+json"
    assert 0 < int(refused.headers["Retry-After"]) <= WINDOW
    app.extensions["lrs"].credentials.ensure("other", "s3cret", name="Other")
    assert signed_in(app, "other", "s3cret").get("/api/v1/me").status_code == 200


def test_counting_begins_anew_with_the_window():
    now = [0.0]
    limit = RateLimit(2, lambda: now[0])
    assert [limit.count("a")[0] for _ in range(3)] == [1, 0, -1]
    assert limit.count("b")[0] == 1
    now[0] = WINDOW
    assert limit.count("a") == (1, WINDOW)
