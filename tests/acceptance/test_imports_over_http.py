import time

import pytest
import requests

from tests.acceptance.lrs_process import KEY, SECRET, lrs_process
from tests.unit.spreadsheets import write_csv

ROWS = 2_000
TIMEOUT = 60


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with lrs_process(tmp_path_factory.mktemp("imports")) as xapi:
        yield xapi.removesuffix("xapi/") + "api/v1/"


def test_a_file_handed_in_over_http_is_worked_off_by_the_service(address, tmp_path):
    header = ["学号", "课程", "日期", "出勤"]
    rows = [[str(number), "SAFETY", "2026-03-07", "出勤"] for number in range(ROWS)]
    path = write_csv(tmp_path, [header, *rows, ["x", "SAFETY", "soon", "出勤"]])
    form = {"home_page": "https://lms.example", "course_base": "https://lms.example/course/"}
    with requests.Session() as session, path.open("rb") as file:
        session.auth, session.trust_env = (KEY, SECRET), False
        answer = session.post(f"{address}imports", data=form, files={"file": file}, timeout=30)
        assert answer.status_code == 202, answer.text
        place = f"{address}imports/{answer.json()['id']}"
        deadline = time.monotonic() + TIMEOUT
        while (imported := session.get(place, timeout=30).json())["state"] != "done":
            assert imported["state"] in ("waiting", "running"), imported
            assert time.monotonic() < deadline, imported
            time.sleep(0.1)
        assert imported["counts"] == {
            "rows": ROWS + 1,
            "stored": ROWS,
            "known": 0,
            "duplicates": 0,
            "refused": 1,
        }
        (row,) = session.get(f"{place}/rows?state=quarantined", timeout=30).json()["items"]
        assert row["number"] == ROWS + 2
