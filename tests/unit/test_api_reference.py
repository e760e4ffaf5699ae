"""The pages of the API: made from the description, whole, and without anything from elsewhere."""

import json
import re

import pytest

from lrs.app import create_app
from lrs.console.api_reference import example, nouns, operations
from lrs.settings import Settings


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    app = create_app(Settings(data=tmp_path_factory.mktemp("api"), public_url="http://localhost"))
    yield app.test_client()
    app.extensions["lrs"].close()


@pytest.fixture(scope="module")
def description(client):
    return client.get("/api/v1/openapi.json").json


def test_every_operation_of_the_description_is_on_a_page(client, description):
    listed = client.get("/api-reference").text
    seen = set()
    for noun in nouns(description):
        assert f'href="/api-reference/{noun.name}"' in listed
        page = client.get(f"/api-reference/{noun.name}").text
        seen |= set(re.findall(r'data-method="(\w+)" data-path="([^"]+)"', page))
        ids = re.findall(r' id="([^"]+)"', page)
        assert len(ids) == len(set(ids))
    assert seen == {
        (method.upper(), path)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
        if isinstance(operation, dict) and "responses" in operation
    }


def test_every_place_of_an_address_has_its_field(description):
    for noun in nouns(description):
        for one in operations(description, noun.name):
            given = {field.name for field in one.fields if field.place == "path"}
            assert given == set(re.findall(r"{(\w+)}", one.path)), one.path
            assert one.answers


def test_bodies_begin_with_what_is_required(description):
    [subscribe] = [
        one for one in operations(description, "webhooks") if one.id == "post-api-v1-webhooks"
    ]
    assert json.loads(subscribe.example) == {"kinds": ["verified"], "url": "https://example.org/"}
    assert subscribe.media == "application/json"
    [imported] = [
        one for one in operations(description, "imports") if one.id == "post-api-v1-imports"
    ]
    assert "file" in {part.name for part in imported.parts if part.kind == "binary"}
    assert imported.example == ""


def test_an_example_of_what_holds_itself_ends():
    ring = {"type": "object", "required": ["in"], "properties": {"in": {"$ref": "#/ring"}}}
    assert json.dumps(example({"ring": ring}, ring)).count("in") < 10


def test_nothing_comes_from_elsewhere(client):
    for path in ("/api-reference", "/api-reference/units"):
        answer = client.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        for address in re.findall(r'(?:src|href)="([^"]+)"', answer.text):
            assert address.startswith(("/", "#", "?")), address
        assert not re.search(r"<script(?![^>]* src=)|<style| on\w+=| style=", answer.text)


def test_it_is_in_both_languages_and_knows_what_is_not_there(client):
    chinese = {"Accept-Language": "zh-CN"}
    assert "必填" in client.get("/api-reference/units", headers=chinese).text
    assert client.get("/api-reference/nothing").status_code == 404
