"""Problems are told in English and Chinese, whatever is wrong."""

import ast
import re
from http import HTTPStatus
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from marshmallow import Schema, ValidationError, fields, validate

import lrs
from lrs.api.rules import rule_of
from lrs.app import create_app
from lrs.problems import TITLES
from lrs.settings import Settings
from lrs.store.errors import StoreError
from schemas.texts import Text, text_of

ROOT = Path(lrs.__file__).parent
CATALOGUE = ROOT / "translations/zh_Hans_CN/LC_MESSAGES/messages.po"
KEY = ("admin", "s3cret")
CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}
WITHOUT = ("bank", "client")
"""The sandbox bank is another party's service, in English; the client raises no problems."""


@pytest.fixture(scope="module")
def translated():
    with CATALOGUE.open("rb") as file:
        return {message.id for message in read_po(file) if message.id and message.string}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("problems")
    app = create_app(Settings(data=folder, public_url="http://localhost"))
    app.extensions["lrs"].credentials.ensure(*KEY, name="Administrator")
    yield app.test_client()
    app.extensions["lrs"].close()


def has_chinese(text):
    return re.search("[\u4e00-\u9fff]", text) is not None


def raised(tree):
    """The detail of every problem that a module makes, where its status has a title."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Problem":
            status = getattr(node.args[0], "value", 400)
            assert not isinstance(status, int) or status in TITLES, f"a title for {status}"
            yield node.args[1]


def untold(detail, translated):
    """Why a detail cannot be told in Chinese; None where it can."""
    if isinstance(detail, ast.Constant):
        return None if detail.value in translated else "has no Chinese"
    if isinstance(detail, ast.Call) and getattr(detail.func, "id", "") == "Text":
        return untold(detail.args[0], translated)
    if isinstance(detail, ast.Call) and getattr(detail.func, "id", "") in ("_", "text_of"):
        return None  # `_` has a test of its own
    if isinstance(detail, ast.Name | ast.Subscript | ast.Attribute):
        return None  # a Text or a text in both languages, as the requests below see
    if ast.unparse(detail).startswith(("str(OUTCOMES[", "DETAILS.get(")):
        return None
    return f"is put together by {type(detail).__name__}: write Text(…, name=…)"


def test_every_problem_can_be_told_in_chinese(translated):
    faults, seen = [], 0
    for path in sorted(ROOT.rglob("*.py")):
        if path.relative_to(ROOT).parts[0] in WITHOUT:
            continue
        for detail in raised(ast.parse(path.read_text())):
            seen += 1
            if why := untold(detail, translated):
                place = f"{path.relative_to(ROOT)}:{detail.lineno}"
                faults.append(f"{place}: {ast.unparse(detail)[:80]} {why}")
    assert not faults, "\n" + "\n".join(faults)
    assert seen > 150


@pytest.mark.parametrize(
    "source", ['Problem(404, f"no {x}")', 'Problem(404, "Said nowhere.")', 'Problem(400, "a" + b)']
)
def test_the_search_finds_what_it_looks_for(source, translated):
    [detail] = raised(ast.parse(source))
    assert untold(detail, translated)


def test_titles_are_those_of_http():
    renamed = {413: "Content Too Large", 414: "URI Too Long", 422: "Unprocessable Content"}
    renamed[416] = "Range Not Satisfiable"
    for status, title in TITLES.items():
        assert title == renamed.get(status, HTTPStatus(status).phrase)


def problem(answer, status, language):
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert answer.headers["Content-Language"] == language
    assert "Accept-Language" in answer.headers["Vary"]
    return answer.json


@pytest.mark.parametrize(
    ("method", "url", "body", "status"),
    [
        ("GET", "/api/v1/nowhere", None, 404),
        ("DELETE", "/api/v1/units", None, 405),
        ("GET", "/api/v1/personas/nobody", None, 404),
        ("GET", "/api/v1/receivers/none/reconciliations", None, 404),
        ("GET", "/api/v1/personas?cursor=%21", None, 400),
        ("GET", "/api/v1/personas?limit=1000", None, 400),
        ("POST", "/api/v1/units", {"code": "U1", "level": 99, "what": 1}, 400),
        ("POST", "/api/v1/clients", {"id": "a", "name": "A", "method": "outside"}, 400),
        ("PUT", "/api/v1/organisations/%20", {"kind": "enterprise", "name": "A"}, 400),
        ("POST", "/api/v1/people", {"name": "a", "display_name": "A", "roles": ["learner"]}, 400),
        ("GET", "/xapi/statements?what=1", None, 400),
        ("GET", "/xapi/statements?since=yesterday", None, 400),
        ("POST", "/oauth/nowhere", None, 404),
    ],
)
def test_a_problem_is_told_in_the_language_asked_for(client, method, url, body, status):
    xapi = {"X-Experience-API-Version": "2.0.0"} if url.startswith("/xapi") else {}
    asked = {"method": method, "json": body, "auth": KEY}
    english = problem(client.open(url, **asked, headers=xapi), status, "en")
    chinese = problem(client.open(url, **asked, headers={**xapi, **CHINESE}), status, "zh-CN")
    assert english["title"] == TITLES[status]
    assert not has_chinese(english["detail"])
    for text in ("title", "detail"):
        assert has_chinese(chinese[text]), chinese
    for one in chinese.get("errors", ()):
        assert has_chinese(one["rule"]), one
    assert {one["path"] for one in english.get("errors", ())} == {
        one["path"] for one in chinese.get("errors", ())
    }


HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": "zh-CN"}


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/nowhere", 404),
        ("/sign-in/link/over", 404),
        ("/sign-in/code", 403),
        ("/static/nothing.css", 404),
    ],
)
def test_a_person_is_shown_a_page_where_a_program_gets_a_problem(client, url, status):
    page = client.get(url, headers=HTML)
    assert (page.status_code, page.mimetype) == (status, "text/html")
    assert page.headers["Cache-Control"] == "no-store"
    assert has_chinese(page.text)
    assert "<main" in page.text
    assert "<nav" in page.text
    data = client.get(url)
    assert (data.status_code, data.mimetype) == (status, "application/problem+json")


@pytest.mark.parametrize("url", ["/api/v1/nowhere", "/xapi/nowhere", "/oauth/nowhere"])
def test_programs_get_problems_whatever_they_accept(client, url):
    assert client.get(url, headers=HTML).mimetype == "application/problem+json"


@pytest.mark.parametrize("error", [StoreError("away"), RuntimeError("unknown")])
def test_a_page_of_a_failure_asks_nothing_of_the_service(tmp_path, monkeypatch, error):
    app = create_app(Settings(data=tmp_path, public_url="http://localhost"))

    def fails(*_arguments, **_named):
        raise error

    monkeypatch.setattr(app.extensions["lrs"], "asking", fails)
    page = app.test_client().get("/catalogue", headers=HTML)
    assert page.status_code in (500, 503)
    assert page.mimetype == "text/html"
    assert "<nav" not in page.text
    app.extensions["lrs"].close()


def test_values_are_told_with_the_text_and_are_not_translated(client):
    body = {"id": "x", "name": "X", "method": "client_secret_basic", "scopes": ["enterprise"]}
    told = client.post("/api/v1/clients", json=body, auth=KEY, headers=CHINESE).json["detail"]
    assert told == "未添加任何内容：权限范围 enterprise 需要机构。"
    wrong = client.get("/api/v1/receivers/无/holdings", auth=KEY, headers=CHINESE)
    assert wrong.status_code == 404


def test_a_request_for_data_asks_by_accept_language_alone(client):
    client.get("/sign-in?lang=zh_CN")
    assert client.get("/sign-in").text.count('lang="zh')
    answer = client.get("/api/v1/nowhere", headers={"Accept-Language": "en"})
    assert answer.headers["Content-Language"] == "en"
    assert problem(client.get("/api/v1/nowhere"), 404, "en")


def texts_of_marshmallow():
    """What the kinds of fields and rules that our schemas use say, made by themselves."""

    class Everything(Schema):
        needed = fields.String(required=True)
        text = fields.String(validate=validate.Length(min=2))
        short = fields.String(validate=validate.Length(max=1))
        between = fields.String(validate=validate.Length(2, 3))
        exact = fields.String(validate=validate.Length(equal=2))
        one_of = fields.String(validate=validate.OneOf(["a", "b"]))
        number = fields.Integer(validate=validate.Range(1, 2))
        least = fields.Integer(validate=validate.Range(min=1))
        most = fields.Integer(validate=validate.Range(max=1))
        pattern = fields.String(validate=validate.Regexp("b"))
        not_text, not_number = fields.String(), fields.Integer()
        not_float, nan, not_flag = fields.Float(), fields.Float(), fields.Boolean()
        day, instant, zone = fields.Date(), fields.AwareDateTime(), fields.AwareDateTime()
        many, pairs, url = fields.List(fields.String()), fields.Dict(), fields.Url()
        one, nothing = fields.UUID(), fields.String()
        inner = fields.Nested(Schema.from_dict({"a": fields.String()}))

    given = {
        "text": "a",
        "short": "ab",
        "between": "a",
        "exact": "a",
        "one_of": "c",
        "number": 3,
        "least": 0,
        "most": 2,
        "pattern": "a",
        "not_text": 1,
        "not_number": "x",
        "not_float": "x",
        "nan": "nan",
        "not_flag": "x",
        "day": "x",
        "instant": "x",
        "zone": "2026-01-01T00:00:00",
        "many": "x",
        "pairs": "x",
        "url": "x",
        "one": "x",
        "nothing": None,
        "inner": 1,
        "unknown": 1,
    }
    with pytest.raises(ValidationError) as wrong:
        Everything().load(given)
    said = wrong.value.normalized_messages()
    assert said.keys() == given.keys() | {"needed"}
    for messages in said.values():
        yield from messages["_schema"] if isinstance(messages, dict) else messages


def test_what_marshmallow_says_has_its_chinese(translated):
    for said in texts_of_marshmallow():
        rule = rule_of(said)
        assert str(rule) == said
        assert (rule.template if isinstance(rule, Text) else rule) in translated, said


def test_a_text_is_what_it_says():
    inner = Text("there is no source %(source)r", source="a%b")
    text = Text("Nothing was added: %(error)s.", error=inner)
    assert text == "Nothing was added: there is no source 'a%b'."
    assert text_of(ValueError(text)) is text
    assert text_of(KeyError("a")) == "'a'"
    assert Text("60 % of %(it)s") == "60 % of %(it)s"
