"""The enterprise API: what an employer sees, follows, exports and sums up, and nothing else."""

import csv
import io
import json
import zipfile
from datetime import UTC, datetime

import pytest
from openpyxl import load_workbook

from lrs.app import create_app
from lrs.enterprise.export import COLUMNS, neutral
from lrs.settings import Settings
from lrs.store.achievements import DueEvaluation, Evaluation
from schemas.achievements import Achievement
from schemas.audit import Act
from tests.unit.test_access import Asker, projected
from tests.unit.test_statement_resource import signed_in

ORGANISATIONS = "/api/v1/organisations"
ENTERPRISE = "/api/v1/enterprise"


class World:
    """An application with employees of two organisations, and people who ask."""

    def __init__(self, folder):
        self.app = create_app(Settings(data=folder, public_url="http://localhost"))
        self.service = self.app.extensions["lrs"]
        self.service.credentials.ensure("admin", "s3cret", name="Administrator")
        self.admin = signed_in(self.app, "admin", "s3cret")
        self.personas = projected(self.app, {"li": "=1+1 Li Na", "wang": "Wang Qiang"})
        for name in ("own", "other"):
            body = {"kind": "enterprise", "name": name}
            assert self.admin.put(f"{ORGANISATIONS}/{name}", json=body).status_code == 200
        self.acme = Asker(self.app, "enterprise")

    def achieve(self, who, unit="U1", state="verified", month=1):
        one = Achievement(
            id=f"{who}-{unit}",
            persona=self.personas[who],
            unit=unit,
            version=1,
            state=state,
            achieved_at=datetime(2026, month, 15, tzinfo=UTC),
            score=0.5,
            evidence_hash="0" * 64,
        )
        due = DueEvaluation(one.persona, unit, 0)
        self.service.store.achievements.settle([Evaluation(due=due, achievement=one)])

    def employ(self, who, organisation="own", **rest):
        item = {"persona": self.personas[who], "since": "2020-01-01", **rest}
        answer = self.admin.post(
            f"{ORGANISATIONS}/{organisation}/employments", json={"items": [item]}
        )
        assert answer.status_code == 204, answer.json

    def consent(self, who, organisation="own", level="achievements", **rest):
        item = {"persona": self.personas[who], "level": level, "evidence": "file 7", **rest}
        answer = self.admin.post(f"{ORGANISATIONS}/{organisation}/consents", json={"items": [item]})
        assert answer.status_code == 204, answer.json

    def get(self, path, **query):
        answer = self.acme.client.get(f"{ENTERPRISE}/{path}", query_string=query)
        assert answer.status_code == 200, answer.json
        return answer


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    yield world
    world.service.close()


@pytest.fixture
def employed(world):
    for who in ("li", "wang"):
        world.achieve(who)
        world.employ(who, employee=who, department="line 1")
        world.consent(who)
    return world


def test_an_enterprise_sees_its_own_consenting_employees_and_nothing_else(world):
    for who, organisation in (("li", "own"), ("wang", "other")):
        world.achieve(who)
        world.employ(who, organisation)
        world.consent(who, organisation)
    (one,) = world.get("achievements").json["items"]
    assert (one["persona"], one["name"]) == (world.personas["li"], "=1+1 Li Na")
    refused = world.acme.client.get(f"{ENTERPRISE}/achievements?organisation=other")
    assert refused.status_code == 403
    for path in ("personas", "records", "achievements", "claims", "people", "sources"):
        assert world.acme.client.get(f"/api/v1/{path}").status_code == 403
    as_other = world.admin.get(f"{ENTERPRISE}/achievements?organisation=other")
    assert [one["name"] for one in as_other.json["items"]] == ["Wang Qiang"]
    assert world.admin.get(f"{ENTERPRISE}/achievements").status_code == 400


def test_the_sync_tells_of_what_came_and_what_went(employed):
    first = employed.get("achievements/changes").json
    assert {one["id"] for one in first["items"]} == {"li-U1", "wang-U1"}
    assert not first["more"]
    assert employed.get("achievements/changes", cursor=first["cursor"]).json["items"] == []
    answer = employed.admin.post(
        f"{ORGANISATIONS}/own/consents/{employed.personas['li']}/withdraw", json={}
    )
    assert answer.status_code == 204
    employed.achieve("wang", "U2")
    after = employed.get("achievements/changes", cursor=first["cursor"]).json
    gone, came = after["items"]
    assert (gone["id"], gone["deleted"], gone["achievement"]) == ("li-U1", True, None)
    assert set(gone) == {"id", "deleted", "changed", "achievement"}
    assert (came["id"], came["deleted"]) == ("wang-U2", False)
    assert came["achievement"]["department"] == "line 1"


def test_a_learner_gives_and_withdraws_consent_alone(world):
    world.achieve("li")
    world.employ("li")
    learner = Asker(world.app, "learner", persona=world.personas["li"])
    headers = learner.headers
    body = {"level": "achievements", "until": "2999-01-01"}
    given = learner.client.put("/api/v1/me/consents/own", json=body, headers=headers)
    assert given.status_code == 200
    assert given.json["by"].startswith("person:")
    assert len(world.get("achievements").json["items"]) == 1
    assert learner.client.delete("/api/v1/me/consents/own", headers=headers).status_code == 204
    assert world.get("achievements").json["items"] == []
    assert learner.client.delete("/api/v1/me/consents/own", headers=headers).status_code == 404
    (kept,) = learner.client.get("/api/v1/me/consents").json["items"]
    assert kept["withdrawn"] is not None
    missing = learner.client.put("/api/v1/me/consents/nobody", json=body, headers=headers)
    assert missing.status_code == 404


def test_records_are_seen_where_the_consent_goes_so_far(employed):
    persona = employed.personas["li"]
    query = {"persona": persona}
    assert employed.acme.client.get(f"{ENTERPRISE}/records", query_string=query).status_code == 404
    employed.consent("li", level="records")
    assert [one["persona"] for one in employed.get("records", **query).json["items"]] == [persona]
    employed.employ("li", until="2021-01-01")
    assert employed.acme.client.get(f"{ENTERPRISE}/records", query_string=query).status_code == 404


def test_pages_and_filters(employed):
    employed.achieve("li", "U2", month=3)
    ids, url = [], f"{ENTERPRISE}/achievements?limit=1"
    while url:
        page = employed.acme.client.get(url).json
        ids += [one["id"] for one in page["items"]]
        url = page.get("next")
    assert sorted(ids) == ["li-U1", "li-U2", "wang-U1"]
    assert len(employed.get("achievements", unit="U2").json["items"]) == 1
    assert len(employed.get("achievements", since="2026-02-01").json["items"]) == 1
    assert employed.get("achievements", department="line 2").json["items"] == []
    lines = employed.get("summary").json["items"]
    assert [(one["unit"], one["month"], one["count"]) for one in lines] == [
        ("U1", "2026-01", 2),
        ("U2", "2026-03", 1),
    ]


@pytest.mark.parametrize("path", ["achievements", "achievements/changes", "summary"])
def test_what_did_not_change_is_not_sent_again(employed, path):
    tag = employed.get(path).headers["ETag"]
    again = employed.acme.client.get(f"{ENTERPRISE}/{path}", headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    employed.achieve("li", "U2")
    fresh = employed.acme.client.get(f"{ENTERPRISE}/{path}", headers={"If-None-Match": tag})
    assert fresh.status_code == 200


def test_exports_hold_the_same_in_every_format(employed):
    rows = [json.loads(one) for one in employed.get("export").text.splitlines()]
    assert {row["id"] for row in rows} == {"li-U1", "wang-U1"}
    sheet = employed.get("export", format="csv")
    assert sheet.headers["Content-Disposition"] == 'attachment; filename="achievements.csv"'
    table = list(csv.DictReader(io.StringIO(sheet.data.decode("utf-8-sig"))))
    assert {row["name"] for row in table} == {"'=1+1 Li Na", "Wang Qiang"}
    book = employed.get("export", format="xlsx").data
    assert zipfile.is_zipfile(io.BytesIO(book))
    values = list(load_workbook(io.BytesIO(book), read_only=True).active.values)
    assert values[0] == COLUMNS
    assert {row[2] for row in values[1:]} == {"'=1+1 Li Na", "Wang Qiang"}
    assert employed.get("export", unit="none").data == b""
    assert len(employed.get("export", format="csv", unit="none").text.splitlines()) == 1
    assert employed.get("export", format="clr").status_code == 200


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "＝1"])
def test_no_text_is_taken_for_a_formula(text):
    assert neutral(text) == f"'{text}"
    assert neutral("a=1") == "a=1"


def test_reading_is_an_audit_event_that_says_what_for(employed):
    employed.get("achievements", unit="U1")
    employed.get("export")
    export, read = (one.act for one in employed.service.store.audit.page(None, 2))
    assert (read.action, read.detail) == ("enterprise.read", {"unit": "U1"})
    assert (export.action, export.subject) == ("enterprise.export", "own")
    assert read.principal.startswith("person:")


def test_whoever_is_not_known_is_named_and_nobody_is_employed(world):
    items = [
        {"persona": world.personas["li"], "since": "2020-01-01"},
        {"persona": "mbox:mailto:nobody@x.example", "since": "2020-01-01"},
    ]
    answer = world.admin.post(f"{ORGANISATIONS}/own/employments", json={"items": items})
    assert answer.status_code == 400
    assert [one["path"] for one in answer.json["errors"]] == ["items.1.persona"]
    assert world.admin.get(f"{ORGANISATIONS}/own/employments").json["items"] == []
    items[1]["persona"] = "mbox:mailto:wang@x.example"
    assert (
        world.admin.post(f"{ORGANISATIONS}/own/employments", json={"items": items}).status_code
        == 204
    )
    listed = world.admin.get(f"{ORGANISATIONS}/own/employments").json["items"]
    assert {one["persona"] for one in listed} == set(world.personas.values())


def test_an_id_that_could_not_stand_in_an_address_is_refused(world):
    body = {"kind": "bank", "name": "B"}
    assert world.admin.put(f"{ORGANISATIONS}/a b", json=body).status_code == 400
    assert world.admin.get(f"{ORGANISATIONS}/nobody").status_code == 404
    for path in ("employments", "consents"):
        assert world.admin.get(f"{ORGANISATIONS}/nobody/{path}").status_code == 404


def test_looks_at_an_employees_data_are_seen_as_long_as_the_employee_may_be(world):
    persona = world.personas["li"]
    world.employ("li")
    looked = Act(principal="person:a", action="claim.dossier", subject="c1", persona=persona)
    world.service.store.audit.note(looked)
    events = "/api/v1/audit-events"
    asked = {"persona": persona}
    assert world.acme.client.get(events, query_string=asked).status_code == 403, "no consent"
    world.consent("li")
    seen = world.acme.client.get(events, query_string=asked).json["items"]
    assert "claim.dossier" in [one["action"] for one in seen]
    assert world.acme.client.get(events).status_code == 400
    other = {"persona": world.personas["wang"]}
    assert world.acme.client.get(events, query_string=other).status_code == 403
