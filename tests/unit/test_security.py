"""Threats that concern no part alone, and that docs/security.md names only tests that there are."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from lxml import html

from lrs.auth.secrets import RootSecret
from tests.unit.test_statement_rules import GOOD
from tests.unit.unit_service import UnitService

ROOT = Path(__file__).parents[2]
SCRIPT = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}'


@pytest.fixture
def served(tmp_path):
    service = UnitService(tmp_path)
    yield service
    service.service.close()


def test_the_threat_model_names_tests_that_there_are():
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs/security.md").read_text("utf-8")))
    sources = "\n".join(path.read_text("utf-8") for path in ROOT.glob("tests/**/test_*.py"))
    assert named - set(re.findall(r"def (test_\w+)\(", sources)) == set()
    assert len(named) > 50


def poisoned():
    """A statement with markup in every text that xAPI leaves to the sender."""
    return {
        **GOOD,
        "actor": {"objectType": "Agent", "name": SCRIPT, "mbox": "mailto:x@example.cn"},
        "verb": {**GOOD["verb"], "display": {"en": SCRIPT, "zh-CN": SCRIPT}},
        "object": {
            "id": "https://lms.example.edu.cn/xss",
            "definition": {
                "name": {"en": SCRIPT, "zh-CN": SCRIPT},
                "description": {"en": SCRIPT},
                "extensions": {"https://e.example/x": SCRIPT},
            },
        },
        "result": {"response": SCRIPT, "extensions": {"https://e.example/y": {SCRIPT: SCRIPT}}},
        "context": {
            "platform": SCRIPT,
            "revision": SCRIPT,
            "extensions": {"https://e.example/z": [SCRIPT]},
        },
    }


def test_no_field_of_a_statement_becomes_markup_in_the_console(served):
    (number,) = served.post(poisoned())
    (persona,) = served.store.records.personas(None, 10)
    pages = ["/", "/statements", f"/statements/{number}", "/learners", f"/learners/{persona.id}"]
    seen = 0
    for path in pages:
        answer = served.lms.get(path, follow_redirects=True)
        assert answer.status_code == 200, path
        tree = html.fromstring(answer.get_data(as_text=True))
        assert [one for one in tree.iter("script") if not one.get("src")] == [], path
        assert tree.xpath("//img[@src='x'] | //*[@onerror]") == [], path
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "49" not in re.findall(r"alert\(1\)>(\d+)", answer.get_data(as_text=True))
        seen += "alert(1)" in tree.text_content()
    assert seen >= 2, "the text must be shown somewhere, or this tests nothing"


def test_a_field_that_may_not_be_set_is_refused(served):
    for extra in ({"secret": "mine"}, {"secret_hash": "00"}, {"created": 1}, {"revoked": None}):
        body = {"name": "Tool", "provenance": "server", "scopes": ["statements/write"], **extra}
        answer = served.lms.post("/api/v1/sources", json=body)
        assert answer.status_code in (400, 422), answer.json
        assert next(iter(extra)) in json.dumps(answer.json)


def test_secrets_are_compared_in_constant_time(monkeypatch):
    compared = []
    root = RootSecret(bytes(32))

    def compare(first, second):
        compared.append((first, second))
        return first == second

    monkeypatch.setattr("lrs.auth.secrets.hmac.compare_digest", compare)
    stored = root.hash_of("right")
    assert root.matches("right", stored)
    assert not root.matches("wrong", stored)
    assert len(compared) == 2


LONG = """
import sys
from schemas.xapi import StatementError, decode_statement
from lrs.observe.redaction import without_values
import json
good = json.loads(sys.argv[1])
size = 200_000
for make in (lambda n: "a" * n, lambda n: "a." * (n // 2), lambda n: "@" * n, lambda n: "1" * n,
             lambda n: "P" + "1" * n, lambda n: "-" * n, lambda n: ":" * n,
             lambda n: "%41" * (n // 3)):
    text = make(size)
    for change in ({"id": text}, {"timestamp": text}, {"actor": {"mbox": "mailto:" + text}},
                   {"actor": {"openid": "http://" + text}}, {"verb": {"id": "http://" + text}},
                   {"result": {"duration": text}}, {"context": {"language": text}},
                   {"version": text}, {"object": {"id": text}}):
        try:
            decode_statement(json.dumps({**good, **change}).encode(), "2.0.0")
        except StatementError:
            pass
    without_values(text)
"""


def test_long_texts_are_judged_in_time_that_grows_with_them():
    """A pattern that backtracks would take hours on these; the limit is for a busy machine."""
    done = subprocess.run(
        [sys.executable, "-c", LONG, json.dumps(GOOD)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
