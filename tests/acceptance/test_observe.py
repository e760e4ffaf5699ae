"""What a running service of several processes shows an operator."""

import base64
import json
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

from tests.acceptance.lrs_process import KEY, SECRET, lrs_process

ASKED = 40


def get(url, **headers):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
        return answer.read().decode()


def test_counters_are_of_all_processes_and_each_request_is_in_the_log(tmp_path):
    basic = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
    with lrs_process(tmp_path, "--workers=2") as xapi:
        service = xapi.removesuffix("/xapi/")
        for number in range(ASKED):
            get(
                f"{xapi}statements?verb=http://example.cn/{number}",
                **{
                    "Authorization": f"Basic {basic}",
                    "X-Experience-API-Version": "2.0.0",
                    "X-Request-ID": f"acceptance-{number}",
                },
            )
        assert json.loads(get(f"{service}/readyz"))["failing"] == []
        answered = [
            sample.value
            for family in text_string_to_metric_families(get(f"{service}/metrics"))
            for sample in family.samples
            if sample.name == "lrs_http_requests_total"
            and sample.labels["route"] == "/xapi/statements"
        ]
    assert answered == [ASKED]
    lines = [
        json.loads(line)
        for line in (tmp_path / "log").read_text().splitlines()
        if line.startswith("{")
    ]
    seen = {line.get("request_id") for line in lines}
    assert seen >= {f"acceptance-{number}" for number in range(ASKED)}
    assert len({line["process"] for line in lines}) > 1
    assert SECRET not in (tmp_path / "log").read_text()
