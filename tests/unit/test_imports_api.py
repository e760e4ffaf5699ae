import io
import json

import pytest

from lrs.imports.worker import ImportWorker
from tests.unit.spreadsheets import write_csv
from tests.unit.xapi_service import service_client

OPTIONS = {"home_page": "https://lms.example", "course_base": "https://lms.example/course/"}
HEADER = ["学号", "姓名", "课程", "课次", "日期", "出勤", "学时", "成绩"]
LI_NA = ["1", "李娜", "SAFETY", "1", "2026-03-07", "出勤", 4, 80]
BROKEN = ["2", "王强", "SAFETY", "1", "soon", "出勤", 4, 70]


class Api:
    """A client of `/api/v1`, signed in, beside the background work on imports."""

    def __init__(self, client, auth=("admin", "s3cret")):
        self.service = client.service
        self._auth = auth
        self.app = client.app
        self._client = client.app.test_client()
        self._worker = ImportWorker(self.service)

    def __call__(self, method, path, signed_in=True, **rest):
        auth = self._auth if signed_in else None
        return self._client.open(f"/api/v1/{path}", method=method, auth=auth, **rest)

    def hand_in(self, path, **form):
        data = {**OPTIONS, **form, "file": (io.BytesIO(path.read_bytes()), path.name)}
        return self("POST", "imports", data=data)

    def bring(self, path, **form):
        """Hand a file in, have it worked off, and return the import."""
        answer = self.hand_in(path, **form)
        assert answer.status_code == 202, answer.json
        while self._worker.step():
            pass
        return self("GET", f"imports/{answer.json['id']}").json

    def rows(self, import_id, **query):
        return self("GET", f"imports/{import_id}/rows", query_string=query).json["items"]

    def stored(self):
        found = self.service.store.statements.following(0, 1000)
        return [json.loads(one.body) for one in found]


@pytest.fixture
def api(tmp_path):
    with service_client(tmp_path / "data") as client:
        yield Api(client)


def test_a_file_is_worked_off_in_the_background(api, tmp_path):
    path = write_csv(tmp_path, [HEADER, LI_NA, BROKEN])
    waiting = api.hand_in(path)
    assert (waiting.json["state"], waiting.json["total"]) == ("waiting", None)
    assert waiting.json["by"] == "source:admin"
    assert api.stored() == []
    done = api.bring(path)
    assert done["state"] == "done"
    assert (done["total"], done["kind"], done["name"]) == (2, "attendance", "sheet.csv")
    assert len(api.stored()) == 2
    first, second = (one["counts"] for one in api("GET", "imports").json["items"])
    assert second == {"rows": 2, "stored": 2, "known": 0, "duplicates": 0, "refused": 1}
    assert first == {"rows": 2, "stored": 0, "known": 2, "duplicates": 0, "refused": 1}
    assert list((tmp_path / "data" / "imports").glob("*.csv")) == []


def test_what_became_of_each_row_is_told(api, tmp_path):
    done = api.bring(write_csv(tmp_path, [HEADER, LI_NA, LI_NA, BROKEN]))
    taken, again, wrong = api.rows(done["id"])
    assert (taken["state"], len(taken["statements"])) == ("stored", 2)
    assert {one["id"] for one in api.stored()} == set(taken["statements"])
    assert (again["state"], again["duplicate_of"]) == ("duplicate", 2)
    assert (wrong["state"], wrong["number"]) == ("quarantined", 4)
    assert wrong["cells"]["日期"] == "soon"
    assert wrong["faults"][0]["path"] == "日期"
    assert "must be a date" in wrong["faults"][0]["rule"]["en"]
    assert "日期" in wrong["faults"][0]["rule"]["zh-CN"]
    assert api.rows(done["id"], state="duplicate") == [again]
    following = api("GET", f"imports/{done['id']}/rows?limit=2").json["next"]
    assert following.startswith(f"/api/v1/imports/{done['id']}/rows?")


def test_a_dry_run_reports_and_stores_nothing(api, tmp_path):
    done = api.bring(write_csv(tmp_path, [HEADER, LI_NA, BROKEN]), dry_run="true")
    assert [row["state"] for row in api.rows(done["id"])] == ["stored", "refused"]
    assert done["dry_run"] is True
    assert api.stored() == []
    assert api("GET", "quarantine").json["items"] == []
    assert api.service.store.sources.with_key("import") is None


def test_a_wrong_row_is_corrected_and_released_with_its_lineage(api, tmp_path):
    done = api.bring(write_csv(tmp_path, [HEADER, LI_NA, BROKEN]))
    (row,) = api("GET", "quarantine", query_string={"import": done["id"]}).json["items"]
    place = f"quarantine/{row['import']}/{row['number']}"
    still = api("POST", f"{place}/release", json={"cells": {"日期": "tomorrow"}})
    assert still.status_code == 409
    assert still.json["errors"][0]["path"] == "日期"
    unknown = api("POST", f"{place}/release", json={"cells": {"date": "2026-03-07"}})
    assert "is no cell of this row" in unknown.json["errors"][0]["rule"]
    body = {"cells": {"日期": "2026-03-07"}, "reason": "as on the paper"}
    released = api("POST", f"{place}/release", json=body)
    assert released.status_code == 200, released.json
    assert released.json["state"] == "released"
    assert released.json["cells"]["日期"] == "soon"
    assert released.json["correction"]["cells"]["日期"] == "2026-03-07"
    assert released.json["correction"]["by"] == "source:admin"
    assert len(released.json["statements"]) == 2
    assert {one["id"] for one in api.stored()} >= set(released.json["statements"])
    assert api("POST", f"{place}/release", json=body).status_code == 404
    assert api("GET", place).json["state"] == "released"
    assert api("GET", "quarantine").json["items"] == []
    (act,) = api.service.store.audit.page(None, 1)
    assert (act.act.action, act.act.reason) == ("quarantine.release", "as on the paper")


def test_a_row_is_discarded_with_a_reason(api, tmp_path):
    done = api.bring(write_csv(tmp_path, [HEADER, BROKEN]))
    place = f"quarantine/{done['id']}/2"
    assert api("POST", f"{place}/discard", json={}).status_code == 400
    discarded = api("POST", f"{place}/discard", json={"reason": "not our learner"})
    assert discarded.json["state"] == "discarded"
    assert api("POST", f"{place}/discard", json={"reason": "again"}).status_code == 404
    (listed,) = api("GET", "quarantine?state=discarded").json["items"]
    assert (listed["name"], listed["correction"]["reason"]) == ("sheet.csv", "not our learner")
    assert api.stored() == []


def test_a_row_that_says_otherwise_than_what_is_stored_waits(api, tmp_path):
    api.bring(write_csv(tmp_path, [HEADER, LI_NA]))
    other = api.bring(write_csv(tmp_path, [HEADER, [*LI_NA[:-1], 90]]))
    (row,) = api.rows(other["id"])
    assert row["state"] == "quarantined"
    assert "says otherwise than statement" in row["faults"][0]["rule"]["en"]
    place = f"quarantine/{other['id']}/2"
    assert api("POST", f"{place}/release", json={}).status_code == 409
    released = api("POST", f"{place}/release", json={"cells": {"成绩": "80"}})
    assert released.json["state"] == "released"
    assert len(api.stored()) == 2


def test_unknown_headers_are_mapped(api, tmp_path):
    header = ["考号", "姓名", "课程", "日期", "卷面分"]
    path = write_csv(tmp_path, [header, ["7", "李娜", "SAFETY", "2026-03-07", 80]])
    data = {"file": (io.BytesIO(path.read_bytes()), path.name)}
    preview = api("POST", "imports/preview", data=data).json
    assert preview["row"] == 1
    assert {one["header"]: one["column"] for one in preview["headers"]} == {
        "考号": None,
        "姓名": "name",
        "课程": "course",
        "日期": "date",
        "卷面分": None,
    }
    assert preview["lacking"] == [["learner", "email"], ["attendance", "score"]]
    assert preview["rows"] == [["7", "李娜", "SAFETY", "2026-03-07", "80"]]
    assert {"key": "score", "titles": {"en": "score", "zh-CN": "成绩"}} in preview["columns"]
    failed = api.bring(path)
    assert failed["state"] == "failed"
    assert set(failed["reason"]) == {"en", "zh-CN"}
    columns = json.dumps({"考号": "learner", "卷面分": "score"})
    done = api.bring(path, columns=columns)
    assert done["counts"]["stored"] == 1
    (stored,) = api.stored()
    assert stored["actor"]["account"]["name"] == "7"
    for wrong in ("[]", '{"考号": "colour"}', '{"nowhere": "score"}'):
        answer = api.hand_in(path, columns=wrong)
        if answer.status_code == 202:
            assert api.bring(path, columns=wrong)["state"] == "failed"
        else:
            assert answer.json["errors"][0]["path"] == "columns"


@pytest.mark.parametrize("kind", ["attendance", "practice", "examination"])
def test_a_template_of_each_kind_can_be_filled_in(api, tmp_path, kind):
    answer = api("GET", f"imports/template?kind={kind}&language=zh-CN")
    assert answer.status_code == 200
    path = tmp_path / "template.xlsx"
    path.write_bytes(answer.data)
    done = api.bring(path, kind=kind)
    assert done["counts"]["refused"] == 1
    (row,) = api.rows(done["id"])
    assert "is the example of the template" in row["faults"][0]["rule"]["en"]
    place = f"quarantine/{done['id']}/{row['number']}"
    released = api("POST", f"{place}/release", json={"cells": {"学号": "2026000101"}})
    assert released.status_code == 200, released.json
    assert len(api.stored()) == 1


def test_a_trainer_sees_their_own_imports_only(api, tmp_path, trainer):
    done = api.bring(write_csv(tmp_path, [HEADER, LI_NA, BROKEN]))
    assert trainer("GET", f"imports/{done['id']}").status_code == 404
    assert trainer("GET", f"quarantine/{done['id']}/3").status_code == 404
    assert trainer("GET", "imports").json["items"] == []
    assert trainer("GET", "quarantine").json["items"] == []
    own = trainer.bring(write_csv(tmp_path, [HEADER, LI_NA, BROKEN]))
    assert [one["id"] for one in trainer("GET", "imports").json["items"]] == [own["id"]]
    assert len(trainer("GET", "quarantine").json["items"]) == 1
    assert len(api("GET", "imports").json["items"]) == 2


@pytest.fixture
def trainer(api, monkeypatch):
    """A second client, who is a trainer."""
    from schemas.principals import Principal

    other = Api(api)
    other._auth = ("trainer", "")
    found = api.service.asking

    def asking():
        from flask import request

        if request.authorization and request.authorization.username == "trainer":
            return Principal(id="person:t", name="T", roles=("trainer",))
        return found()

    monkeypatch.setattr(api.service, "asking", asking)
    return other


def test_a_trainer_hands_in_sheets_only(trainer, tmp_path):
    path = tmp_path / "statements.json"
    path.write_text("[{}]")
    answer = trainer.hand_in(path)
    assert answer.status_code == 403
    assert list((tmp_path / "data" / "imports" / "incoming").iterdir()) == []


def test_a_formula_is_kept_as_it_stood(api, tmp_path):
    done = api.bring(write_csv(tmp_path, [HEADER, [*LI_NA[:-1], "=SUM(A1:A9)"]]))
    (row,) = api.rows(done["id"])
    assert row["cells"]["成绩"] == "=SUM(A1:A9)"
    place = f"quarantine/{done['id']}/2/release"
    assert api("POST", place, json={}).status_code == 409
    assert api("POST", place, json={"cells": {"成绩": "80"}}).status_code == 200


def test_a_reader_may_not_import(api, tmp_path):
    _, secret = api.service.credentials.issue(
        name="R", key="reader", provenance="server", scopes=("all/read",)
    )
    reader = Api(api, ("reader", secret))
    assert reader.hand_in(write_csv(tmp_path, [HEADER, LI_NA])).status_code == 403
    assert reader("GET", "imports").status_code == 403


def test_a_source_that_is_not_of_imports_is_refused(api, tmp_path):
    answer = api.hand_in(write_csv(tmp_path, [HEADER, LI_NA]), source="admin")
    assert answer.status_code == 400
    assert "not of imports" in answer.json["detail"]
    assert list((tmp_path / "data" / "imports" / "incoming").iterdir()) == []
