"""What an operator sees: readiness, metrics, logs, request ids."""

import io
import json
import logging
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from lrs.app import create_app
from lrs.observe.logs import JsonLines, ShortLines
from lrs.observe.readiness import LIMITS, verdict
from lrs.observe.redaction import without_values
from lrs.observe.request_id import accepted
from lrs.settings import Settings
from lrs.store.errors import StoreError
from lrs.store.health import Place, Waiting
from tests.unit.ledgers import LedgerAtWork
from tests.unit.unit_service import UnitService, learner, unit

NOW = 10**15
NOTHING = dict.fromkeys(LIMITS, Waiting(0, None))


@pytest.fixture
def served(tmp_path):
    service = UnitService(tmp_path)
    yield service
    service.service.close()


def ask(served, path="/readyz", **more):
    return served.app.test_client().get(path, **more)


def figures(text):
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_service_at_rest_is_ready(served):
    answer = ask(served)
    assert answer.status_code == 200, answer.json
    assert answer.json["checks"].keys() == {"store", *LIMITS}


@pytest.mark.parametrize("part", LIMITS)
def test_a_part_fails_once_something_waits_too_long_for_it(part):
    for seconds, expected in ((LIMITS[part] - 1, True), (LIMITS[part] + 1, False)):
        waiting = {**NOTHING, part: Waiting(3, NOW - seconds * 10**6)}
        found = verdict(None, waiting, NOW)
        assert found.pop(part)["ok"] is expected
        assert all(one["ok"] for one in found.values())


def test_what_a_clock_set_back_makes_older_than_now_is_no_failure():
    found = verdict(None, {**NOTHING, "ledger": Waiting(1, NOW + 10**9)}, NOW)
    assert found["ledger"] == {"ok": True, "waiting": 1, "oldest_seconds": 0.0}


def test_a_store_that_takes_no_writes_makes_the_service_unready(served, monkeypatch):
    def full():
        raise StoreError("the store could not be written: database or disk is full")

    monkeypatch.setattr(served.store.health, "write", full)
    answer = ask(served)
    assert (answer.status_code, answer.json["failing"]) == (503, ["store"])
    assert "disk is full" in answer.json["checks"]["store"]["why"]
    assert ask(served, "/healthz").status_code == 200


def test_a_disk_that_is_nearly_full_makes_the_service_unready(served, monkeypatch):
    monkeypatch.setattr(served.store.health, "place", lambda: Place(used=1, log=1, free=1000))
    answer = ask(served)
    assert (answer.status_code, answer.json["failing"]) == (503, ["store"])
    assert "1000 octets are left" in answer.json["checks"]["store"]["why"]


def test_a_check_can_be_left_out_and_must_be_known(served, monkeypatch):
    late = {**NOTHING, "outbox": Waiting(1, 1)}
    monkeypatch.setattr(served.store.health, "waiting", lambda: late)
    assert ask(served).json["failing"] == ["outbox"]
    assert ask(served, "/readyz?exclude=outbox").status_code == 200
    unknown = ask(served, "/readyz?exclude=banks")
    assert unknown.status_code == 400
    assert "outbox" in unknown.json["detail"]


def test_what_waits_is_told_and_gone_once_it_is_done(served):
    health = served.store.health
    assert set(health.waiting().values()) == {Waiting(0, None)}
    served.lms.post("/xapi/statements", json=[learner(1), learner(2)])
    served.publish(unit())
    LedgerAtWork.of(served.service).note(3)
    assert health.waiting()["ledger"].much >= 3
    answer = served.lms.post("/xapi/statements", json=[learner(3), learner(4)])
    assert answer.status_code == 200
    behind = health.waiting()["projection"]
    assert behind.much == 2
    assert behind.since is not None
    served.settle()
    assert health.waiting()["projection"] == Waiting(0, None)
    LedgerAtWork.of(served.service).grow(1)
    assert health.waiting()["ledger"] == Waiting(0, None)


def test_metrics_tell_what_the_store_holds_and_what_was_asked(served):
    served.publish(unit())
    served.post(learner(1))
    found = figures(ask(served, "/metrics").text)
    assert found["lrs_statements_stored_total",] == 1
    assert found["lrs_achievements", "verified"] == 1
    assert found["lrs_http_requests_total", "POST", "/xapi/statements", "200"] >= 1
    assert found["lrs_waiting", "outbox"] == 0
    assert found["lrs_disk_free_bytes",] > 0


def test_metrics_hold_no_path_and_no_method_of_a_client_s_own(served):
    client = served.app.test_client()
    client.open("/li.na@example.edu.cn", method="GET")
    client.open("/xapi/statements?agent=li.na@example.edu.cn", method="GREET")
    text = ask(served, "/metrics").text
    assert "li.na" not in text
    assert "GREET" not in text
    assert 'method="other"' in text


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("10.0.0.9", {}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "10.0.0.9"}, 403),
        ("127.0.0.1", {"Forwarded": "for=10.0.0.9"}, 403),
        ("127.0.0.1", {"Via": "1.1 proxy"}, 403),
    ],
)
def test_without_a_token_metrics_are_for_this_machine_alone(served, address, headers, status):
    answer = ask(served, "/metrics", headers=headers, environ_overrides={"REMOTE_ADDR": address})
    assert answer.status_code == status


def test_with_a_token_only_its_holder_reads_metrics(tmp_path):
    settings = Settings(data=tmp_path, public_url="http://lrs.example", metrics_token="t0ken")
    app = create_app(settings)
    assert "t0ken" not in repr(settings)
    for sent, status in (("t0ken", 200), ("t0kem", 401), ("", 401), ("tökén", 401)):
        headers = {"Authorization": f"Bearer {sent}"} if sent else {}
        assert app.test_client().get("/metrics", headers=headers).status_code == status
    app.extensions["lrs"].close()


def test_a_request_keeps_the_id_it_came_with(served):
    answer = ask(served, "/healthz", headers={"X-Request-ID": "edge-0123456789"})
    assert answer.headers["X-Request-ID"] == "edge-0123456789"
    assert len(ask(served, "/healthz").headers["X-Request-ID"]) == 32


@pytest.mark.parametrize(
    "given", ["", "short", "a" * 129, "two\nlines-0000", 'x"},{"y":1', "编号" * 9]
)
def test_an_id_that_could_forge_a_line_is_not_taken(given):
    assert accepted(given) != given


def logged(formatter, log):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    logger = logging.getLogger("lrs")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        log()
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
    return stream.getvalue()


def test_a_request_is_one_line_with_its_id_and_route_and_nobody_s_data(served):
    headers = {"X-Request-ID": "edge-0123456789"}
    query = "/xapi/statements?agent=%7B%22mbox%22%3A%22mailto%3Ali.na%40example.edu.cn%22%7D"
    text = logged(JsonLines(), lambda: served.lms.get(query, headers=headers))
    (line,) = map(json.loads, text.splitlines())
    assert line["request_id"] == "edge-0123456789"
    assert (line["method"], line["route"]) == ("GET", "/xapi/statements")
    assert "li.na" not in text
    assert "s3cret" not in text


@pytest.mark.parametrize("formatter", [JsonLines(), ShortLines()])
def test_an_unexpected_error_is_told_without_what_was_sent(served, monkeypatch, formatter):
    def fail(*_, **__):
        raise ValueError("cannot place 'mailto:li.na@example.edu.cn' 李娜 110101199003072316")

    monkeypatch.setattr(served.store.statements, "consistent_through", fail)
    text = logged(formatter, lambda: served.lms.post("/xapi/statements", json=learner(1)))
    assert "ValueError" in text
    assert "test_observe.py" in text
    for told in ("li.na", "李娜", "110101199003072316"):
        assert told not in text


WORD = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=12)
SECRETS = st.text(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop0123456789_-", min_size=32, max_size=60
)
AROUND = st.sampled_from(["{}", "bad value {}", "see {}: refused", "({})", "x={} y", "[{}]"])


@given(WORD, WORD, AROUND)
def test_no_mailbox_stands_in_a_log(local, domain, around):
    for address in (f"{local}@{domain}.cn", f"mailto:{local}@{domain}.cn"):
        assert f"{local}@{domain}" not in without_values(around.format(address))


@given(SECRETS, AROUND)
def test_no_key_or_token_stands_in_a_log(secret, around):
    for text in (secret, f"Bearer {secret}", f"secret={secret}", repr(secret)):
        assert secret not in without_values(around.format(text))


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1), AROUND)
def test_no_chinese_name_stands_in_a_log(name, around):
    assert name not in without_values(around.format(name))


@given(st.text())
def test_a_log_line_is_one_line(text):
    assert len(without_values(text).splitlines()) <= 1


def test_nothing_of_opentelemetry_is_imported_unless_it_is_asked_for(tmp_path):
    program = (
        "import sys; from lrs.app import create_app; create_app(); "
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"LRS_DATA": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
