"""The example files name only what there is."""

import json
import re
from pathlib import Path

import pytest
import yaml

from lrs.observe.metrics import FAILURES, REQUESTS, SECONDS, STEPS, exposition
from tests.unit.unit_service import UnitService

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
NAME = re.compile(r"\blrs_[a-z_]+")


@pytest.fixture(scope="module")
def metrics(tmp_path_factory):
    served = UnitService(tmp_path_factory.mktemp("metrics"))
    served.store.copies.noted(1)
    STEPS.labels("test").inc(0)
    FAILURES.labels("test").inc(0)
    REQUESTS.labels("GET", "/", "200").inc(0)
    SECONDS.labels("/").observe(0)
    names = set(NAME.findall(exposition(served.store).decode()))
    served.service.close()
    return names


def expressions():
    rules = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())
    for rule in rules["groups"][0]["rules"]:
        yield rule["alert"], rule["expr"]
    for panel in json.loads((DEPLOY / "grafana/dashboard.json").read_text())["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def test_alerts_and_dashboard_ask_for_metrics_that_there_are(metrics):
    asked = {(of, name) for of, expression in expressions() for name in NAME.findall(expression)}
    assert {(of, name) for of, name in asked if name not in metrics} == set()
    assert len({name for _, name in asked}) > 10


def test_what_to_do_at_each_alert_is_in_the_handbook():
    handbook = (ROOT / "docs/operations.md").read_text("utf-8")
    alerts = [of for of, _ in expressions() if of.startswith("Lrs")]
    assert [alert for alert in alerts if f"`{alert}`" not in handbook] == []
